"""Keeper of records: carries out erasures within seconds and retention every hour, for as long as the service runs."""

from __future__ import annotations

import asyncio
import math
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from kikimori_core.cancellation import run_cancellable
from kikimori_core.wire.messages import Problem
from kikimori_records.callers.key import note_key
from kikimori_records.calls.totals import kept_calls
from kikimori_records.errors import StoreAwayError, StoreError
from kikimori_records.keeping.days import CUSTOMER_DAYS, DataKind
from kikimori_records.keeping.erasing import erase_due
from kikimori_records.keeping.ledger import Ledger
from kikimori_records.keeping.leftovers import remove_leftovers, remove_unlisted
from kikimori_records.keeping.orders import waiting
from kikimori_records.keeping.pseudonyms import Pseudonyms
from kikimori_records.keeping.reconciling import reconcile
from kikimori_records.keeping.removal_clock import LOOK_AGAIN_S, RemovalClock
from kikimori_records.keeping.retention import remove_aged, remove_aged_customers
from kikimori_records.keeping.traces import forget_traces
from kikimori_records.migrating import remove_copies

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kikimori_records.keeping.days import KeptDays
    from kikimori_records.keeping.erasing import OpenJournals
    from kikimori_records.keeping.room import SoundRoom
    from kikimori_records.store import Store

log = structlog.get_logger()

EVERY_S = 2.0
LOOK_EVERY_S = 20.0
MEASURE_EVERY_S = RETRY_EVERY_S = 60.0
RETENTION_EVERY_S = 3600.0
COPY_DAYS = 30
"""Days after which the copy of SQLite's file from before a migration is removed, where words and numbers are kept for longer."""
SWEEP_EVERY_S = 86_400.0
"""Interval in s between sweeps: each may write SQLite's whole index anew."""


def utc_now() -> datetime:
    """Return the time by the machine's clock."""
    return datetime.now(UTC)


class RecordKeeper:
    """Removes from one folder of records what has to go. `run` it in the one program that receives the journals."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        days: KeptDays | None,
        journals: OpenJournals | None = None,
        room: SoundRoom | None = None,
        customer_days: int = CUSTOMER_DAYS,
        *,
        now: Callable[[], datetime] = utc_now,
        running: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep the records in `folder` for `days`; see `erase_due` for `journals`.

        `days` None = the office names no days: calls are kept without end, which is a problem, and customers for
        `customer_days`. `now` returns the wall clock, which may leap; `running` the running time in s, by which the parts
        are due.
        """
        self._store = store
        self._folder = folder
        self._days = days
        self._customer_days = customer_days
        self._endless = 0
        """Calls that are kept without end."""
        self._journals = journals
        self._room = room
        self._pseudonyms: Pseudonyms | None = None
        self._now = now
        self._running = running
        self._clock = RemovalClock(store, "records", "records_clock_leapt", running)
        self._look_at = self._tidy_at = self._measure_at = self._retain_at = self._sweep_at = -math.inf
        self._faults: dict[str, str] = {}
        """Reason for which a part failed when it was last due, by the part's name; empty = it did not."""
        self._reconciled = self._tidied = False

    async def run(self) -> None:
        """Work until cancelled; what fails is tried again."""
        while True:
            try:
                await run_cancellable(self.round)
            except (OSError, StoreError) as error:
                log.warning("records_not_kept", error=type(error).__name__)
            await asyncio.sleep(EVERY_S)

    async def round(self) -> None:
        """Do once what is due; one part that fails does not keep the others.

        A part returns whether it was due: one that was not keeps the fault of its last time.

        Raises:
            OSError, StoreError: the first of the failures.
        """
        failures: list[OSError | StoreError] = []
        for part in (self._erase, self._tidy, self._measure, self._retain, self._sweep):
            try:
                if await part(self._running()):
                    self._faults[part.__name__] = ""
            except (OSError, StoreError) as error:
                failures.append(error)
                self._faults[part.__name__] = "" if isinstance(error, StoreAwayError) else str(error)
        if failures:
            raise failures[0]

    def problems(self) -> tuple[Problem, ...]:
        """Return what cannot be removed although it has to go, and why something is kept for longer than its days."""
        fault = next(filter(None, self._faults.values()), None)
        found = () if fault is None else (Problem.of("records_not_removed", reason=fault),)
        endless = (Problem.of("records_endless", calls=self._endless),) if self._endless else ()
        leapt = (self._clock.problem,) if self._clock.problem else ()
        return (*found, *leapt, *endless)

    async def _erase(self, running: float) -> bool:
        if self._pseudonyms is None:
            pseudonyms = await asyncio.to_thread(Pseudonyms.load, self._folder)
            await note_key(self._store, pseudonyms)
            self._pseudonyms = pseudonyms
        if not self._reconciled:
            await reconcile(self._store, Ledger(self._folder))
            self._reconciled = True
        # Calls that arrive after their order may wait a little; a new order does not.
        if running >= self._look_at or await waiting(self._store):
            at = await self._clock.believed(self._now())
            await erase_due(self._store, self._folder, self._pseudonyms, self._journals, at)
            self._look_at = running + LOOK_EVERY_S
        return True

    async def _tidy(self, running: float) -> bool:
        if self._tidied or running < self._tidy_at:
            return False
        self._tidy_at = running + RETRY_EVERY_S
        await remove_leftovers(self._store, self._folder)
        self._tidied = True
        return True

    async def _measure(self, running: float) -> bool:
        if self._room is None or running < self._measure_at:
            return False
        await self._room.measure(self._now())
        self._measure_at = running + MEASURE_EVERY_S
        return True

    async def _retain(self, running: float) -> bool:
        if running < self._retain_at:
            return False
        self._retain_at = running + RETRY_EVERY_S
        now = self._now()
        is_allowed = await self._clock.allows(now)
        if self._days is None:
            if is_allowed:
                await remove_aged_customers(self._store, self._customer_days, now)
            self._endless = await kept_calls(self._store)
        elif is_allowed:
            await remove_aged(self._store, self._folder, self._days, now)
        self._retain_at = running + (RETENTION_EVERY_S if is_allowed else LOOK_AGAIN_S)
        return True

    async def _sweep(self, running: float) -> bool:
        if running < self._sweep_at:
            return False
        self._sweep_at = running + RETRY_EVERY_S
        await forget_traces(self._store)
        now = self._now()
        if (days := self._days) is not None:
            if not await self._clock.allows(now):
                return True
            await self._remove_unneeded(days, now)
        self._sweep_at = running + SWEEP_EVERY_S
        return True

    async def _remove_unneeded(self, days: KeptDays, now: datetime) -> None:
        """Remove old copies of the database, and files that no row names."""
        settings = self._store.settings
        if settings.is_sqlite:
            kept = timedelta(days=min(COPY_DAYS, days.words, days.number, days.call))
            if count := await asyncio.to_thread(remove_copies, settings.file(), now - kept):
                log.info("store_copies_removed", count=count)
        await remove_unlisted(self._store, self._folder, days.limit(DataKind.SOUND, now), now)
