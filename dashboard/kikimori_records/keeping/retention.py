"""Retention: data of each kind is removed from calls after its days, unless a legal hold keeps it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, exists, or_, select, update

from kikimori_records.audit.entry import ActorKind, AuditEntry
from kikimori_records.audit.log import append
from kikimori_records.callers.changes import remove_within
from kikimori_records.callers.erasing import unneeded
from kikimori_records.calls.tables import recorded_calls as calls
from kikimori_records.folder import APART
from kikimori_records.keeping.call_files import remove_old_files
from kikimori_records.keeping.days import DataKind
from kikimori_records.keeping.holds import is_held
from kikimori_records.keeping.removal import RemovalCause, overwrite_deleted, remove
from kikimori_records.keeping.tables import legal_holds, removals
from kikimori_records.keeping.traces import empty_log

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from kikimori_records.keeping.days import KeptDays
    from kikimori_records.store import Store

AT_ONCE = 50
"""Calls in one transaction."""
OF_AGE = "age"
PROGRAM = "kikimori"


async def remove_aged(store: Store, folder: Path, days: KeptDays, now: datetime) -> dict[DataKind, int]:
    """Remove what is older than its days, and return the number of calls by kind. Cut off, it may be repeated.

    Raises:
        OSError: a file cannot be removed.
        StoreError: the database is away.
    """
    done: dict[DataKind, int] = {}
    size = 0
    cause = RemovalCause(PROGRAM, OF_AGE, now)
    # Whole calls first: of those nothing else has to be removed.
    for kind in (DataKind.CALL, DataKind.SOUND, DataKind.WORDS, DataKind.NUMBER):
        while uids := await aged(store, kind, days, now):
            size += await remove(store, folder, kind, uids, cause)
            done[kind] = done.get(kind, 0) + len(uids)
    # By sound's days: records with faults are kept for whoever looks for the fault, and name no caller to be held.
    await asyncio.to_thread(remove_old_files, folder / APART, days.limit(DataKind.SOUND, now))
    customers = await _remove_customers(store, days.customer, now)
    numbers = await _forget_held_numbers(store, days.limit(DataKind.NUMBER, now))
    if done or customers or numbers:
        await asyncio.to_thread(empty_log, store.settings)
    if done or customers:
        details: dict[str, Any] = {f"{kind}_calls": count for kind, count in done.items()}
        if customers:
            details["customers"] = customers
        await _note(store, {**details, "sound_bytes": size})
    return done


async def remove_aged_customers(store: Store, days: int, now: datetime) -> int:
    """Remove the customers that nobody has needed for so many days, and nothing of calls; return the number.

    Raises:
        StoreError: the database is away.
    """
    if customers := await _remove_customers(store, days, now):
        await asyncio.to_thread(empty_log, store.settings)
        await _note(store, {"customers": customers})
    return customers


async def _note(store: Store, details: dict[str, Any]) -> None:
    await append(store, AuditEntry("records.retention", ActorKind.SYSTEM, PROGRAM, details=details))


async def _remove_customers(store: Store, days: int, now: datetime) -> int:
    """Remove the customers that nobody has needed for their days, and return the number."""
    async with store.begin(within_s=60) as connection:
        await overwrite_deleted(connection)
        ids = await unneeded(connection, now - timedelta(days=days), now)
        await remove_within(connection, ids)
    return len(ids)


async def _forget_held_numbers(store: Store, limit: datetime) -> int:
    """Remove the numbers from holds that were over before a time, and return how many; the pseudonyms stay."""
    is_over = or_(legal_holds.c.released_at < limit, legal_holds.c.until < limit)
    query = update(legal_holds).where(legal_holds.c.caller_number.is_not(None), is_over)
    async with store.begin(within_s=60) as connection:
        await overwrite_deleted(connection)
        return (await connection.execute(query.values(caller_number=None))).rowcount


async def aged(store: Store, kind: DataKind, days: KeptDays, now: datetime, most: int = AT_ONCE) -> list[str]:
    """Return uids of calls with data of a kind that is older than its days, oldest first."""
    query = (
        select(calls.c.uid)
        .where(
            calls.c.ended_at < days.limit(kind, now), calls.c.erased_at.is_(None), _has(kind), ~is_held(now)
        )
        .order_by(calls.c.ended_at, calls.c.uid)
        .limit(most)
    )
    async with store.read(within_s=60) as connection:
        return list((await connection.execute(query)).scalars())


def _has(kind: DataKind) -> ColumnElement[bool]:
    if kind is DataKind.SOUND:
        return calls.c.sound == "kept"
    gone = select(removals.c.uid).where(removals.c.uid == calls.c.uid, removals.c.kind == kind.value)
    return ~exists(gone.correlate(calls))
