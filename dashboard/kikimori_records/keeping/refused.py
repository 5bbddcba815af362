"""Calls that were not to be recorded and are not erased, as they are under a legal hold: in the audit, and as a list."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import exists, select

from kikimori_records.audit.log import append_within
from kikimori_records.calls.tables import recorded_calls as calls
from kikimori_records.keeping.holds import holding
from kikimori_records.keeping.subject import KeepingSubject
from kikimori_records.keeping.tables import erasures
from kikimori_records.schema import audit

if TYPE_CHECKING:
    from kikimori_records.people.changes import Author
    from kikimori_records.store import Store

ACTION, REFUSED = "records.erase", "refused"
MOST = 20


@dataclass(frozen=True, slots=True)
class RefusedErasure:
    """A call that stays as it is held, though somebody asked that it be not recorded."""

    uid: str
    started_at: datetime
    hold: str | None
    """Id of the hold; None = it is over."""


async def note_refused(store: Store, uid: str, reason: str, by: Author) -> None:
    """Note once in the audit that a held call was to be erased. Raises StoreError."""
    subject = KeepingSubject(uid=uid)
    noted = select(audit.c.number).where(
        audit.c.action == ACTION, audit.c.outcome == REFUSED, audit.c.object_id == uid
    )
    async with store.begin() as connection:
        if (await connection.execute(noted.limit(1))).first() is not None:
            return
        holds = await holding(connection, subject, datetime.now(UTC))
        hold = holds[0].id if holds else ""
        entry = by.entry(ACTION, subject.kind, subject.name, hold=hold, why=reason)
        await append_within(connection, [replace(entry, outcome=REFUSED)])


async def refused_erasures(store: Store) -> list[RefusedErasure]:
    """Return such calls that are neither erased nor ordered to be, oldest first, `MOST` at most. Raises StoreError."""
    now = datetime.now(UTC)
    refused = exists(select(audit.c.number).where(
        audit.c.action == ACTION, audit.c.outcome == REFUSED, audit.c.object_id == calls.c.uid
    ).correlate(calls))  # fmt: skip
    ordered = exists(select(erasures.c.id).where(erasures.c.uid == calls.c.uid).correlate(calls))
    query = (
        select(calls.c.uid, calls.c.started_at)
        .where(refused, ~ordered, calls.c.erased_at.is_(None))
        .order_by(calls.c.started_at)
        .limit(MOST)
    )
    async with store.read() as connection:
        rows = (await connection.execute(query)).all()
        found = []
        for uid, started_at in rows:
            holds = await holding(connection, KeepingSubject(uid=uid), now)
            found.append(RefusedErasure(uid, started_at, holds[0].id if holds else None))
        return found
