"""Benchmark of call capacity: real time, real connections, another process as the PBX, recognition off.

The agent runs whole, with the embedded broker beside it, as in `kikimori up` without the dashboard. Its cost is put
in relation to bare webrtcvad on the same frames in the same run, so that figures of different machines compare.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import webrtcvad

from kikimori.agent import Agent
from kikimori.calls.lag import LagMeter
from kikimori.config import SpeechTable
from kikimori.errors import KikimoriError
from kikimori_core.model.call import Role
from kikimori_lab.bench.bench_agent import bench_agent
from kikimori_lab.bench.sender import SenderSound
from kikimori_lab.demo.leg import FRAME_SAMPLES
from kikimori_lab.demo.script import RATE, load_calls

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.addresses import Addresses

WARM_UP_S = 2.0
LEGS_PER_CALL = 2
FRAMES_PER_S = RATE // FRAME_SAMPLES


@dataclass(frozen=True, slots=True)
class CallsFigures:
    """Figures that `kikimori bench calls --json` prints."""

    calls: int
    seconds: float
    cores: int
    """Processor cores the agent was allowed."""
    cpu_s_per_call_s: float
    rss_mb_per_call: float
    lag_ms_p50: float
    lag_ms_p99: float
    """Latency from the arrival of a window's last sample to its evidence."""
    frames_dropped: int
    """Frames shed by the agent, and frames it did not take from the PBX in time. 20 ms each."""
    frames_heard: int
    reference: str
    reference_cpu_s_per_call_s: float
    cpu_vs_reference: float
    sender_late_ms_max: float
    """Largest delay of the sending process in ms; far above 20 ms it spoils the lag figures."""


async def bench_calls(
    calls: int, seconds: float, *, cores: int, progress: Callable[[float], None]
) -> CallsFigures:
    """Run the measurement; raises KikimoriError when the sending process fails."""
    with tempfile.TemporaryDirectory(prefix="kikimori-bench-") as state:
        connections = calls * LEGS_PER_CALL
        async with bench_agent(Agent, Path(state), SpeechTable(enabled=False), connections=connections) as (
            agent,
            addresses,
        ):
            return await _measure(agent, addresses, calls, seconds, cores=cores, progress=progress)


async def _measure(
    agent: Agent,
    addresses: Addresses,
    calls: int,
    seconds: float,
    *,
    cores: int,
    progress: Callable[[float], None],
) -> CallsFigures:
    if addresses.audiosocket is None or addresses.announce is None:
        raise RuntimeError("the agent listens to nothing")
    reference = _webrtcvad_s_per_leg_s()
    rss_before = _rss_bytes()
    sender = await start_sender(addresses, calls, seconds + 2 * WARM_UP_S)
    try:
        await report_of(sender)
        await asyncio.sleep(WARM_UP_S)
        agent.desk.hearing.lag = LagMeter()
        before = agent.desk.counters()
        cpu, began = time.process_time(), time.perf_counter()
        while (elapsed := time.perf_counter() - began) < seconds:
            progress(elapsed)
            await asyncio.sleep(min(0.5, seconds - elapsed))
        cpu, elapsed = time.process_time() - cpu, time.perf_counter() - began
        lag, after, rss = agent.desk.hearing.lag, agent.desk.counters(), _rss_bytes()
        end = await report_of(sender)
    finally:
        if sender.returncode is None:
            sender.terminate()
        await sender.wait()
    cost = cpu / elapsed / calls
    return CallsFigures(
        calls=calls,
        seconds=round(elapsed, 1),
        cores=cores,
        cpu_s_per_call_s=round(cost, 6),
        rss_mb_per_call=round((rss - rss_before) / 1e6 / calls, 3),
        lag_ms_p50=round(lag.percentile_ms(50), 1),
        lag_ms_p99=round(lag.percentile_ms(99), 1),
        frames_dropped=after["frames_dropped"] + end["lost_frames"],
        frames_heard=after["frames_heard"] - before["frames_heard"],
        reference="bare webrtcvad (mode 3, 20 ms frames, both legs), this run, one thread",
        reference_cpu_s_per_call_s=round(reference * LEGS_PER_CALL, 6),
        cpu_vs_reference=round(cost / (reference * LEGS_PER_CALL), 2),
        sender_late_ms_max=end["late_ms_max"],
    )


async def start_sender(
    addresses: Addresses, calls: int, seconds: float, sound: SenderSound = SenderSound.G711
) -> asyncio.subprocess.Process:
    announce, audiosocket = addresses.announce, addresses.audiosocket
    if announce is None or audiosocket is None:
        raise RuntimeError("the agent listens to nothing")
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "kikimori_lab.bench.sender",
        f"--announce={announce[0]}:{announce[1]}",
        f"--audiosocket={audiosocket[0]}:{audiosocket[1]}",
        f"--calls={calls}",
        f"--seconds={seconds}",
        f"--sound={sound}",
        stdout=asyncio.subprocess.PIPE,
        preexec_fn=_use_other_cores,
    )


async def report_of(sender: asyncio.subprocess.Process) -> dict[str, Any]:
    line = await sender.stdout.readline() if sender.stdout else b""
    if not line:
        raise KikimoriError.of("sender_ended", code=await sender.wait())
    report: dict[str, Any] = json.loads(line)
    return report


def _webrtcvad_s_per_leg_s() -> float:
    """Return the CPU seconds bare webrtcvad needs for a second of one leg."""
    pcm = load_calls()[0].voices[Role.CUSTOMER].tobytes()
    size = FRAME_SAMPLES * 2
    frames = [pcm[at : at + size] for at in range(0, len(pcm) - size + 1, size)]
    vad = webrtcvad.Vad(3)
    rounds = 3
    cpu = time.process_time()
    for _ in range(rounds):
        for frame in frames:
            vad.is_speech(frame, RATE)
    return (time.process_time() - cpu) / (rounds * len(frames)) * FRAMES_PER_S


def _rss_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


_ALL_CORES = frozenset(os.sched_getaffinity(0))


def use_cores(wanted: int) -> int:
    """Keep this process on `wanted` cores, so that the sender does not compete; returns how many it has."""
    mine = sorted(_ALL_CORES)[:wanted]
    os.sched_setaffinity(0, mine)
    return len(mine)


def _use_other_cores() -> None:
    others = _ALL_CORES - os.sched_getaffinity(0)
    os.sched_setaffinity(0, others or _ALL_CORES)
