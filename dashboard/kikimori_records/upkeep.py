"""Work that a store needs while a dashboard serves it: waiting audit entries written, what is too old removed."""

from __future__ import annotations

import asyncio
import math
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import delete, exists, or_

from kikimori_records.audit.log import drain
from kikimori_records.audit.retention import remove_old
from kikimori_records.calls.tables import recorded_calls
from kikimori_records.errors import StoreError
from kikimori_records.keeping.removal_clock import LOOK_AGAIN_S, RemovalClock
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
    from collections.abc import Callable

    from kikimori_core.wire.messages import Problem
    from kikimori_records.store import Store

log = structlog.get_logger()

DRAIN_EVERY_S = 2.0
REMOVE_EVERY_S = 6 * 3600.0


class StoreUpkeep:
    """Work that a store needs while a dashboard serves it. `run` it as long as there are pages."""

    def __init__(
        self,
        store: Store,
        changed: Callable[[], None] = lambda: None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        running: Callable[[], float] = time.monotonic,
    ) -> None:
        """`changed` is called when `problems` returns others; `now` returns the wall clock, `running` the running time in s."""
        self._store = store
        self._changed = changed
        self._now = now
        self._running = running
        self._clock = RemovalClock(store, "store", "store_clock_leapt", running)
        self._remove_at = -math.inf

    async def run(self) -> None:
        """Do the work until cancelled; a database that is away is tried again."""
        while True:
            await self.round()
            await asyncio.sleep(DRAIN_EVERY_S)

    async def round(self) -> None:
        """Do once what is due."""
        if not self._store.waiting.empty:
            await drain(self._store)
        if (running := self._running()) >= self._remove_at:
            try:
                self._remove_at = running + await self._remove()
            except StoreError as error:
                log.info("store_not_tidied", reason=error.message)

    def problems(self) -> tuple[Problem, ...]:
        """Return why nothing is removed."""
        return (self._clock.problem,) if self._clock.problem else ()

    async def _remove(self) -> float:
        """Remove what is too old, and return the time in s until the next look."""
        before, now = self.problems(), self._now()
        is_allowed = await self._clock.allows(now)
        if self.problems() != before:
            self._changed()
        if not is_allowed:
            return LOOK_AGAIN_S
        await remove_too_old(self._store, now)
        return REMOVE_EVERY_S


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
