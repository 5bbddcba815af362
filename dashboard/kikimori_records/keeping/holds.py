"""Legal holds: calls that neither retention nor an erasure may touch, because a dispute needs them."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, exists, insert, or_, select, update

from kikimori_records.audit.log import append_within
from kikimori_records.calls.tables import recorded_calls as calls
from kikimori_records.columns import time_text
from kikimori_records.errors import StoreError
from kikimori_records.keeping.subject import KeepingSubject
from kikimori_records.keeping.tables import legal_holds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.keeping.ledger import Ledger, Line
    from kikimori_records.people.changes import Author
    from kikimori_records.store import Store


@dataclass(frozen=True, slots=True)
class LegalHold:
    """One hold, by call or by caller."""

    id: str
    uid: str | None
    caller_key: str | None
    caller_number: str | None
    reason: str
    held_by: str
    at: datetime
    until: datetime | None
    """None = until it is released."""
    released_at: datetime | None = None
    released_by: str | None = None
    release_reason: str | None = None

    def holds_at(self, now: datetime) -> bool:
        """Return whether it holds at a time."""
        return self.released_at is None and (self.until is None or self.until > now)


async def hold(
    store: Store,
    ledger: Ledger,
    subject: KeepingSubject,
    reason: str,
    by: Author,
    until: datetime | None = None,
) -> LegalHold:
    """Hold a call, or every call of a caller, those that come too.

    Raises:
        StoreError: nothing was held.
        OSError: it is held, and the list beside the sound could not be written yet; the records service does it later.
    """
    made = LegalHold(
        uuid.uuid4().hex,
        subject.uid,
        subject.caller_key,
        subject.number,
        reason,
        by.name,
        datetime.now(UTC),
        until,
    )
    entry = by.entry(
        "records.hold",
        subject.kind,
        subject.name,
        hold=made.id,
        why=reason,
        until=until and time_text(until),
    )
    async with store.begin() as connection:
        await connection.execute(insert(legal_holds).values(**_row(made)))
        await append_within(connection, [entry])
    await asyncio.to_thread(ledger.append, [hold_line(made)])
    return made


async def release(store: Store, ledger: Ledger, hold_id: str, reason: str, by: Author) -> LegalHold:
    """Release a hold; what it held is removed when its time has come. Raises StoreError, OSError as `hold`."""
    now = datetime.now(UTC)
    async with store.begin() as connection:
        found = await _holds(connection, legal_holds.c.id.startswith(hold_id, autoescape=True))
        if len(found) != 1:
            raise StoreError.of("records_no_hold", id=repr(hold_id))
        before = found[0]
        if before.released_at is not None:
            raise StoreError.of("records_released_before", id=before.id, by=before.released_by)
        values = {"released_at": now, "released_by": by.name, "release_reason": reason}
        await connection.execute(update(legal_holds).where(legal_holds.c.id == before.id).values(**values))
        subject = KeepingSubject(before.uid, before.caller_key)
        entry = by.entry("records.release", subject.kind, subject.name, hold=before.id, why=reason)
        await append_within(connection, [entry])
        after = (await _holds(connection, legal_holds.c.id == before.id))[0]
    await asyncio.to_thread(ledger.append, [release_line(after)])
    return after


async def all_holds(store: Store) -> Sequence[LegalHold]:
    """Return every hold, released ones too, newest first."""
    async with store.read() as connection:
        return await _holds(connection)


async def holding(connection: AsyncConnection, subject: KeepingSubject, now: datetime) -> Sequence[LegalHold]:
    """Return the holds that keep a subject, or some of its calls, from being erased."""
    of_calls = select(calls.c.uid).where(subject.calls())
    of_callers = select(calls.c.caller_key).where(subject.calls())
    about: list[ColumnElement[bool]] = [
        legal_holds.c.uid.in_(of_calls),
        legal_holds.c.caller_key.in_(of_callers),
    ]
    if subject.caller_key is not None:
        about.append(legal_holds.c.caller_key == subject.caller_key)
    return await _holds(connection, or_(*about), active(now))


def is_held(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a row of `recorded_calls` is held at a time."""
    about = or_(legal_holds.c.uid == calls.c.uid, legal_holds.c.caller_key == calls.c.caller_key)
    return exists(select(legal_holds.c.id).where(about, active(now)).correlate(calls))


def hold_line(held: LegalHold) -> Line:
    """Return a hold for the list beside the sound: without the number."""
    said = {
        name: value for name, value in _row(held).items() if not name.startswith(("caller_number", "rel"))
    }
    return {"kind": "hold", **_plain(said)}


def release_line(held: LegalHold) -> Line:
    """Return the release of a hold for the list beside the sound."""
    names = ("id", "released_at", "released_by", "release_reason")
    return {"kind": "release", **_plain({name: getattr(held, name) for name in names})}


def hold_of(row: Any) -> LegalHold:
    """Return the hold in a row."""
    return LegalHold(**{name: row[name] for name in LegalHold.__slots__})


def _row(held: LegalHold) -> dict[str, Any]:
    return {name: getattr(held, name) for name in LegalHold.__slots__}


def _plain(said: dict[str, Any]) -> Line:
    return {name: time_text(value) if isinstance(value, datetime) else value for name, value in said.items()}


def active(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a row of `legal_holds` holds at a time."""
    open_end = or_(legal_holds.c.until.is_(None), legal_holds.c.until > now)
    return legal_holds.c.released_at.is_(None) & open_end


async def _holds(connection: AsyncConnection, *where: ColumnElement[bool]) -> list[LegalHold]:
    query = select(legal_holds).where(*where).order_by(legal_holds.c.at.desc(), legal_holds.c.id)
    return [hold_of(each) for each in (await connection.execute(query)).mappings()]
