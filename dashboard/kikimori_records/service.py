"""Records service of an office: takes journals, finishes calls, and keeps them. A task inside `kikimori up`, or a program."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from kikimori_core.errors import KikimoriError
from kikimori_core.wire.messages import Problem
from kikimori_records.folder import records_folder
from kikimori_records.journals.finishing import Finishing
from kikimori_records.journals.incoming import IncomingJournals
from kikimori_records.journals.incoming_room import IncomingRoom
from kikimori_records.keeping.days import CUSTOMER_DAYS, KeptDays
from kikimori_records.keeping.for_agents import erased_calls
from kikimori_records.keeping.from_journals import ReceivedJournals
from kikimori_records.keeping.keeper import RecordKeeper
from kikimori_records.keeping.pseudonyms import Pseudonyms
from kikimori_records.keeping.room import SoundRoom
from kikimori_records.keeping.shaping import RowShaping
from kikimori_records.proof.keeper import ProofKeeper
from kikimori_records.proof.office import RecordedOffice
from kikimori_records.search.filling import keep_filled
from kikimori_records.service_state import ServiceState, StateNote, forget_state

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from kikimori_core.journal.settings import RecordingTable, RecordsTable
    from kikimori_core.journal.sink import JournalSink
    from kikimori_records.journals.segment_limits import SegmentLimits
    from kikimori_records.proof.accounts import OpenCall
    from kikimori_records.store import Store

log = structlog.get_logger()


class RecordsService:
    """Everything of the records service but its port. It takes nothing before `open`; `run` works until cancelled."""

    def __init__(
        self,
        recording: RecordingTable,
        records: RecordsTable,
        store: Store,
        office: RecordedOffice | None = None,
        *,
        alone: bool = False,
        limits: SegmentLimits | None = None,
    ) -> None:
        """`store` is open, and closed by its owner after `close`; raises StoreError where there is no folder.

        `alone`: no agent of this process tells its problems; the database has them for the dashboard.
        `limits`: of the segments of received journals; None = the usual ones.
        """
        self._folder = records_folder(records, store.settings)
        self._store = store
        self._recording = recording
        self._incoming_room = IncomingRoom(self._folder, recording.most_bytes)
        self._incoming = IncomingJournals(
            self._folder, limits=limits, erased=partial(erased_calls, store), room=self._incoming_room
        )
        self._alone = alone
        days = kept_days(recording, records)
        self._room = (
            SoundRoom(store, self._folder, recording.most_bytes, days.sound)
            if days and recording.is_on
            else None
        )
        journals = ReceivedJournals(self._incoming, self._folder)
        customer_days = records.customer_days or CUSTOMER_DAYS
        self._keeper = RecordKeeper(store, self._folder, days, journals, self._room, customer_days)
        self._proof = ProofKeeper(store, records.anchors, office or RecordedOffice(), self._open_calls)
        self._finishing: Finishing | None = None
        self._fault = ""

    @property
    def sink(self) -> JournalSink:
        """Receiver of journals; refuses with `records_not_ready` before `open`."""
        return self._incoming

    async def open(self) -> None:
        """Read what earlier processes left, and take journals from now on.

        Raises:
            KikimoriError: another records service uses the folder.
            OSError: the folder cannot be used.
        """
        try:
            await self._incoming.load()
            pseudonyms = await asyncio.to_thread(Pseudonyms.load, self._folder)
        except (KikimoriError, OSError) as error:
            self._fault = error.message if isinstance(error, KikimoriError) else error.strerror or str(error)
            log.error("records_not_opened", error=self._fault)
            await self._incoming.close()
            raise
        self._fault = ""
        wanted = self._recording
        shaping = RowShaping(pseudonyms, wanted.transcript_operator, wanted.mask_numbers)
        self._finishing = Finishing(
            self._incoming, self._store, self._folder, shape=shaping.shape, room=self._room
        )

    async def run(
        self, keep: Callable[[str, Callable[[], Awaitable[None]]], Coroutine[Any, Any, None]]
    ) -> None:
        """Work until cancelled, after `open`. `keep` runs a work of a name again when it fails."""
        if self._finishing is None:
            raise RuntimeError("not open")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(keep("finishing", self._finishing.run), name="finishing")
            tasks.create_task(keep("keeping", self._keeper.run), name="keeping")
            tasks.create_task(keep("proof", self._proof.run), name="proof")
            tasks.create_task(keep("search", lambda: keep_filled(self._store)), name="search")
            tasks.create_task(keep("state", self._tell_state), name="state")

    async def _tell_state(self) -> None:
        if self._alone:
            await StateNote(self._store, self._state).run()
        else:
            await forget_state(self._store)

    def _state(self) -> ServiceState:
        waiting = 0 if self._finishing is None else self._finishing.waiting
        return ServiceState(datetime.now(UTC), waiting, self.problems())

    async def close(self) -> None:
        """Take nothing more."""
        await self._incoming.close()

    def problems(self) -> tuple[Problem, ...]:
        """Return what keeps calls out of the history, sound from its days, or heads from the places outside."""
        reason = self._fault or (self._finishing.problem if self._finishing is not None else None)
        waits = (Problem.of("records_wait", reason=reason),) if reason else ()
        room = self._room.problems() if self._room else ()
        faults = self._finishing.faults.problems() if self._finishing is not None else ()
        incoming = self._incoming_room.problems()
        return (*waits, *incoming, *faults, *self._keeper.problems(), *room, *self._proof.problems())

    def _open_calls(self) -> set[OpenCall]:
        return {
            (key.agent_id, key.run, call)
            for key, journal in self._incoming.runs().items()
            for call in journal.calls.calls
        }


def kept_days(recording: RecordingTable, records: RecordsTable) -> KeptDays | None:
    """Return the days of an office; None = it has not said: nothing is removed by its age."""
    if recording.days is None:
        return None
    return KeptDays.of(
        recording.days,
        words=records.transcript_days,
        number=records.number_days,
        call=records.row_days,
        customer=records.customer_days,
    )
