"""Benchmark of recording: what a journal of all calls costs while they run, against the same calls without it.

The agent runs whole as in `kikimori bench calls`. Each kind of sound is played twice, with and without a journal. Of the
journal's own cost two clocks tell, which other work on the machine cannot disturb much: that of the journal's thread, and
that of the event loop's thread within the two calls by which it hands over sound and windows. The journal is read at
the end: every sample of every leg must be in it once.
"""

from __future__ import annotations

import asyncio
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kikimori.agent import Agent
from kikimori.config import AgentConfig, SpeechTable
from kikimori_core.journal.settings import RecordingTable
from kikimori_lab.bench.bench_agent import bench_agent
from kikimori_lab.bench.calls import LEGS_PER_CALL, WARM_UP_S, report_of, start_sender
from kikimori_lab.bench.hand_over import HandOver
from kikimori_lab.bench.record_check import JournalCheck, check_journals
from kikimori_lab.bench.sender import SenderSound

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.addresses import Addresses

MAX_GB = 1000.0
ENDED_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class RecordRun:
    """Figures of one kind of sound. CPU in ms, and bytes, are per second of call with two legs."""

    sound: SenderSound
    without_ms: float
    """The whole agent without a journal."""
    with_ms: float
    """The whole agent with a journal."""
    journal_ms: float
    """The journal's thread."""
    handed_over_ms: float
    """The event loop, for sound and windows."""
    bytes_per_s: int
    """Bytes of the journal."""
    frames_dropped: int
    """Frames of 20 ms that the agent did not hear or did not take in time, in both runs."""
    samples: int
    """Samples in the journal."""
    samples_shed: int
    """Samples that the journal says were not written: it did not keep up."""
    samples_missing: int
    """Samples that the agent heard and the journal has not, without a word, or in two places."""
    damaged: int
    """Stretches of the journal that cannot be read, and legs without an end."""


@dataclass(frozen=True, slots=True)
class JournalFigures:
    """Figures of `kikimori bench record --json`."""

    calls: int
    seconds: float
    """Duration of each run."""
    cores: int
    """Processor cores the agent was allowed."""
    runs: tuple[RecordRun, ...]

    @property
    def faults(self) -> int:
        """Return the number of samples that are not in the journal and of damaged stretches, in all runs."""
        return sum(each.samples_shed + each.samples_missing + each.damaged for each in self.runs)


@dataclass(frozen=True, slots=True)
class _Played:
    agent_s: float
    journal_s: float
    handed_over_s: float
    call_s: float
    size: int
    dropped: int
    heard: int
    found: JournalCheck


class _RecordedAgent(Agent):
    """Agent whose handing over to the recorder is timed."""

    def __init__(self, config: AgentConfig) -> None:
        super().__init__(config)
        self.hand_over = HandOver(self._recording)
        self._recording = self.hand_over


async def bench_record(
    calls: int,
    seconds: float,
    progress: Callable[[str], None],
    *,
    cores: int,
    sounds: tuple[SenderSound, ...] = tuple(SenderSound),
    warm_up_s: float = WARM_UP_S,
) -> JournalFigures:
    """Play every kind of sound without and with a journal; raises KikimoriError when the sending process fails."""
    runs = []
    times = (warm_up_s, seconds)
    for sound in sounds:
        progress(f"{sound}, no journal")
        without = await _play(calls, times, sound, RecordingTable())
        progress(f"{sound}, journal")
        recorded = await _play(calls, times, sound, RecordingTable(enabled=True, days=1, max_gb=MAX_GB))
        runs.append(_run(sound, without, recorded))
    return JournalFigures(calls=calls, seconds=seconds, cores=cores, runs=tuple(runs))


def _run(sound: SenderSound, without: _Played, recorded: _Played) -> RecordRun:
    found = recorded.found
    return RecordRun(
        sound=sound,
        without_ms=round(without.agent_s / without.call_s * 1000, 3),
        with_ms=round(recorded.agent_s / recorded.call_s * 1000, 3),
        journal_ms=round(recorded.journal_s / recorded.call_s * 1000, 3),
        handed_over_ms=round(recorded.handed_over_s / recorded.call_s * 1000, 4),
        bytes_per_s=round(recorded.size / recorded.call_s),
        frames_dropped=without.dropped + recorded.dropped,
        samples=found.samples,
        samples_shed=found.shed,
        samples_missing=abs(recorded.heard - found.samples - found.shed) + found.twice,
        damaged=found.damaged,
    )


async def _play(
    calls: int, times: tuple[float, float], sound: SenderSound, recording: RecordingTable
) -> _Played:
    """Play calls; `times`: of warming up, and of what is measured."""
    with tempfile.TemporaryDirectory(prefix="kikimori-bench-") as state:
        folder = Path(state)
        async with bench_agent(
            _RecordedAgent,
            folder,
            SpeechTable(enabled=False),
            connections=calls * LEGS_PER_CALL,
            recording=recording,
        ) as (agent, addresses):
            measured = await _measured(agent, addresses, calls, times, sound)
        heard = agent.hand_over.recorder.samples
        return _Played(*measured, heard, await asyncio.to_thread(check_journals, folder))


async def _measured(
    agent: _RecordedAgent, addresses: Addresses, calls: int, times: tuple[float, float], sound: SenderSound
) -> tuple[float, float, float, float, int, int]:
    """Return CPU seconds of agent, journal and hand-over, seconds of call, bytes, and frames dropped."""
    warm_up_s, seconds = times
    sender = await start_sender(addresses, calls, seconds + 2 * warm_up_s, sound)
    try:
        await report_of(sender)
        await asyncio.sleep(warm_up_s)
        began, before = time.perf_counter(), _clocks(agent)
        await asyncio.sleep(seconds)
        elapsed, after = time.perf_counter() - began, _clocks(agent)
        end = await report_of(sender)
        # What has arrived is heard and written to its end.
        async with asyncio.timeout(ENDED_WITHIN_S):
            while agent.desk.calls:  # noqa: ASYNC110 - a desk has no event for it
                await asyncio.sleep(0.1)
    finally:
        if sender.returncode is None:
            sender.terminate()
        await sender.wait()
    agent_s, journal_s, handed_over_s, size = (b - a for a, b in zip(before, after, strict=True))
    dropped = agent.desk.counters()["frames_dropped"] + int(end["lost_frames"])
    return agent_s, journal_s, handed_over_s, elapsed * calls, int(size), dropped


def _clocks(agent: _RecordedAgent) -> tuple[float, float, float, float]:
    journal = next((each for each in threading.enumerate() if each.name == "journal"), None)
    journal_s = 0.0
    if journal is not None and journal.ident is not None:
        journal_s = time.clock_gettime(time.pthread_getcpuclockid(journal.ident))
    size = agent.hand_over.counters().get("record_bytes", 0)
    return time.process_time(), journal_s, agent.hand_over.recorder.cpu_s, float(size)
