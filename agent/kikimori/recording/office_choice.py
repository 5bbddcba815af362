"""Recording as an office has chosen it: a journal or none, and its way to the records service."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from kikimori.calls.call_recorder import NO_RECORDER
from kikimori.recording.agent_recording import AgentRecording, journals_folder
from kikimori.recording.outlet import JournalOfRun, NothingShipped, outlet_of
from kikimori_core.journal.erasing import rewrite_without

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from kikimori.calls.call_recorder import CallRecorder
    from kikimori.recording.outlet import OutletOfRun, RecordsInside
    from kikimori_core.journal.framing import SegmentHead
    from kikimori_core.journal.settings import RecordingTable, RecordsTable
    from kikimori_core.wire.messages import Problem


class RecordingOfRun(Protocol):
    """Recording of one run of an agent, as the agent sees it."""

    @property
    def recorder(self) -> CallRecorder: ...

    async def start(self) -> None:
        """Begin, before the first call. Never raises for the disk."""

    async def aclose(self) -> None:
        """Write what waits, after the last call."""

    @property
    def works(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """Return what runs until it is cancelled, by name; known after `start`."""

    def counters(self) -> dict[str, int]: ...

    def problems(self) -> tuple[Problem, ...]: ...


class WrittenJournal(JournalOfRun, Protocol):
    """Journal of one run of an agent, as it is opened and closed."""

    @property
    def recorder(self) -> CallRecorder: ...

    async def start(self) -> None:
        """Begin, before the first call. Never raises for the disk."""

    async def aclose(self) -> None:
        """Write what waits, after the last call."""

    def counters(self) -> dict[str, int]: ...

    def problems(self) -> tuple[Problem, ...]: ...


class NothingRecorded:
    """A `WrittenJournal` of an office that records no calls: no file, no thread."""

    recorder = NO_RECORDER
    durable = 0

    def __init__(self, folder: Path) -> None:
        """`folder`: journals of earlier runs, if there are any."""
        self._folder = folder

    async def erase(self, run: str, call: int) -> None:
        """Erase a call from the journal of an earlier run. Raises OSError."""
        await asyncio.to_thread(rewrite_without, self._folder / run, call)

    async def start(self) -> None: ...

    async def aclose(self) -> None: ...

    def counters(self) -> dict[str, int]:
        return {}

    def problems(self) -> tuple[Problem, ...]:
        return ()


class ShippedRecording:
    """A `RecordingOfRun`: a journal with its way to the records service, and that of the journals of earlier runs."""

    def __init__(self, journal: WrittenJournal, outlet: Callable[[], OutletOfRun]) -> None:
        """`outlet` makes the way; it may block."""
        self._journal = journal
        self._make_outlet = outlet
        self._outlet: OutletOfRun = NothingShipped()

    @property
    def recorder(self) -> CallRecorder:
        return self._journal.recorder

    @property
    def works(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """Return what runs until it is cancelled, by name; known after `start`."""
        return self._outlet.works

    async def start(self) -> None:
        """Begin, before the first call and before `works`: the journals of earlier runs are repaired first."""
        await self._journal.start()
        self._outlet = await asyncio.to_thread(self._make_outlet)

    async def aclose(self) -> None:
        """Write what waits, after the last call, and ship for some seconds."""
        await self._journal.aclose()
        await self._outlet.aclose()

    def counters(self) -> dict[str, int]:
        return {**self._journal.counters(), **self._outlet.counters()}

    def problems(self) -> tuple[Problem, ...]:
        return (*self._journal.problems(), *self._outlet.problems())


def recording_of(
    recording: RecordingTable,
    records: RecordsTable,
    state: Callable[[], Path],
    site: str,
    head: SegmentHead,
    inside: RecordsInside | None = None,
) -> RecordingOfRun:
    """Return the recording of a run.

    Args:
        recording: The office's decision.
        records: Says where the records service is.
        state: Returns the folder of the agent's state.
        site: The site.
        head: Agent and run.
        inside: The records service of this process.
    """
    of_run: WrittenJournal
    if recording.is_on:
        of_run = AgentRecording(recording, state(), site, head)
    else:
        of_run = NothingRecorded(journals_folder(state(), head.agent_id))

    def outlet() -> OutletOfRun:
        return outlet_of(recording, records, state(), head.agent_id, head.run, of_run, inside)

    return ShippedRecording(of_run, outlet)
