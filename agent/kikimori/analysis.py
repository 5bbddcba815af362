"""Recordings through the same hearing and judging as live calls, one after another, as fast as they can be heard."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kikimori.calls.desk import Desk
from kikimori.calls.settings import DeskSettings
from kikimori.integrations.mirror.replay import CaptureClock, replay_capture
from kikimori.phrase_finder import configured_finder
from kikimori.recognition import Recognition, load_recognition
from kikimori.taps.replay import replay
from kikimori_core.judging.rules import load_rules
from kikimori_core.model.call import CallInfo, call_id_from

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from kikimori.config import AgentConfig
    from kikimori.integrations.mirror.call_capture import CallCapture
    from kikimori.taps.replay import AudioRecording
    from kikimori_core.model.call import Role
    from kikimori_core.wire.messages import Alert, CallState, TranscriptLine


@dataclass
class Findings:
    """Alerts, transcript and calls of one recording, collected as its `kikimori.calls.call_observer.CallObserver`."""

    lines: list[TranscriptLine] = field(default_factory=list)
    """Final utterances in the order in which they ended, each as it was heard best."""
    partials: list[TranscriptLine] = field(default_factory=list)
    changes: list[Alert] = field(default_factory=list)
    """Every change of every alert, in order."""
    known_s: dict[str, float] = field(default_factory=dict)
    """Seconds of the recording that had been played when an alert was raised, by alert."""
    played_s: float = 0.0
    calls: dict[str, CallState] = field(default_factory=dict)
    """The last state of each call."""

    @property
    def alerts(self) -> list[Alert]:
        """The last state of each alert, in the order in which they were raised."""
        return list({each.alert_id: each for each in self.changes}.values())

    def call_changed(self, state: CallState) -> None:
        self.calls[state.call_id] = state

    def alert_changed(self, alert: Alert) -> None:
        self.changes.append(alert)
        self.known_s.setdefault(alert.alert_id, self.played_s)

    def line(self, line: TranscriptLine) -> None:
        if not line.final:
            self.partials.append(line)
            return
        for number, known in enumerate(self.lines):
            if (known.line_id, known.start_s) == (line.line_id, line.start_s):
                # Heard again, and better.
                self.lines[number] = line
                return
        if line.text:
            self.lines.append(line)


def _all_legs_begin_together() -> float:
    """Clock of a recording: its legs begin at its first sample, however long the program takes to open them."""
    return 0.0


class Analyser:
    """Rules, phrases and the speech engine, loaded once for any number of recordings."""

    def __init__(self, config: AgentConfig, recognition: Recognition) -> None:
        """Read rules and phrases; raises ConfigError."""
        self.config = config
        self.recognition = recognition
        self.rules = load_rules(config.rule_files())
        self.phrases = configured_finder(config, self.rules)
        self._pool = recognition.pool(config.speech, backlog_s=60.0)

    async def analyse(
        self,
        recording: AudioRecording,
        progress: Callable[[float], None] | None = None,
        *,
        keys: Sequence[tuple[float, Role, str]] = (),
    ) -> Findings:
        """Hear and judge a whole recording; `keys` as `replay` takes them. Raises AudioFileError."""
        findings = Findings()
        desk = self._desk(findings, _all_legs_begin_together)

        def played(seconds: float) -> None:
            findings.played_s = seconds
            if progress is not None:
                progress(seconds)

        info = CallInfo(call_id=call_id_from(recording.path.stem), tap="replay")
        try:
            await replay(recording, desk, info, keys=keys, settle=desk.settle, progress=played)
        finally:
            await desk.close()
        return findings

    async def analyse_capture(
        self, path: Path, progress: Callable[[float], None] | None = None
    ) -> tuple[Findings, CallCapture]:
        """Hear and judge every call in a packet capture; the `CallCapture` has the counters. Raises AudioFileError."""
        findings, clock = Findings(), CaptureClock()
        desk = self._desk(findings, clock)
        try:
            capture = await replay_capture(
                path,
                desk,
                self.config.mirror,
                self.config.sides,
                clock=clock,
                settle=desk.settle,
                progress=progress,
            )
        finally:
            await desk.close()
        return findings, capture

    def _desk(self, findings: Findings, clock: Callable[[], float]) -> Desk:
        return Desk(
            DeskSettings(site=self.config.site, agent_id=self.config.agent_id),
            self.rules,
            self.phrases,
            findings,
            self._pool,
            clock,
        )

    async def aclose(self) -> None:
        if self._pool is not None:
            await asyncio.to_thread(self._pool.stop)


@asynccontextmanager
async def analyser(config: AgentConfig) -> AsyncIterator[Analyser]:
    """Load what analysing needs, and end its threads afterwards. Raises ConfigError."""
    made = Analyser(config, await load_recognition(config))
    try:
        yield made
    finally:
        await made.aclose()
