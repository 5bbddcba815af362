"""Recording as an office has chosen it: a journal, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from kikimori.calls.call_recorder import NO_RECORDER
from kikimori.recording.agent_recording import AgentRecording

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kikimori.calls.call_recorder import CallRecorder
    from kikimori_core.journal.framing import SegmentHead
    from kikimori_core.journal.settings import RecordingTable
    from kikimori_core.wire.messages import Problem


class RecordingOfRun(Protocol):
    """Recording of one run of an agent, as the agent sees it."""

    @property
    def recorder(self) -> CallRecorder: ...

    async def start(self) -> None:
        """Begin, before the first call. Never raises for the disk."""

    async def aclose(self) -> None:
        """Write what waits, after the last call."""

    def counters(self) -> dict[str, int]: ...

    def problems(self) -> tuple[Problem, ...]: ...


class NothingRecorded:
    """A `RecordingOfRun` of an office that records no calls: no file, no thread."""

    recorder = NO_RECORDER

    async def start(self) -> None: ...

    async def aclose(self) -> None: ...

    def counters(self) -> dict[str, int]:
        return {}

    def problems(self) -> tuple[Problem, ...]:
        return ()


def recording_of(
    settings: RecordingTable, state: Callable[[], Path], site: str, head: SegmentHead
) -> RecordingOfRun:
    """Return the recording of a run; `state` returns the folder of the agent's state, `head` names agent and run."""
    return AgentRecording(settings, state(), site, head) if settings.is_on else NothingRecorded()
