"""Room for the sound of calls: `[recording] max_gb` and the disk. What does not fit is not written; nothing goes before its time."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import func, select

from kikimori_core.wire.messages import Problem
from kikimori_records.calls.tables import recorded_calls as calls

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_records.store import Store

log = structlog.get_logger()

LEAST_FREE = 1_000_000_000
"""Bytes of the disk that are left for database, journals and what else is on it."""
MEASURED_OVER = timedelta(days=7)
LEAST_MEASURED = timedelta(days=1)
"""Time for which calls must have been recorded before a forecast is told."""
GB = 1e9


@dataclass(frozen=True, slots=True)
class RoomMeasure:
    """Sound on the disk, as it is now and as it grows."""

    used_bytes: int
    bytes_a_day: float
    """Of the last 7 days; 0 = calls have not been recorded for a day yet."""
    free_bytes: int


class SoundRoom:
    """Room that an office gives to sound, measured now and then; `is_full` = another call does not fit."""

    def __init__(self, store: Store, folder: Path, most_bytes: int, days: int) -> None:
        """`most_bytes`: `max_gb`; `days`: of sound."""
        self._store = store
        self._folder = folder
        self._most_bytes = most_bytes
        self._days = days
        self._found: RoomMeasure | None = None

    @property
    def is_full(self) -> bool:
        """Return whether sound must be left out."""
        found = self._found
        return found is not None and (found.used_bytes >= self._most_bytes or found.free_bytes < LEAST_FREE)

    async def measure(self, now: datetime) -> None:
        """Measure anew.

        Raises:
            OSError: the folder cannot be read.
            StoreError: the database is away.
        """
        since = now - MEASURED_OVER
        async with self._store.read(within_s=60) as connection:
            used = (await connection.execute(select(func.sum(calls.c.sound_bytes)))).scalar() or 0
            recent = select(func.sum(calls.c.sound_bytes), func.min(calls.c.ended_at))
            grown, first = (await connection.execute(recent.where(calls.c.ended_at >= since))).one()
        free = (await asyncio.to_thread(shutil.disk_usage, self._folder)).free
        over = now - first if first is not None else timedelta()
        a_day = float(grown or 0) / (over / timedelta(days=1)) if over >= LEAST_MEASURED else 0.0
        was_full, self._found = self.is_full, RoomMeasure(int(used), a_day, free)
        if self.is_full != was_full:
            log.warning("records_full" if self.is_full else "records_not_full_any_more")

    def problems(self) -> tuple[Problem, ...]:
        """Return what keeps sound from being kept for its days."""
        found = self._found
        if found is None:
            return ()
        said = {
            "used_gb": f"{found.used_bytes / GB:.1f}",
            "max_gb": f"{self._most_bytes / GB:g}",
            "days": str(self._days),
        }
        if self.is_full:
            return (Problem.of("records_full", **said, free_gb=f"{found.free_bytes / GB:.1f}"),)
        room = min(self._most_bytes, found.used_bytes + max(found.free_bytes - LEAST_FREE, 0))
        if found.bytes_a_day * self._days <= room:
            return ()
        lasts = f"{room / found.bytes_a_day:.0f}"
        return (Problem.of("records_full_before_days", **said, lasts=lasts),)
