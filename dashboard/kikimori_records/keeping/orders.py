"""Orders to erase a call, or every call of a caller that began before the order."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, exists, func, insert, or_, select

from kikimori_records.audit.log import append_within
from kikimori_records.calls.tables import recorded_calls as calls
from kikimori_records.calls.tables import recorded_lines
from kikimori_records.columns import time_text
from kikimori_records.errors import StoreError
from kikimori_records.keeping.holds import holding, is_held
from kikimori_records.keeping.tables import erasures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.keeping.holds import LegalHold
    from kikimori_records.keeping.ledger import Ledger, Line
    from kikimori_records.keeping.subject import KeepingSubject
    from kikimori_records.people.changes import Author
    from kikimori_records.store import Store


COVERED = or_(
    erasures.c.uid == calls.c.uid,
    and_(erasures.c.caller_key == calls.c.caller_key, calls.c.started_at <= erasures.c.at),
)
"""Condition that an order covers a call."""


class HeldError(StoreError):
    """The call, or one of the caller's, is under a legal hold."""


@dataclass(frozen=True, slots=True)
class ErasureOrder:
    """One order; it also counts for calls whose journal arrives later."""

    id: str
    uid: str | None
    caller_key: str | None
    reason: str
    ordered_by: str
    at: datetime
    done_at: datetime | None
    """None = not all that was there has been erased."""
    calls: int
    """Calls erased so far."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Content that an order would erase."""

    calls: Sequence[str]
    """Uids, oldest first."""
    sound_bytes: int
    lines: int
    holds: Sequence[LegalHold]
    """Holds that stand in the way."""


async def foresee(store: Store, subject: KeepingSubject) -> Foreseen:
    """Return what an order would erase, and change nothing."""
    async with store.read() as connection:
        there = (subject.calls(), calls.c.erased_at.is_(None))
        query = (
            select(calls.c.uid, calls.c.sound_bytes).where(*there).order_by(calls.c.started_at, calls.c.uid)
        )
        found = (await connection.execute(query)).all()
        count = select(func.count()).select_from(recorded_lines.join(calls)).where(*there)
        lines = (await connection.execute(count)).scalar_one()
        holds = await holding(connection, subject, datetime.now(UTC))
    return Foreseen([each.uid for each in found], sum(each.sound_bytes for each in found), lines, holds)


async def order(
    store: Store,
    ledger: Ledger,
    subject: KeepingSubject,
    reason: str,
    by: Author,
    *,
    at: datetime | None = None,
) -> ErasureOrder:
    """Order an erasure; `kikimori_records.keeping.keeper` carries it out, and repeats it until it is done.

    Of a caller it covers the calls that began until `at`, None = until now.

    Raises:
        HeldError: nothing was ordered.
        StoreError: likewise.
        OSError: it is ordered, and the list beside the sound could not be written yet; the records service does it later.
    """
    made = ErasureOrder(
        uuid.uuid4().hex, subject.uid, subject.caller_key, reason, by.name, at or datetime.now(UTC), None, 0
    )
    entry = by.entry("records.erase", subject.kind, subject.name, erasure=made.id, why=reason)
    async with store.begin() as connection:
        if holds := await holding(connection, subject, made.at):
            raise HeldError.of("records_held", hold=holds[0].id, by=holds[0].held_by, reason=holds[0].reason)
        await connection.execute(insert(erasures).values(**_row(made)))
        await append_within(connection, [entry])
    await asyncio.to_thread(ledger.append, [order_line(made)])
    return made


async def order_by_id(store: Store, order_id: str) -> ErasureOrder | None:
    """Return an order; None where there is none."""
    async with store.read() as connection:
        found = await _orders(connection, erasures.c.id == order_id)
    return found[0] if found else None


async def carried_out(store: Store) -> list[ErasureOrder]:
    """Return the orders that are not noted as done and of which no call is left, oldest first."""
    left = select(calls.c.uid).where(COVERED, calls.c.erased_at.is_(None)).correlate(erasures)
    async with store.read() as connection:
        return await _orders(connection, erasures.c.done_at.is_(None), ~exists(left))


async def due(store: Store, now: datetime, most: int) -> list[tuple[str, str]]:
    """Return uids of calls that an order covers and that are still there, each with the order's id.

    Among them are calls that arrived after the order. A hold that was placed after the order keeps its calls.
    """
    query = (
        select(calls.c.uid, func.min(erasures.c.id))
        .join(erasures, COVERED)
        .where(calls.c.erased_at.is_(None), ~is_held(now, erasures.c.at))
        .group_by(calls.c.uid)
        .order_by(calls.c.uid)
        .limit(most)
    )
    async with store.read() as connection:
        return [(uid, order_id) for uid, order_id in await connection.execute(query)]


def order_line(made: ErasureOrder) -> Line:
    """Return an order for the list beside the sound."""
    names = ("id", "uid", "caller_key", "reason", "ordered_by")
    return {"kind": "erasure", **{name: getattr(made, name) for name in names}, "at": time_text(made.at)}


def order_of(row: Any) -> ErasureOrder:
    """Return the order in a row."""
    return ErasureOrder(**{name: row[name] for name in ErasureOrder.__slots__})


def _row(made: ErasureOrder) -> dict[str, Any]:
    return {name: getattr(made, name) for name in ErasureOrder.__slots__}


async def _orders(connection: AsyncConnection, *where: Any) -> list[ErasureOrder]:
    query = select(erasures).where(*where).order_by(erasures.c.at, erasures.c.id)
    return [order_of(each) for each in (await connection.execute(query)).mappings()]
