"""Work that a store needs while a dashboard serves it: waiting audit entries written, what is too old removed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import delete, exists, or_

from kikimori_records.audit.log import drain
from kikimori_records.audit.retention import remove_old
from kikimori_records.calls.tables import recorded_calls
from kikimori_records.errors import StoreError
from kikimori_records.schema import (
    call_notes,
    devices,
    endings,
    one_time_links,
    reviews,
    sessions,
    stop_requests,
)

if TYPE_CHECKING:
    from kikimori_records.store import Store

log = structlog.get_logger()

DRAIN_EVERY_S = 2.0
REMOVE_EVERY = timedelta(hours=6)


async def keep_store(store: Store) -> None:
    """Do the work until cancelled; a database that is away is tried again."""
    remove_at = datetime.now(UTC)
    while True:
        if not store.waiting.empty:
            await drain(store)
        if (now := datetime.now(UTC)) >= remove_at:
            try:
                await remove_too_old(store, now)
                remove_at = now + REMOVE_EVERY
            except StoreError as error:
                log.info("store_not_tidied", reason=error.message)
        await asyncio.sleep(DRAIN_EVERY_S)


async def remove_too_old(store: Store, now: datetime) -> None:
    """Remove sessions, notes, review marks, endings and audit entries beyond their days, devices and links beyond their end; raises StoreError."""
    limit = now - timedelta(days=store.settings.session_days)
    notes_limit = now - timedelta(days=store.settings.note_days)
    async with store.begin(within_s=60) as connection:
        over = or_(sessions.c.ended_at < limit, sessions.c.expires_at < limit)
        await connection.execute(delete(sessions).where(over))
        await connection.execute(delete(devices).where(devices.c.expires_at < now))
        await connection.execute(delete(one_time_links).where(one_time_links.c.expires_at < limit))
        for each in (call_notes, reviews, endings, stop_requests):
            # Those of a recorded call are removed with it.
            recorded = exists().where(
                recorded_calls.c.call_id == each.c.call_id, recorded_calls.c.erased_at.is_(None)
            )
            await connection.execute(delete(each).where(each.c.at < notes_limit, ~recorded))
    if removed := await remove_old(store, now):
        log.info("audit_trimmed", count=removed)
