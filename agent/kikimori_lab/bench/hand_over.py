"""Recording of an agent, with the time that the event loop spends on handing over sound and windows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from kikimori.calls.call_recorder import CallRecorder
    from kikimori.calls.leg import Block, LiveLeg
    from kikimori.hearing.bank import AcousticResult
    from kikimori.recording.office_choice import RecordingOfRun


class TimedRecorder:
    """A `CallRecorder` that passes everything on to another one."""

    def __init__(self, recorder: CallRecorder) -> None:
        self.cpu_s = 0.0
        """CPU seconds spent in `sound` and `windows`, which come several times a second; the others are rare."""
        self.samples = 0
        """Samples of all legs that were handed over."""
        self._recorder = recorder
        self.call_begun = recorder.call_begun
        self.leg_opened = recorder.leg_opened
        self.leg_closed = recorder.leg_closed
        self.line = recorder.line
        self.alert = recorder.alert
        self.status = recorder.status
        self.ringing = recorder.ringing
        self.call_ended = recorder.call_ended
        self.command_begun = recorder.command_begun
        self.stop_recording = recorder.stop_recording
        self.state_of = recorder.state_of

    def sound(self, legs: Sequence[LiveLeg], pcm: bytes) -> None:
        began = time.thread_time()
        self._recorder.sound(legs, pcm)
        self.cpu_s += time.thread_time() - began
        # A leg's last block is filled up with silence.
        self.samples += len(pcm) // 2 - sum(leg.padding for leg in legs if not leg.has_block)

    def windows(self, legs: Sequence[LiveLeg], blocks: Sequence[Block], heard: AcousticResult) -> None:
        began = time.thread_time()
        self._recorder.windows(legs, blocks, heard)
        self.cpu_s += time.thread_time() - began


class HandOver:
    """A `RecordingOfRun` that passes everything on to another one."""

    def __init__(self, recording: RecordingOfRun) -> None:
        self._recording = recording
        self.recorder = TimedRecorder(recording.recorder)
        self.start = recording.start
        self.aclose = recording.aclose
        self.counters = recording.counters
        self.problems = recording.problems

    @property
    def works(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """Return what runs until it is cancelled, by name."""
        return self._recording.works
