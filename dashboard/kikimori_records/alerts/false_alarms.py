"""False alarms, as people marked them. They are stored and shown, and change nothing of the judging."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from kikimori_records.schema import false_alarms, people

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.store import Store


@dataclass(frozen=True, slots=True)
class FalseAlarm:
    """An alert that somebody marked as a false one."""

    id: str
    alert_id: str
    call_id: str
    rule: str
    reason: str
    """Id of the reason, see `config/false-alarms.toml`."""
    person_id: str
    name: str
    """Name of the person."""
    at: datetime


async def mark(
    store: Store, *, alert_id: str, call_id: str, rule: str, reason: str, person_id: str, at: datetime
) -> FalseAlarm:
    """Mark an alert as false; one that is marked already stays as it is, and is returned."""
    async with store.begin() as connection:
        if known := await _standing(connection, [alert_id]):
            return known[0]
        row = {
            "id": uuid.uuid4().hex,
            "alert_id": alert_id,
            "call_id": call_id,
            "rule": rule,
            "reason": reason,
            "person_id": person_id,
            "at": at,
        }
        await connection.execute(insert(false_alarms).values(**row))
        return (await _standing(connection, [alert_id]))[0]


async def undo(store: Store, alert_id: str, at: datetime) -> FalseAlarm | None:
    """Take back the mark of an alert, made by any person, and return it; None when there is none. The row is kept."""
    async with store.begin() as connection:
        known = await _standing(connection, [alert_id])
        if not known:
            return None
        ids = [each.id for each in known]
        await connection.execute(update(false_alarms).where(false_alarms.c.id.in_(ids)).values(undone_at=at))
        return known[0]


async def marks_of_call(store: Store, call_id: str) -> dict[str, FalseAlarm]:
    """Return the marks on the alerts of a call, by alert."""
    async with store.read() as connection:
        return {each.alert_id: each for each in reversed(await _standing(connection, call_id=call_id))}


async def marks_since(store: Store, since: datetime) -> dict[str, FalseAlarm]:
    """Return the marks that were made since a time, by alert."""
    async with store.read() as connection:
        return {each.alert_id: each for each in reversed(await _standing(connection, None, since))}


async def _standing(
    connection: AsyncConnection,
    alerts: Collection[str] | None = None,
    since: datetime | None = None,
    *,
    call_id: str | None = None,
) -> list[FalseAlarm]:
    query = (
        select(
            false_alarms.c.id,
            false_alarms.c.alert_id,
            false_alarms.c.call_id,
            false_alarms.c.rule,
            false_alarms.c.reason,
            false_alarms.c.person_id,
            people.c.name,
            false_alarms.c.at,
        )
        .join(people, people.c.id == false_alarms.c.person_id)
        .where(false_alarms.c.undone_at.is_(None))
        .order_by(false_alarms.c.at, false_alarms.c.id)
    )
    if alerts is not None:
        query = query.where(false_alarms.c.alert_id.in_(alerts))
    if since is not None:
        query = query.where(false_alarms.c.at >= since)
    if call_id is not None:
        query = query.where(false_alarms.c.call_id == call_id)
    return [FalseAlarm(*row) for row in await connection.execute(query)]
