"""Recording of one run of an agent, put together: recorder, journal's thread, erasures, earlier runs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kikimori.recording.disk_room import DISK_FAILED, MAX_GB
from kikimori.recording.earlier_parts import EarlierParts
from kikimori.recording.earlier_runs import look_at_earlier_runs
from kikimori.recording.entries import EraseEntry
from kikimori.recording.erasing import ALL, CallEraser
from kikimori.recording.journal_thread import JournalThread
from kikimori.recording.record_queue import RecordQueue
from kikimori.recording.recorder import JournalRecorder
from kikimori.recording.stopped_calls import StoppedCalls
from kikimori_core.wire.messages import Problem

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori.recording.journal_thread import WritingPace
    from kikimori_core.journal.framing import SegmentHead
    from kikimori_core.journal.settings import RecordingTable

STOP_S = 5.0
"""Seconds that the journal's thread may take for what waits, when the agent ends."""
SHOWN_S = 30.0
"""Seconds that shed sound is shown as a problem."""
NARROWBAND = 8000
"""Samples a second by which lost sound is counted in seconds."""


def journals_folder(state: Path, agent_id: str) -> Path:
    """Return the folder of an agent's journals, one folder for each run in it."""
    return state / f"journal-{agent_id}"


class AgentRecording:
    """Recording of a run. `start` before the first call, `aclose` after the last."""

    def __init__(
        self,
        settings: RecordingTable,
        state: Path,
        site: str,
        head: SegmentHead,
        *,
        pace: WritingPace | None = None,
    ) -> None:
        """`state`: folder for the agent's state; `head`: agent and run."""
        self.root = journals_folder(state, head.agent_id)
        self._queue = RecordQueue()
        self._eraser = CallEraser()
        self.journal = JournalThread(
            self.root, head, self._queue, self._eraser, most_bytes=settings.most_bytes, pace=pace
        )
        self._stopped = StoppedCalls(state / f"recording-stopped-{head.agent_id}.json")
        self._earlier = EarlierParts(self.root, head.run, self._eraser)
        self.recorder = JournalRecorder(
            settings, site, head, self._queue, self.journal, self._stopped, self._earlier.erase_soon
        )
        self._damaged = 0
        self._loop = asyncio.get_running_loop()
        self._shed = 0
        self._shed_at = -SHOWN_S

    async def start(self) -> None:
        """Repair what earlier runs left, and begin to write. Never raises for the disk: detection goes on without."""
        self._damaged = await asyncio.to_thread(
            look_at_earlier_runs, self.root, self.journal.folder.name, self._eraser
        )
        await asyncio.to_thread(self._stopped.load)
        for call_id in self._stopped.names():
            # The run before may have been killed while it looked for them.
            self._earlier.erase_soon(call_id)
        self.journal.start()

    async def aclose(self) -> None:
        """Write what waits."""
        self.recorder.settle()
        await self._earlier.aclose()
        await asyncio.to_thread(self._stop)
        await self._stopped.aclose()

    def _stop(self) -> None:
        self.journal.stop(STOP_S)
        self._eraser.stop(1.0)

    @property
    def durable(self) -> int:
        """Return the number after the last record that is on the disk."""
        return self.journal.next_number

    async def erase(self, run: str, call: int) -> None:
        """Have a call erased from the journal of a run, this or an earlier one. Raises OSError."""
        if run == self.journal.folder.name:
            self._queue.put(EraseEntry(call))
        else:
            await asyncio.to_thread(self._eraser.add, self.root / run, call, ALL)

    def counters(self) -> dict[str, int]:
        """Return figures for the agent's health."""
        journal = self.journal
        accounts = {f"record_calls_{name}": number for name, number in journal.accounts.ended.items()}
        lost = self.recorder.shed_samples + journal.lost_samples
        return accounts | {
            "record_calls_incomplete": journal.accounts.incomplete,
            "record_sound_lost_s": -(-lost // NARROWBAND),
            "record_events_lost": self._events_lost,
            "record_events_waiting": self._queue.events_waiting,
            "record_bytes": journal.bytes_written,
        }

    def problems(self) -> tuple[Problem, ...]:
        """Return what keeps calls from being recorded whole."""
        journal, found = self.journal, list[Problem]()
        if journal.fault:
            found.append(Problem.of("journal_not_written", fault=journal.fault, folder=self.root))
        elif (why := journal.sound_off) is not None:
            cause = why if why in (MAX_GB, DISK_FAILED) else None
            found.append(Problem.of("journal_no_sound", cause=cause, folder=self.root))
        if self._shed_lately():
            found.append(Problem.of("journal_too_slow"))
        if lost := self._events_lost:
            found.append(Problem.of("journal_events_lost", lost=lost))
        if self._eraser.fault:
            found.append(
                Problem.of("journal_not_erased", count=self._eraser.pending, fault=self._eraser.fault)
            )
        if self._damaged:
            found.append(Problem.of("journal_damaged", count=self._damaged, folder=self.root))
        return (*found, *self._stopped.problems())

    @property
    def _events_lost(self) -> int:
        return self._queue.events_lost + self.journal.failures + self.recorder.failures

    def _shed_lately(self) -> bool:
        """Return whether sound was shed by the queue in the last half minute."""
        now = self._loop.time()
        if self.recorder.shed_samples > self._shed:
            self._shed, self._shed_at = self.recorder.shed_samples, now
        return now - self._shed_at < SHOWN_S
