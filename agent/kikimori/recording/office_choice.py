"""Recording as an office has chosen it: a journal or none, and its way to the records service."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from kikimori.calls.call_recorder import NO_RECORDER
from kikimori.recording.agent_recording import AgentRecording
from kikimori.recording.outlet import NothingShipped, outlet_of

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


class JournalOfRun(Protocol):
    """Journal of one run of an agent."""

    @property
    def recorder(self) -> CallRecorder: ...

    async def start(self) -> None:
        """Begin, before the first call. Never raises for the disk."""

    async def aclose(self) -> None:
        """Write what waits, after the last call."""

    @property
    def durable(self) -> int:
        """Return the number after the last record that is on the disk."""

    def counters(self) -> dict[str, int]: ...

    def problems(self) -> tuple[Problem, ...]: ...


class NothingRecorded:
    """A `JournalOfRun` of an office that records no calls: no file, no thread."""

    recorder = NO_RECORDER
    durable = 0

    async def start(self) -> None: ...

    async def aclose(self) -> None: ...

    def counters(self) -> dict[str, int]:
        return {}

    def problems(self) -> tuple[Problem, ...]:
        return ()


class ShippedRecording:
    """A `RecordingOfRun`: a journal with its way to the records service, and that of the journals of earlier runs."""

    def __init__(self, journal: JournalOfRun, outlet: Callable[[Callable[[], int]], OutletOfRun]) -> None:
        """`outlet` makes the way, given what returns the number after the last record on the disk; it may block."""
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
        self._outlet = await asyncio.to_thread(self._make_outlet, lambda: self._journal.durable)

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
    of_run = AgentRecording(recording, state(), site, head) if recording.is_on else NothingRecorded()

    def outlet(durable: Callable[[], int]) -> OutletOfRun:
        return outlet_of(recording, records, state(), head.agent_id, head.run, durable, inside)

    return ShippedRecording(of_run, outlet)
