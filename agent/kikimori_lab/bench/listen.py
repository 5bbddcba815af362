"""Delay and cost of listening in a browser: an office in one process, a click a second, a real Chromium, many listeners."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import aiohttp
import numpy as np

from kikimori.errors import KikimoriError
from kikimori.office import open_office
from kikimori_dashboard import DashboardSettings
from kikimori_lab.bench.listen_page import heard_clicks
from kikimori_lab.cli.demo import demo_config
from kikimori_lab.demo.leg import FRAME_SAMPLES, DemoLeg
from kikimori_lab.demo.pbx import SimulatedPbx
from kikimori_lab.signed_in import SUPERVISOR, cookie_of, store_for_a_while, token_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from kikimori.addresses import Addresses

CALL = "bench-1"
FRAME_S = 0.02
CLICK_EVERY = 50
"""Frames from click to click."""
SETTLE_S = 8.0
"""Seconds until nothing is left of the beginning: each listener is in the audit."""
HEAR_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class ListenFigures:
    """Figures of `kikimori bench listen --json`."""

    clicks: int
    """Clicks said while the page listened."""
    late_ms_p50: float
    """Time in ms from the first sample of a click at the telephone to the browser's AudioContext."""
    late_ms_max: float
    late_ms_p50_buffers: float
    """Likewise without a worklet."""
    late_ms_max_buffers: float
    clicks_lost: int
    listeners: int
    seconds: float
    cpu_ms_per_listener_s: float
    """Processor time of agent and dashboard for a second of one listener."""
    messages_per_s: float
    """Messages that each listener got."""


async def bench_listen(listeners: int, seconds: float, progress: Callable[[float], None]) -> ListenFigures:
    """Measure.

    Raises:
        KikimoriError: there is no Playwright or no Chromium here, or nothing was heard.
    """
    with TemporaryDirectory(prefix="kikimori-listen-") as folder:
        async with store_for_a_while() as store:
            config = demo_config(Path(folder), speech=False)
            pages = DashboardSettings(site="demo", port=0, store=store.settings)
            token = await token_for(store, SUPERVISOR)
            async with (
                open_office(config, pages, broker_port=0, pbx=SimulatedPbx(), store=store) as office,
                clicking(office.addresses) as said,
            ):
                url = office.dashboard_url.rstrip("/")
                late, lost = await _late(url, token, said, seconds, worklet=True)
                progress(seconds)
                late_buffers, lost_buffers = await _late(url, token, said, seconds, worklet=False)
                progress(2 * seconds)
                idle = await _cpu_of(seconds)
                progress(3 * seconds)
                cpu, messages = await _with_listeners(url, token, listeners, seconds)
                progress(4 * seconds)
    return ListenFigures(
        clicks=len(late) + lost,
        late_ms_p50=round(late[len(late) // 2], 1),
        late_ms_max=round(late[-1], 1),
        late_ms_p50_buffers=round(late_buffers[len(late_buffers) // 2], 1),
        late_ms_max_buffers=round(late_buffers[-1], 1),
        clicks_lost=lost + lost_buffers,
        listeners=listeners,
        seconds=seconds,
        cpu_ms_per_listener_s=round(max(cpu - idle, 0) * 1000 / (listeners * seconds), 3),
        messages_per_s=round(messages / (listeners * seconds), 2),
    )


@asynccontextmanager
async def clicking(addresses: Addresses, *, every: int = CLICK_EVERY) -> AsyncIterator[list[float]]:
    """Have a customer click every second; give the times at which the clicks began, in ms since 1970.

    `every`: frames from click to click; 1 = a steady tone.
    """
    if addresses.announce is None or addresses.audiosocket is None:
        raise KikimoriError.of("bench_listen_silent")
    said: list[float] = []
    facts = {"call": CALL, "role": "customer", "operator": "204", "operator_name": "bench"}
    async with aiohttp.ClientSession() as session:
        leg = await DemoLeg.open(session, addresses.announce, addresses.audiosocket, facts)
        task = asyncio.create_task(_click(leg, said, every))
        try:
            yield said
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await leg.hang_up()


async def _click(leg: DemoLeg, said: list[float], every: int) -> None:
    times = np.arange(FRAME_SAMPLES) / 8000
    click = (20000 * np.sin(2 * np.pi * 1000 * times)).astype("<i2").tobytes()
    quiet = bytes(len(click))
    due, number = asyncio.get_running_loop().time(), 0
    while True:
        due += FRAME_S
        await asyncio.sleep(max(due - asyncio.get_running_loop().time(), 0))
        number += 1
        if number % every:
            leg.send(quiet)
        else:
            # Its first sample was spoken when the frame began.
            said.append((time.time() - FRAME_S) * 1000)
            leg.send(click)


async def _late(
    url: str, token: str, said: list[float], seconds: float, *, worklet: bool
) -> tuple[list[float], int]:
    """Return the delays of the clicks in ms, sorted, and the number of clicks that were not heard."""
    begun: list[int] = []
    heard = await heard_clicks(url, token, seconds, worklet=worklet, begun=lambda: begun.append(len(said)))
    # The last one may be on its way still.
    clicks = said[begun[0] : -2]
    delays = [min((at - click for at in heard if at > click - 5), default=1e9) for click in clicks]
    found = sorted(each for each in delays if each < CLICK_EVERY * FRAME_S * 1000)
    if not found:
        raise KikimoriError.of("bench_listen_silent")
    return found, len(clicks) - len(found)


async def _cpu_of(seconds: float) -> float:
    """Return the processor time in s that this process takes in some seconds."""
    await asyncio.sleep(SETTLE_S)
    before = time.process_time()
    await asyncio.sleep(seconds)
    return time.process_time() - before


async def _with_listeners(url: str, token: str, listeners: int, seconds: float) -> tuple[float, int]:
    """Return the processor time in s with listeners, and the messages that they got."""
    program = (sys.executable, "-m", "kikimori_lab.bench.listen_clients")
    process = await asyncio.create_subprocess_exec(
        *program, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    given = {"url": url, "cookie": cookie_of(token), "call": CALL, "listeners": str(listeners)}
    try:
        if process.stdin is None or process.stdout is None:
            raise KikimoriError.of("bench_listen_silent")
        process.stdin.write(json.dumps(given).encode() + b"\n")
        async with asyncio.timeout(HEAR_WITHIN_S):
            await process.stdout.readline()
        cpu = await _cpu_of(seconds)
        process.stdin.close()
        told = json.loads(await process.stdout.readline())
        # They were counted while the processor's time settled, too.
        messages = round(told["messages"] * seconds / (seconds + SETTLE_S))
        await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return cpu, messages
