"""Orders to erase a call, or every call of a caller that began before the order."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, exists, func, insert, select

from kikimori_records.audit.log import append_within
from kikimori_records.callers.erasing import erase_within
from kikimori_records.calls.tables import recorded_calls as calls
from kikimori_records.calls.tables import recorded_lines
from kikimori_records.columns import time_text
from kikimori_records.errors import StoreError
from kikimori_records.keeping.holds import holding
from kikimori_records.keeping.removal import overwrite_deleted
from kikimori_records.keeping.subject import KeepingSubject
from kikimori_records.keeping.tables import erasures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.keeping.holds import LegalHold
    from kikimori_records.keeping.ledger import Ledger, Line
    from kikimori_records.people.changes import Author
    from kikimori_records.store import Store


COVERED = (
    erasures.c.uid == calls.c.uid,
    and_(erasures.c.caller_key == calls.c.caller_key, calls.c.started_at <= erasures.c.at),
)
"""Conditions that an order covers a call: by name, or by caller."""
AT_ONCE = 500
"""Names in one question: databases limit the number of parameters."""


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
        if subject.caller_key is not None:
            await overwrite_deleted(connection)
            await erase_within(connection, subject.caller_key, made.at)
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
    left = [
        ~exists(select(calls.c.uid).where(each, calls.c.erased_at.is_(None)).correlate(erasures))
        for each in COVERED
    ]
    async with store.read() as connection:
        return await _orders(connection, erasures.c.done_at.is_(None), *left)


async def due(store: Store, now: datetime, most: int) -> list[tuple[str, str]]:
    """Return uids of calls that an order covers and that are still there, each with the order's id.

    Among them are calls that arrived after the order. A hold that was placed after the order keeps its calls; one
    from before was released, or put back by a restore, as an order is refused while a hold is there. The calls are
    looked up by the orders' names, so that a database with many calls has little to do.
    """
    async with store.read() as connection:
        orders = await _orders(connection)
        found: list[tuple[str, str]] = []
        for covering, call_id in await _covered(connection, orders):
            holds = await holding(connection, KeepingSubject(uid=call_id), now)
            if not any(each.at > covering.at for each in holds):
                found.append((call_id, covering.id))
                if len(found) == most:
                    break
    return found


async def _covered(
    connection: AsyncConnection, orders: Sequence[ErasureOrder]
) -> list[tuple[ErasureOrder, str]]:
    """Return the calls that are there, each with the first order that covers it."""
    by_name: dict[str, ErasureOrder] = {}
    by_caller: dict[str, ErasureOrder] = {}
    for each in orders:
        if each.uid is not None:
            by_name.setdefault(each.uid, each)
        elif each.caller_key is not None:
            by_caller[each.caller_key] = each  # the last one covers what the earlier ones cover
    found: dict[str, ErasureOrder] = {}
    for column, known in ((calls.c.caller_key, by_caller), (calls.c.uid, by_name)):
        names = list(known)
        for at in range(0, len(names), AT_ONCE):
            query = select(calls.c.uid, calls.c.started_at, column.label("name"))
            there = (column.in_(names[at : at + AT_ONCE]), calls.c.erased_at.is_(None))
            for row in await connection.execute(query.where(*there).order_by(calls.c.uid)):
                covering = known[row.name]
                if covering.uid is not None or row.started_at <= covering.at:
                    found.setdefault(row.uid, covering)
    return [(covering, uid) for uid, covering in sorted(found.items())]


async def waiting(store: Store) -> bool:
    """Return whether an order is not noted as done. Cheap, unlike `due`."""
    async with store.read() as connection:
        query = select(erasures.c.id).where(erasures.c.done_at.is_(None)).limit(1)
        return (await connection.execute(query)).scalar() is not None


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
