"""Keeper of records: carries out erasures within seconds and retention every hour, for as long as the service runs."""

from __future__ import annotations

import asyncio
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
from kikimori_records.keeping.retention import remove_aged, remove_aged_customers
from kikimori_records.keeping.traces import forget_deleted
from kikimori_records.migrating import remove_copies

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_records.keeping.days import KeptDays
    from kikimori_records.keeping.erasing import OpenJournals
    from kikimori_records.keeping.room import SoundRoom
    from kikimori_records.store import Store

log = structlog.get_logger()

EVERY_S = 2.0
LOOK_EVERY = timedelta(seconds=20)
MEASURE_EVERY = RETRY_EVERY = timedelta(minutes=1)
RETENTION_EVERY = timedelta(hours=1)
COPY_DAYS = 30
"""Days after which the copy of SQLite's file from before a migration is removed, where words and numbers are kept for longer."""
SWEEP_EVERY = timedelta(days=1)
"""Interval between sweeps: each writes SQLite's whole index anew."""


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
    ) -> None:
        """Keep the records in `folder` for `days`; see `erase_due` for `journals`.

        `days` None = the office names no days: calls are kept without end, which is a problem, and customers for
        `customer_days`.
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
        never = datetime.min.replace(tzinfo=UTC)
        self._look_at = self._tidy_at = self._measure_at = self._retain_at = self._sweep_at = never
        self._faults: dict[str, str] = {}
        """Reason for which a part failed when it was last due, by the part's name; empty = it did not."""
        self._reconciled = self._tidied = False
        self._has_traces = False
        """True = since the last sweep something was removed for its age."""

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
                if await part(datetime.now(UTC)):
                    self._faults[part.__name__] = ""
            except (OSError, StoreError) as error:
                failures.append(error)
                self._faults[part.__name__] = "" if isinstance(error, StoreAwayError) else str(error)
        if failures:
            raise failures[0]

    def problems(self) -> tuple[Problem, ...]:
        """Return what cannot be removed although it has to go, and whether calls are kept without end."""
        fault = next(filter(None, self._faults.values()), None)
        found = () if fault is None else (Problem.of("records_not_removed", reason=fault),)
        endless = (Problem.of("records_endless", calls=self._endless),) if self._endless else ()
        return (*found, *endless)

    async def _erase(self, now: datetime) -> bool:
        if self._pseudonyms is None:
            pseudonyms = await asyncio.to_thread(Pseudonyms.load, self._folder)
            await note_key(self._store, pseudonyms)
            self._pseudonyms = pseudonyms
        if not self._reconciled:
            await reconcile(self._store, Ledger(self._folder))
            self._reconciled = True
        # Calls that arrive after their order may wait a little; a new order does not.
        if now >= self._look_at or await waiting(self._store):
            await erase_due(self._store, self._folder, self._pseudonyms, self._journals)
            self._look_at = now + LOOK_EVERY
        return True

    async def _tidy(self, now: datetime) -> bool:
        if self._tidied or now < self._tidy_at:
            return False
        self._tidy_at = now + RETRY_EVERY
        await remove_leftovers(self._store, self._folder)
        self._tidied = True
        return True

    async def _measure(self, now: datetime) -> bool:
        if self._room is None or now < self._measure_at:
            return False
        await self._room.measure(now)
        self._measure_at = now + MEASURE_EVERY
        return True

    async def _retain(self, now: datetime) -> bool:
        if now < self._retain_at:
            return False
        self._retain_at = now + RETRY_EVERY
        if self._days is None:
            await remove_aged_customers(self._store, self._customer_days, now)
            self._endless = await kept_calls(self._store)
        else:
            self._has_traces |= bool(await remove_aged(self._store, self._folder, self._days, now))
        self._retain_at = now + RETENTION_EVERY
        return True

    async def _sweep(self, now: datetime) -> bool:
        if (days := self._days) is None or now < self._sweep_at:
            return False
        self._sweep_at = now + RETRY_EVERY
        settings = self._store.settings
        if self._has_traces:
            await asyncio.to_thread(forget_deleted, settings)
            self._has_traces = False
        if settings.is_sqlite:
            kept = timedelta(days=min(COPY_DAYS, days.words, days.number, days.call))
            if count := await asyncio.to_thread(remove_copies, settings.file(), now - kept):
                log.info("store_copies_removed", count=count)
        await remove_unlisted(self._store, self._folder, days.limit(DataKind.SOUND, now), now)
        self._sweep_at = now + SWEEP_EVERY
        return True
