"""Worker that puts ended calls into the history: files first, then the rows in one transaction, then the journal may go.

After a kill at any step the rows are not there yet, and the work is done again; or they are, and the rest is.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import structlog

from kikimori_core.cancellation import run_cancellable
from kikimori_records.calls.attribution import attribute
from kikimori_records.calls.rows import insert_call
from kikimori_records.errors import StoreError
from kikimori_records.journals.book_keeping import (
    free_uid,
    recorded_uid,
    write_faults,
    write_position,
)
from kikimori_records.journals.call_files import write_call_files
from kikimori_records.journals.call_rows import rows_of
from kikimori_records.journals.earlier_parts import StoppedCallParts
from kikimori_records.journals.fault_news import FaultNews
from kikimori_records.journals.faults import FaultCode, JournalFault
from kikimori_records.journals.gathered import gather
from kikimori_records.search.spoken import spoken_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kikimori_records.calls.rows import CallRows
    from kikimori_records.journals.incoming import IncomingJournals, RunKey
    from kikimori_records.journals.journal_run import CallPlaces, JournalRun
    from kikimori_records.keeping.room import SoundRoom
    from kikimori_records.store import Store

log = structlog.get_logger()

RETRY_S = 2.0
"""Interval in s between attempts after an error, and between looks at what is left to do."""
POSITIONS_S = 10.0
"""Interval in s between notes of the positions in the database."""
NICENESS = 10
"""Priority of the threads that write sound, below that of everything that hears."""
MOST_TRIES = 3
"""Attempts at a call whose journal cannot be read; then it is left until the next start, with a fault."""


class Finishing:
    """Puts calls into the history as they end."""

    def __init__(
        self,
        incoming: IncomingJournals,
        store: Store,
        folder: Path,
        *,
        shape: Callable[[CallRows], None] | None = None,
        room: SoundRoom | None = None,
    ) -> None:
        """Prepare for `run`.

        Args:
            incoming: Received journals.
            store: The open database.
            folder: That of the records.
            shape: Changes the rows of a call before anything of it is written; called in a thread.
            room: Says whether there is room for sound; None = always.
        """
        self.problem: str | None = None
        """Reason for which calls wait, in English for the log; None while nothing hinders."""
        self.faults = FaultNews()
        self._incoming = incoming
        self._store = store
        self._folder = folder
        self._shape = shape
        self._room = room
        self._earlier = StoppedCallParts(incoming, store, folder, self._is_unreadable)
        self._threads = os.cpu_count() or 1
        self._tries: dict[tuple[RunKey, int], int] = {}
        self._positions: dict[RunKey, int] = {}
        self._positions_at = 0.0

    @property
    def waiting(self) -> int:
        """Return how many calls have ended and are not in the history yet."""
        return len(self._incoming.ended_calls())

    async def run(self) -> None:
        """Do the work until cancelled; what fails is tried again."""
        pool = ThreadPoolExecutor(self._threads, "finishing", _lower_priority)
        try:
            while True:
                self._incoming.changed.clear()
                try:
                    await run_cancellable(lambda: self.finish_ended(pool))
                except (StoreError, OSError) as error:
                    self._wait_for(error)
                    await asyncio.sleep(RETRY_S)
                    continue
                self.problem = None
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._incoming.changed.wait(), RETRY_S)
        finally:
            # A thread may still write: nobody else may begin in the folder before.
            await asyncio.to_thread(pool.shutdown, cancel_futures=True)

    async def finish_ended(self, pool: ThreadPoolExecutor | None = None) -> None:
        """Erase what must not be kept, finish every call that has ended, remove journals that are not needed, keep books.

        Raises:
            StoreError: the database is away or refuses.
            OSError: the disk.
        """
        await self._incoming.give_up_lost()
        for key in self._incoming.runs():
            await self._incoming.within(key, _erase_stopped)
        held_back = await self._earlier.order()
        # Calls of one name one after the other: the second gets another uid.
        ended: dict[str, list[tuple[RunKey, int]]] = {}
        for key, call in self._incoming.ended_calls():
            found = self._incoming.runs()[key].calls.calls[call]
            # What came since the erasures above is for the next time.
            is_to_erase = found.erase_until > found.erased_until
            if (key, call) not in held_back and not is_to_erase and not self._is_unreadable(key, call):
                ended.setdefault(f"{found.call_id}.{key.run}", []).append((key, call))
        places = asyncio.Semaphore(self._threads)

        async def finish(of_one_name: list[tuple[RunKey, int]]) -> None:
            for key, call in of_one_name:
                async with places:
                    await self._finish(key, call, pool)

        done = await asyncio.gather(*(finish(each) for each in ended.values()), return_exceptions=True)
        errors = [each for each in done if isinstance(each, BaseException)]
        await self._keep_books()
        if errors:
            raise errors[0]

    def _is_unreadable(self, key: RunKey, call: int) -> bool:
        return self._tries.get((key, call), 0) >= MOST_TRIES

    async def _finish(self, key: RunKey, call: int, pool: ThreadPoolExecutor | None) -> None:
        found = self._incoming.runs()[key].calls.calls.get(call)
        if found is None:
            return
        try:
            if not await self._record(key, call, found.call_id, pool):
                return
        except (StoreError, OSError):
            raise
        except Exception as error:  # noqa: BLE001 - the boundary of one call: the others go on
            await self._note_unreadable(key, call, error)
            return
        await self._incoming.within(key, lambda journal: journal.finish(call))

    async def _record(self, key: RunKey, call: int, call_id: str, pool: ThreadPoolExecutor | None) -> bool:
        """Write files and rows of a call where the history has it not; False = its records moved, it is to be done again."""
        async with self._store.read() as connection:
            if await recorded_uid(connection, key, call, call_id) is not None:
                return True
            uid = await free_uid(connection, key, call, call_id)
        places, generation = await self._incoming.within(
            key, lambda journal: (journal.places(call), journal.generation)
        )
        is_lost = self._incoming.runs()[key].calls.calls[call].lost
        loop = asyncio.get_running_loop()
        rows = await loop.run_in_executor(pool, partial(self._make, places, uid, is_lost=is_lost))
        if self._incoming.runs()[key].generation != generation:
            return False
        async with self._store.begin() as connection:
            await attribute(connection, rows)
            await insert_call(connection, rows)
        log.info("call_recorded", call_id=call_id, sound=rows.call["sound"])
        return True

    def _make(self, places: list[CallPlaces], uid: str, *, is_lost: bool) -> CallRows:
        """Write a call's files and return its rows. Raises JournalError, LookupError, OSError."""
        call = gather(places)
        call.lost = is_lost
        call.no_room = self._room is not None and self._room.is_full
        rows = rows_of(call, uid)
        if self._shape is not None:
            self._shape(rows)
        rows.spoken = spoken_in(rows.lines)
        files = write_call_files(call, rows, self._folder)
        rows.call |= {
            "sound_path": files.path,
            "sound_bytes": files.sound_bytes,
            "sound_seconds": files.sound_seconds,
            "sound_lost_s": files.sound_lost_s,
            "manifest_hash": files.manifest_hash,
            "salt": secrets.token_hex(32),
            "recorded_at": datetime.now(UTC),
        }
        return rows

    async def _note_unreadable(self, key: RunKey, call: int, error: Exception) -> None:
        tries = self._tries[key, call] = self._tries.get((key, call), 0) + 1
        log.error("call_not_recorded", call=call, run=key.run, error=type(error).__name__, tries=tries)
        number = self._incoming.runs()[key].calls.calls[call].begun_at
        fault = JournalFault(number, FaultCode.DAMAGED, call, details={"reason": type(error).__name__})
        await self._incoming.within(key, lambda journal: journal.faults.add([fault]))

    async def _keep_books(self) -> None:
        """Note faults and positions, remove the segments that are not needed; in this order, or a fault is forgotten."""
        now = asyncio.get_running_loop().time()
        for key, journal in self._incoming.runs().items():
            faults = journal.faults.take()
            if faults or (journal.position != self._positions.get(key) and now >= self._positions_at):
                await self._write_books(key, journal, faults)
                if faults:
                    self.faults.note(key.agent_id, faults)
                self._positions[key] = journal.position
            await self._incoming.within(key, _retire)
        if now >= self._positions_at:
            self._positions_at = now + POSITIONS_S

    async def _write_books(self, key: RunKey, journal: JournalRun, faults: list[JournalFault]) -> None:
        now = datetime.now(UTC)
        try:
            async with self._store.begin() as connection:
                await write_faults(connection, key, faults, now)
                await write_position(connection, key, journal, now)
        except BaseException:
            journal.faults.put_back(faults)
            raise

    def _wait_for(self, error: StoreError | OSError) -> None:
        reason = error.message if isinstance(error, StoreError) else error.strerror or type(error).__name__
        if reason != self.problem:
            log.warning("calls_wait", reason=reason)
        self.problem = reason


def _erase_stopped(journal: JournalRun) -> None:
    journal.erase_stopped()


def _retire(journal: JournalRun) -> None:
    if not journal.faults.waiting:
        journal.retire()
        journal.compact(datetime.now(UTC))


def _lower_priority() -> None:
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
