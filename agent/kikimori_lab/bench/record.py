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
from kikimori_lab.bench.hand_over import HandOver, TimedRecorder
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
    """Bytes of the journal, with what stands at begin and end of each call."""
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
    """CPU seconds of the agent while the calls ran, after warming up."""
    call_s: float
    """Seconds of all calls in that time."""
    journal_s: float
    """CPU seconds of the journal's thread, from the first call's begin to its last record."""
    dropped: int


class _RecordedAgent(Agent):
    """Agent whose handing over to the recorder is timed."""

    def __init__(self, config: AgentConfig) -> None:
        super().__init__(config)
        self.hand_over = HandOver(self._recording)
        self._recording = self.hand_over

    @property
    def journal_s(self) -> float:
        """Return the CPU seconds of the journal's thread; 0 without one."""
        journal = next((each for each in threading.enumerate() if each.name == "journal"), None)
        if journal is None or journal.ident is None:
            return 0.0
        return time.clock_gettime(time.pthread_getcpuclockid(journal.ident))

    async def settled(self) -> None:
        """Return when all calls have ended and nothing was written for a second."""
        size = -1
        while self.desk.calls or self._size != size:
            size = self._size
            await asyncio.sleep(1.0)

    @property
    def _size(self) -> int:
        return self.hand_over.counters().get("record_bytes", 0)


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
    on = RecordingTable(enabled=True, days=1, max_gb=MAX_GB)
    for sound in sounds:
        progress(f"{sound}, no journal")
        without, _, _ = await _play(calls, times, sound, RecordingTable())
        progress(f"{sound}, journal")
        runs.append(_run(sound, without, *await _play(calls, times, sound, on)))
    return JournalFigures(calls=calls, seconds=seconds, cores=cores, runs=tuple(runs))


def _run(
    sound: SenderSound, without: _Played, recorded: _Played, handed_over: TimedRecorder, found: JournalCheck
) -> RecordRun:
    call_s = found.samples / LEGS_PER_CALL / sound.rate
    return RecordRun(
        sound=sound,
        without_ms=round(without.agent_s / without.call_s * 1000, 3),
        with_ms=round(recorded.agent_s / recorded.call_s * 1000, 3),
        journal_ms=round(recorded.journal_s / call_s * 1000, 3),
        handed_over_ms=round(handed_over.cpu_s / call_s * 1000, 4),
        bytes_per_s=round(found.size / call_s),
        frames_dropped=without.dropped + recorded.dropped,
        samples=found.samples,
        samples_shed=found.shed,
        samples_missing=abs(handed_over.samples - found.samples - found.shed) + found.twice,
        damaged=found.damaged,
    )


async def _play(
    calls: int, times: tuple[float, float], sound: SenderSound, recording: RecordingTable
) -> tuple[_Played, TimedRecorder, JournalCheck]:
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
            played = await _played(agent, addresses, calls, times, sound)
        return played, agent.hand_over.recorder, await asyncio.to_thread(check_journals, folder)


async def _played(
    agent: _RecordedAgent, addresses: Addresses, calls: int, times: tuple[float, float], sound: SenderSound
) -> _Played:
    warm_up_s, seconds = times
    journal_s = agent.journal_s
    sender = await start_sender(addresses, calls, seconds + 2 * warm_up_s, sound)
    try:
        await report_of(sender)
        await asyncio.sleep(warm_up_s)
        began, cpu = time.perf_counter(), time.process_time()
        await asyncio.sleep(seconds)
        elapsed, cpu = time.perf_counter() - began, time.process_time() - cpu
        end = await report_of(sender)
        async with asyncio.timeout(ENDED_WITHIN_S):
            await agent.settled()
    finally:
        if sender.returncode is None:
            sender.terminate()
        await sender.wait()
    dropped = agent.desk.counters()["frames_dropped"] + int(end["lost_frames"])
    return _Played(cpu, elapsed * calls, agent.journal_s - journal_s, dropped)
