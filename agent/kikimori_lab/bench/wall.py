"""Cost and delay of supervisors' pages that say what they draw: 19 browsers without a screen, and one with.

Broker, feed and the browsers without a screen run in this process, the dashboard in one of its own: its processor time is
its alone. A second run of the same feed, with pages of earlier releases that get everything, is the reference.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import psutil

from kikimori.bus.broker import embedded_broker
from kikimori.bus.broker_users import everything
from kikimori.errors import KikimoriError
from kikimori_core.wire.settings import BrokerSettings
from kikimori_lab.bench.wall_load import WallLoad
from kikimori_lab.bench.wall_page import WallPage
from kikimori_lab.bench.wall_socket import WallSocket
from kikimori_lab.signed_in import SUPERVISOR, cookie_of, opened_store, token_for
from kikimori_records.settings import StoreSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

REFERENCE = "the same feed for pages of earlier releases, which get words and levels of all calls"
WARM_UP_S = 2.0
PAGE_ROUNDS = 3
"""Length of the page's round in those of the others: fewer alerts than a hundred have no 99th percentile."""
ROUNDS = 3 + PAGE_ROUNDS


@dataclass(frozen=True, slots=True)
class WallFigures:
    """Figures of `kikimori bench wall --json`; times in ms, shares of one core in percent."""

    calls: int
    updates_per_s: float
    sockets: int
    seconds: float
    server_percent: float
    """Processor time of the dashboard for everything: MQTT, state, pages."""
    server_idle_percent: float
    """The same without any page: what MQTT and the state cost alone."""
    kb_per_s_a_browser: float
    """Length of the messages before any compression."""
    messages_per_s_a_browser: float
    late_ms_p50: float
    """Time from the publishing of a word to its arrival at the browsers without a screen."""
    late_ms_p99: float
    page_ms_a_message_p50: float
    """Processor time of the page's main thread for a message, all included: script, style, layout, paint, timers."""
    page_ms_a_message_p99: float
    page_late_ms_p50: float
    """Time from the publishing of a word to its text on the page."""
    page_late_ms_p99: float
    alert_arrived_ms_p50: float
    """Time from the moment at which the dashboard has an alert to its arrival at the browsers without a screen, beside the page."""
    alert_arrived_ms_p99: float
    alert_drawn_ms_p50: float
    """Time from the moment at which the dashboard has an alert to its text on the page."""
    alert_drawn_ms_p99: float
    alert_painted_ms_p50: float
    """The same to the end of the frame that shows it."""
    alert_painted_ms_p99: float
    alerts_raised: int
    alerts_drawn: int
    reference: str
    reference_server_percent: float
    reference_kb_per_s_a_browser: float
    server_vs_reference: float
    kb_vs_reference: float


@dataclass(frozen=True, slots=True)
class _Run:
    """Cost of one round."""

    server_percent: float
    kb_per_s: float = 0.0
    messages_per_s: float = 0.0
    late_ms: Sequence[float] = ()


