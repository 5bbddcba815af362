"""Conditions that can be chosen, as far as calls of the history have them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select

from kikimori_records.calls.tables import recorded_alerts, recorded_calls
from kikimori_records.schema import people

if TYPE_CHECKING:
    from sqlalchemy import Column
    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.store import Store

MOST_VALUES = 100
MOST_OPERATORS = 500


@dataclass(frozen=True, slots=True)
class HistoryChoices:
    """Values of conditions, each in the order of its text."""

    operators: list[str]
    """Names of people."""
    kinds: list[str]
    """Kinds of alerts."""
    outcomes: list[str]


async def choices_of(store: Store, teams: frozenset[str] | None) -> HistoryChoices:
    """Return what can be chosen; `teams`: whose people are named, with those of no team; None = all. Raises StoreError."""
    query = select(people.c.name).distinct().order_by(people.c.name).limit(MOST_OPERATORS)
    if teams is not None:
        query = query.where(or_(people.c.team.in_(teams), people.c.team.is_(None)))
    async with store.read() as connection:
        names = list((await connection.execute(query)).scalars())
        kinds = await _values(connection, recorded_alerts.c.kind)
        return HistoryChoices(names, kinds, await _values(connection, recorded_calls.c.outcome))


async def _values(connection: AsyncConnection, column: Column[str]) -> list[str]:
    """Return the values of a column under an index, one step of the index each: rows are many, values few."""
    found: list[str] = []
    last = ""
    while len(found) < MOST_VALUES:
        query = select(func.min(column)).where(column > last)
        value: str | None = (await connection.execute(query)).scalar_one()
        if value is None:
            break
        found.append(value)
        last = value
    return found
