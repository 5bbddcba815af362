"""Removal of entries that are older than the office keeps them. The chain then begins behind the last one removed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from kikimori_records.audit.entry import ActorKind, AuditEntry
from kikimori_records.audit.log import append_within
from kikimori_records.schema import audit, notes_of_store
from kikimori_records.store_notes import write_note

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from kikimori_records.store import Store

KEPT_FROM = "audit_kept_from"
"""Key of the number of the first entry that is kept; the tables' triggers read it."""
BEFORE = "audit_before"
"""Key of number and hash of the last entry that was removed."""


def kept_after(connection: Connection) -> tuple[int, str] | None:
    """Return number and hash behind which the chain begins; None where nothing was removed."""
    query = select(notes_of_store.c.value).where(notes_of_store.c.key == BEFORE)
    found = connection.execute(query).scalar_one_or_none()
    if found is None:
        return None
    number, digest = json.loads(found)
    return int(number), str(digest)


async def remove_old(store: Store, now: datetime | None = None) -> int:
    """Remove entries older than `[store] audit_days`, note it in the audit, and return their number."""
    limit = (now or datetime.now(UTC)) - timedelta(days=store.settings.audit_days)
    async with store.begin(within_s=60) as connection:
        # The chain is in the order of numbers; what came late from the disk may be older than its neighbours.
        young = select(func.min(audit.c.number)).where(audit.c.at >= limit)
        first = (await connection.execute(young)).scalar_one()
        query = select(audit.c.number, audit.c.hash).order_by(audit.c.number.desc()).limit(1)
        if first is not None:
            query = query.where(audit.c.number < first)
        last = (await connection.execute(query)).one_or_none()
        if last is None:
            return 0
        await write_note(connection, KEPT_FROM, str(last.number + 1))
        await write_note(connection, BEFORE, json.dumps([last.number, last.hash]))
        done = await connection.execute(delete(audit).where(audit.c.number <= last.number))
        details = {"count": done.rowcount, "last": last.number, "older_than_days": store.settings.audit_days}
        await append_within(
            connection, [AuditEntry("audit.trim", ActorKind.SYSTEM, "kikimori", details=details)]
        )
    return done.rowcount