class _Dashboard:
    """The process, and the times at which it said that it has an alert."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._usage = psutil.Process(process.pid)
        self.url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.has_since: dict[str, float] = {}
        """Time in ms at which it has had an alert, by title."""

    async def read(self) -> None:
        """Read until it ends."""
        if self._process.stdout is None:
            return
        while line := await self._process.stdout.readline():
            said: dict[str, Any] = json.loads(line)
            if "url" in said:
                self.url.set_result(said["url"])
            else:
                self.has_since.setdefault(said["title"], said["at"] * 1000)
        if not self.url.done():
            error = KikimoriError.of("not_started", program="kikimori_lab.bench.wall_dashboard", path="-")
            self.url.set_exception(error)

    def cpu_s(self) -> float:
        """Return the processor time that it has taken."""
        times = self._usage.cpu_times()
        return float(times.user + times.system)


async def bench_wall(
    calls: int, updates: float, sockets: int, seconds: float, progress: Callable[[float], None]
) -> WallFigures:
    """Measure; `progress` gets the seconds measured, of `ROUNDS` times `seconds`.

    Raises:
        KikimoriError: there is no Playwright or no Chromium here.
    """
    load = WallLoad(calls, updates)
    user = everything()
    with TemporaryDirectory(prefix="kikimori-wall-") as folder:
        async with opened_store(StoreSettings(dir=Path(folder))) as store:
            token = await token_for(store, SUPERVISOR)
        async with embedded_broker("127.0.0.1", 0, users=[user]) as address, asyncio.TaskGroup() as tasks:
            given = {
                "host": "127.0.0.1",
                "port": str(address.port),
                "user": user.name,
                "password": user.password,
                "store": folder,
            }
            broker = BrokerSettings(host="127.0.0.1", port=address.port).with_login(user.name, user.password)
            running = tasks.create_task(load.run(broker))
            try:
                await load.begun.wait()
                async with _dashboard(given) as dashboard:
                    return await _measure(dashboard, token, calls, updates, sockets, seconds, progress)
            finally:
                running.cancel()


@asynccontextmanager
async def _dashboard(given: dict[str, str]) -> AsyncIterator[_Dashboard]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "kikimori_lab.bench.wall_dashboard",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    dashboard = _Dashboard(process)
    reading = asyncio.create_task(dashboard.read())
    try:
        if process.stdin is not None:
            process.stdin.write(json.dumps(given).encode() + b"\n")
            await process.stdin.drain()
        await dashboard.url
        yield dashboard
    finally:
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()
        await reading


async def _measure(
    dashboard: _Dashboard,
    token: str,
    calls: int,
    updates: float,
    sockets: int,
    seconds: float,
    progress: Callable[[float], None],
) -> WallFigures:
    url = await dashboard.url

    async def round_of(looks: bool | None, done_s: float) -> _Run:
        count = 0 if looks is None else sockets
        pages = [WallSocket(url, cookie_of(token), number, looks=bool(looks)) for number in range(count)]
        return await _round(dashboard, pages, seconds, lambda each: progress(done_s + each))

    idle = await round_of(None, 0.0)
    looking = await round_of(True, seconds)
    former = await round_of(False, 2 * seconds)
    # With the sockets again: the page is measured beside them.
    page = WallPage()
    pages = [WallSocket(url, cookie_of(token), number, looks=True) for number in range(sockets)]
    async with _connected(pages):

        def begun() -> None:
            dashboard.has_since.clear()
            for each in pages:
                each.reset()

        seen = await page.measure(
            url, token, PAGE_ROUNDS * seconds, begun, lambda each: progress(3 * seconds + each)
        )
        arrived = [at for each in pages for at in _since(dashboard.has_since, each.alerts)]
    drawn, painted = (_since(dashboard.has_since, seen[each]) for each in ("alerts", "painted"))
    return WallFigures(
        calls=calls,
        updates_per_s=updates,
        sockets=sockets,
        seconds=seconds,
        server_percent=looking.server_percent,
        server_idle_percent=idle.server_percent,
        kb_per_s_a_browser=looking.kb_per_s,
        messages_per_s_a_browser=looking.messages_per_s,
        late_ms_p50=_part(looking.late_ms, 0.5),
        late_ms_p99=_part(looking.late_ms, 0.99),
        page_ms_a_message_p50=_part(page.per_message_ms, 0.5),
        page_ms_a_message_p99=_part(page.per_message_ms, 0.99),
        page_late_ms_p50=_part(seen["late"], 0.5),
        page_late_ms_p99=_part(seen["late"], 0.99),
        alert_arrived_ms_p50=_part(arrived, 0.5),
        alert_arrived_ms_p99=_part(arrived, 0.99),
        alert_drawn_ms_p50=_part(drawn, 0.5),
        alert_drawn_ms_p99=_part(drawn, 0.99),
        alert_painted_ms_p50=_part(painted, 0.5),
        alert_painted_ms_p99=_part(painted, 0.99),
        alerts_raised=len(dashboard.has_since),
        alerts_drawn=len(drawn),
        reference=REFERENCE,
        reference_server_percent=former.server_percent,
        reference_kb_per_s_a_browser=former.kb_per_s,
        server_vs_reference=round(looking.server_percent / max(former.server_percent, 0.01), 3),
        kb_vs_reference=round(looking.kb_per_s / max(former.kb_per_s, 0.01), 3),
    )


@asynccontextmanager
async def _connected(pages: Sequence[WallSocket]) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(each.run()) for each in pages]
        for each in pages:
            await each.begun.wait()
        yield
        for task in running:
            task.cancel()


async def _round(
    dashboard: _Dashboard, pages: Sequence[WallSocket], seconds: float, progress: Callable[[float], None]
) -> _Run:
    async with _connected(pages):
        await asyncio.sleep(min(WARM_UP_S, seconds))
        for each in pages:
            each.reset()
        clock = asyncio.get_running_loop().time
        began, before = clock(), dashboard.cpu_s()
        for second in range(max(round(seconds), 1)):
            await asyncio.sleep(1)
            progress(second + 1)
        passed, used = clock() - began, dashboard.cpu_s() - before
        count = max(len(pages), 1)
        return _Run(
            server_percent=round(100 * used / passed, 2),
            kb_per_s=round(sum(each.characters for each in pages) / passed / count / 1000, 1),
            messages_per_s=round(sum(each.messages for each in pages) / passed / count, 1),
            late_ms=[late for each in pages for late in each.late_ms],
        )


def _since(has_since: dict[str, float], seen: dict[str, float]) -> list[float]:
    return [at - has_since[title] for title, at in seen.items() if title in has_since]


def _part(values: Sequence[float], part: float) -> float:
    """Return a quantile; 0 for no values."""
    ordered = sorted(values)
    return round(ordered[min(int(part * len(ordered)), len(ordered) - 1)], 2) if ordered else 0.0
