"""Appending to the audit: into the database, and to the disk while it is away.

Entries on the disk go into the database in their order, each once, before anything newer.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import insert, select, text
from sqlalchemy.exc import SQLAlchemyError

from kikimori_records.audit.entry import START, ActorKind, AuditEntry, columns, link, plain
from kikimori_records.errors import StoreError
from kikimori_records.schema import audit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.store import Store

log = structlog.get_logger()

LOCK_NUMBER = 0x6B696B6A
"""Number of PostgreSQL's advisory lock: one program continues the chain at a time."""
WITHIN_S = 3.0
AT_ONCE = 500
"""Entries from the disk in one transaction, and ids in one question: databases limit the number of parameters."""


async def append(store: Store, *entries: AuditEntry) -> None:
    """Append entries; they are in the database or on the disk then. Never raises for a database that is away or refuses.

    It may take seconds while the database is going away: a press is not to wait for it.
    """
    given = [plain(each) for each in entries]
    async with store.auditing:
        if not store.waiting.empty:
            await _put(store, given)
            await _drain(store)
            return
        try:
            async with store.begin(within_s=WITHIN_S) as connection:
                await append_within(connection, given)
        except StoreError:
            await _put(store, given)
        except SQLAlchemyError as error:
            actions = sorted({each.action for each in given})
            log.error("audit_entry_refused", action=", ".join(actions), error=type(error).__name__)
            await _put(store, given)


async def _put(store: Store, entries: Iterable[AuditEntry]) -> None:
    for each in entries:
        await store.waiting.put(each)


async def drain(store: Store) -> bool:
    """Write what waits on the disk into the database; True when nothing is left there."""
    async with store.auditing:
        return await _drain(store)


async def _drain(store: Store) -> bool:
    try:
        # Refused at once while the database is away: the file is not read in vain.
        async with store.read(within_s=WITHIN_S):
            pass
        while some := await store.waiting.first(AT_ONCE):
            async with store.begin() as connection:
                await append_within(connection, some)
            await store.waiting.drop(len(some))
        if (lost := store.waiting.left_out) is not None:
            async with store.begin() as connection:
                await append_within(connection, [left_out(*lost)])
            await store.waiting.forget_left_out()
    except StoreError:
        return False
    except SQLAlchemyError as error:
        # A fault of ours. What waits stays where it is, in order; doctor tells of it.
        log.error("audit_not_written", error=type(error).__name__)
        return False
    return True


def left_out(count: int, since: str, entry_id: str) -> AuditEntry:
    """Return the entry about entries that were not kept."""
    return AuditEntry(
        "audit.left_out",
        ActorKind.SYSTEM,
        "kikimori",
        outcome="failed",
        details={"count": count, "since": since},
        at=datetime.now(UTC),
        entry_id=entry_id,
    )


async def append_within(connection: AsyncConnection, entries: Iterable[AuditEntry]) -> None:
    """Append entries within a transaction, so that a change and its entry are kept together; those it has are left out.

    On PostgreSQL other appends wait until the transaction ends: let it be the last thing in it.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": LOCK_NUMBER})
    last = select(audit.c.number, audit.c.hash).order_by(audit.c.number.desc()).limit(1)
    found = (await connection.execute(last)).one_or_none()
    number, previous = (found.number, found.hash) if found else await _before_first(connection)
    rows = []
    for entry in await _not_there(connection, map(plain, entries)):
        number += 1
        digest = link(number, entry, previous)
        rows.append({**columns(entry), "number": number, "previous_hash": previous, "hash": digest})
        previous = digest
    if rows:
        await connection.execute(insert(audit), rows)


async def _not_there(connection: AsyncConnection, entries: Iterable[AuditEntry]) -> list[AuditEntry]:
    """Return the entries that are not in the table, in their order, each once."""
    new: dict[str, AuditEntry] = {}
    for each in entries:
        new.setdefault(each.entry_id, each)
    ids = list(new)
    for at in range(0, len(ids), AT_ONCE):
        known = select(audit.c.entry_id).where(audit.c.entry_id.in_(ids[at : at + AT_ONCE]))
        for entry_id in (await connection.execute(known)).scalars():
            del new[entry_id]
    return list(new.values())


async def _before_first(connection: AsyncConnection) -> tuple[int, str]:
    """Return number and hash behind which a table without entries continues."""
    from kikimori_records.audit.retention import kept_after  # noqa: PLC0415

    return await connection.run_sync(kept_after) or (0, START)
