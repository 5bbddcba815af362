"""Benchmark with more calls than one core carries: delay of alerts, shed audio, recovery.

The agent runs whole on one core, recognition on; another process sends the demo's calls in real time. What a core carries
is measured first: the processor time of a few calls. Then come 150 and 300 % of that, and the few calls again.
"""

from __future__ import annotations

import asyncio
import math
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kikimori.agent import Agent
from kikimori.config import AgentConfig, SpeechTable
from kikimori_core.wire.messages import SpeechStatus
from kikimori_lab.bench.bench_agent import bench_agent
from kikimori_lab.bench.calls import LEGS_PER_CALL, report_of, start_sender

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.addresses import Addresses
    from kikimori_core.wire.messages import Alert

PERCENT = (150, 300)
LATEST_S = 2.0
"""Longest permitted delay in s of an alert, by the sound of its call."""
FEW_CALLS = 4
RECOVERS_WITHIN_S = 60.0
_WORDS = ("phrase", "repeated")
"""Kinds of rules that only words can satisfy."""


@dataclass(frozen=True, slots=True)
class LoadFigures:
    """Figures of one load."""

    percent: int
    calls: int
    alerts: int
    """Number of alerts raised in the time of this load."""
    by_sound: int
    """Number of these alerts that need no words."""
    sound_late_s_max: float
    """Longest delay in s from the moment in the sound at which the rule held to the alert."""
    words_late_s_max: float
    lag_ms_p99: float
    """Latency from the arrival of a window's last sample to its evidence."""
    frames_dropped: int
    """Frames of 20 ms that were not heard: the last to be shed."""
    speech_shed_share: float
    """Seconds of speech that were not decoded, of all seconds of voices."""


@dataclass(frozen=True, slots=True)
class OverloadFigures:
    """Figures of `kikimori bench overload --json`."""

    model: str
    carried_calls: int
    """Calls that one core carries: its processor time divided by that of one call."""
    cpu_s_per_call_s: float
    seconds: float
    """Duration of each load in s."""
    loads: tuple[LoadFigures, ...]
    recovered_s: float | None
    """Seconds until nothing was shed any more and the page said so; None when that did not happen."""
    late_s_max: float
    """Longest delay in s of all alerts under overload, those that need words included."""


class _Timed(Agent):
    """Agent that records the delay of each alert, by the sound."""

    def __init__(self, config: AgentConfig) -> None:
        super().__init__(config)
        self.late: list[tuple[bool, float]] = []
        """For each alert: whether it needed words, and its delay in seconds."""

    def alert_changed(self, alert: Alert) -> None:
        call = self.desk.find(alert.call_id)
        if call is not None and alert.revision == 1:
            late_s = asyncio.get_running_loop().time() - call.opened_at - alert.raised_s
            self.late.append((alert.rule_kind in _WORDS, late_s))
        super().alert_changed(alert)


async def bench_overload(
    seconds: float,
    model: str,
    progress: Callable[[str], None],
    *,
    carried: int | None = None,
    percent: tuple[int, ...] = PERCENT,
) -> OverloadFigures:
    """Run all loads; `carried` replaces the measurement of the calls that a core carries."""
    with tempfile.TemporaryDirectory(prefix="kikimori-bench-") as state:
        async with bench_agent(_Timed, Path(state), SpeechTable(model=model), connections=4000) as (
            agent,
            addresses,
        ):
            progress("a few calls")
            cpu = time.process_time()
            await _load(agent, addresses, 100, FEW_CALLS, seconds)
            cost = (time.process_time() - cpu) / seconds / FEW_CALLS
            carries = carried or max(1, math.floor(1 / cost))
            loads = []
            for each in percent:
                progress(f"{each} %")
                calls = math.ceil(carries * each / 100)
                loads.append(await _load(agent, addresses, each, calls, seconds))
            progress("recovery")
            recovered_s = await _recovery(agent, addresses)
            engine = agent.recognition.names
    return OverloadFigures(
        model=engine or model,
        carried_calls=carries,
        cpu_s_per_call_s=round(cost, 4),
        seconds=seconds,
        loads=tuple(loads),
        recovered_s=recovered_s,
        late_s_max=max((max(each.sound_late_s_max, each.words_late_s_max) for each in loads), default=0.0),
    )


async def _load(agent: _Timed, addresses: Addresses, percent: int, calls: int, seconds: float) -> LoadFigures:
    before, known = agent.desk.counters(), len(agent.late)
    agent.desk.hearing.lag.clear()
    sender = await start_sender(addresses, calls, seconds)
    try:
        await report_of(sender)
        await report_of(sender)
    finally:
        if sender.returncode is None:
            sender.terminate()
        await sender.wait()
    after, late = agent.desk.counters(), agent.late[known:]
    shed_s = after["speech_shed_s"] - before["speech_shed_s"]
    return LoadFigures(
        percent=percent,
        calls=calls,
        alerts=len(late),
        by_sound=sum(not words for words, _ in late),
        sound_late_s_max=round(max((late_s for words, late_s in late if not words), default=0.0), 2),
        words_late_s_max=round(max((late_s for words, late_s in late if words), default=0.0), 2),
        lag_ms_p99=round(agent.desk.hearing.lag.percentile_ms(99), 1),
        frames_dropped=after["frames_dropped"] - before["frames_dropped"],
        speech_shed_share=round(shed_s / (calls * LEGS_PER_CALL * seconds), 3),
    )


async def _recovery(agent: _Timed, addresses: Addresses) -> float | None:
    """Return the seconds with few calls until the agent reported that nothing is shed; None = it did not."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    sender = await start_sender(addresses, FEW_CALLS, RECOVERS_WITHIN_S)
    try:
        while loop.time() - began < RECOVERS_WITHIN_S:
            await asyncio.sleep(0.5)
            if agent.speech_status() is SpeechStatus.ON and not agent.desk.problems():
                return round(loop.time() - began, 1)
    finally:
        sender.terminate()
        await sender.wait()
    return None
