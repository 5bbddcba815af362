"""Claims of alerts: one person at a time takes an alert on. Between two who press at once the database decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from kikimori_records.schema import claims, people

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.store import Store


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody takes an alert on."""

    alert_id: str
    person_id: str
    name: str
    """Name of the person."""
    claimed_at: datetime


async def claim(store: Store, alert_id: str, person_id: str, at: datetime) -> Claim:
    """Claim an alert, unless somebody has it; return the claim that stands, whosever it is."""
    row: dict[str, Any] = {"alert_id": alert_id, "person_id": person_id, "claimed_at": at}
    free = {"released_at": None, "release_reason": None}
    async with store.begin() as connection:
        # A second one waits here until the first is committed, and then changes nothing.
        await connection.execute(_insert(connection).values(**row, **free).on_conflict_do_nothing())
        await connection.execute(
            update(claims)
            .where(claims.c.alert_id == alert_id, claims.c.released_at.is_not(None))
            .values(person_id=person_id, claimed_at=at, **free)
        )
        found = await _standing(connection, [alert_id])
    return found[0]


async def release(store: Store, alert_id: str, person_id: str, reason: str, at: datetime) -> bool:
    """Release a claim of this person's: `by_hand`, `page_gone` or `alert_over`; False when it is not theirs (any more)."""
    async with store.begin() as connection:
        done = await connection.execute(
            update(claims)
            .where(
                claims.c.alert_id == alert_id,
                claims.c.person_id == person_id,
                claims.c.released_at.is_(None),
            )
            .values(released_at=at, release_reason=reason)
        )
    return bool(done.rowcount)


async def open_claims(store: Store) -> list[Claim]:
    """Return all claims that stand."""
    async with store.read() as connection:
        return await _standing(connection, None)


async def _standing(connection: AsyncConnection, alerts: Collection[str] | None) -> list[Claim]:
    query = (
        select(claims.c.alert_id, claims.c.person_id, people.c.name, claims.c.claimed_at)
        .join(people, people.c.id == claims.c.person_id)
        .where(claims.c.released_at.is_(None))
    )
    if alerts is not None:
        query = query.where(claims.c.alert_id.in_(alerts))
    return [Claim(*row) for row in await connection.execute(query.order_by(claims.c.claimed_at))]


def _insert(connection: AsyncConnection) -> sqlite.Insert | postgresql.Insert:
    """Return the engine's own insert: only these can pass over a row that is there already."""
    return sqlite.insert(claims) if connection.dialect.name == "sqlite" else postgresql.insert(claims)
