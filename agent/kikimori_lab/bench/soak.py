"""Soak test of an office: many short calls through one way in, and what remains of them.

Broker, agent and dashboard run whole in this process, as in `kikimori up`; another process makes the calls. After the
first calls and again after the last the process is left alone until every limit has passed, and looked at: what there
is more of then grows with the calls.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
import tempfile
import time
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import structlog

import kikimori_dashboard
from kikimori.calls.lag import LagMeter
from kikimori.config import AgentConfig, SpeechTable
from kikimori.errors import KikimoriError
from kikimori.integrations.audiosocket.settings import AudioSocketTable
from kikimori.integrations.chan_websocket.settings import ChanWebSocketTable
from kikimori.integrations.freeswitch.settings import FreeSwitchTable
from kikimori.integrations.mirror.settings import MirrorTable
from kikimori.integrations.siprec.settings import SiprecTable
from kikimori.office import Office, open_office
from kikimori_lab.bench.inventory import ProcessInventory, grown, rss_mb, take_inventory
from kikimori_lab.bench.ports import free_port
from kikimori_lab.bench.soak_calls import Plan, Way
from kikimori_lab.signed_in import SUPERVISOR, store_for_a_while, token_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

IDLE_S = 30.0
"""Seconds without audio that end a call whose end was lost; longer than a busy machine may delay the sending
process."""
REST_S = 75.0
"""Seconds of rest, longer than any timeout: a leg that was announced 60 s, a call and then its SIP dialog 30
and 32 s."""
WARM_UP_CALLS = 60
_SAMPLES = 50


@dataclass(frozen=True, slots=True)
class SoakSettings:
    """Settings of a soak run."""

    way: Way
    calls: int
    at_once: int
    shortest_s: float = 1.0
    longest_s: float = 3.0
    broken_every: int = 10
    model: str | None = None
    """Speech model; None = recognition off."""
    calm: bool = False
    """True = only calls that no rule should alert of."""
    rest_s: float = REST_S


@dataclass(frozen=True, slots=True)
class SoakFigures:
    """Figures that `kikimori bench soak --json` prints. Pairs are before and after."""

    way: str
    calls: int
    broken: int
    """Number of these that ended irregularly, or whose set-up did not finish."""
    failed: int
    """Calls that the agent did not take as it should have."""
    seconds: float
    cores_busy: float
    """Processor seconds of broker, agent and dashboard per second, while calls were made."""
    lag_ms_p50: float
    lag_ms_p99: float
    """Latency from the arrival of a window's last sample to its evidence."""
    rss_mb: list[float]
    rss_kb_per_1000_calls: float
    """Slope over the second half of the calls."""
    files: list[int]
    tasks: list[int]
    threads: list[int]
    calls_left: int
    """Calls that the agent or the page still shows after the rest."""
    frames_dropped: int
    speech_shed_s: int
    alerts: int
    """Messages about alerts."""
    log_lines_per_call: float
    log_kb_per_call: float
    warnings: dict[str, int]
    objects_grown: dict[str, list[int]]
    entries_grown: dict[str, list[int]]
    reasons: dict[str, int] = field(default_factory=dict)
    """Reasons of the calls that failed."""

    @property
    def left_over(self) -> bool:
        """Return whether calls failed or remained, or open files or tasks grew."""
        more = self.files[1] > self.files[0] or self.tasks[1] > self.tasks[0]
        return bool(self.failed or self.calls_left or more)


class CountingLog:
    """A structlog processor: counts lines and their length, and prints none of them."""

    def __init__(self) -> None:
        self.events: Counter[str] = Counter()
        self.warnings: Counter[str] = Counter()
        self.bytes = 0

    def __call__(
        self, _logger: Any, method: str, event: structlog.typing.EventDict
    ) -> structlog.typing.EventDict:
        name = str(event.get("event"))
        self.events[name] += 1
        if method not in ("debug", "info"):
            reason = event.get("reason")
            self.warnings[f"{name} {reason}" if isinstance(reason, str) else name] += 1
        # As much as the JSON line has beside the fields: time and level.
        self.bytes += len(json.dumps(event, default=str)) + 70
        raise structlog.DropEvent


async def bench_soak(settings: SoakSettings, progress: Callable[[float], None]) -> SoakFigures:
    """Run the soak test; `progress` gets the number of calls that are over.

    Raises:
        KikimoriError: the sending process failed, or the mirrored interface may not be read.
    """
    log = CountingLog()
    structlog.configure(processors=[log], wrapper_class=structlog.make_filtering_bound_logger(20))
    try:
        with tempfile.TemporaryDirectory(prefix="kikimori-soak-") as state:
            plan = Plan(
                settings.way,
                settings.calls,
                settings.at_once,
                settings.shortest_s,
                settings.longest_s,
                settings.broken_every,
                page="",
                addresses={},
                calm=settings.calm,
                secret=secrets.token_hex(8),
                sip_port=free_port() if settings.way == "mirror" else 0,
            )
            async with _office(Path(state), settings, plan) as (office, token):
                plan = replace(
                    plan, page=office.dashboard_url, session=token, addresses=office.addresses.by_name
                )
                return await _measure(office, settings, plan, log, progress)
    finally:
        structlog.reset_defaults()


@asynccontextmanager
async def _office(state: Path, settings: SoakSettings, plan: Plan) -> AsyncIterator[tuple[Office, str]]:
    """Run the office; give it and the token of a supervisor's session."""
    secret = state / "media-token"
    secret.write_text(plan.secret, encoding="utf-8")
    way = settings.way
    config = AgentConfig(
        site="soak",
        agent_id="soak",
        state_dir=state,
        audiosocket=AudioSocketTable(enabled=way == "audiosocket", port=0, announce_port=0, idle_s=IDLE_S),
        chan_websocket=ChanWebSocketTable(enabled=way == "chan_websocket", port=0, idle_s=IDLE_S),
        siprec=SiprecTable(enabled=way == "siprec", port=0, tcp=False, rtp_idle_s=IDLE_S),
        freeswitch=FreeSwitchTable(
            tap=way == "freeswitch", media_port=0, media_token_file=secret, idle_s=IDLE_S
        ),
        mirror=MirrorTable(
            enabled=way == "mirror",
            interface="lo",
            sip_ports=(plan.sip_port or 5060,),
            idle_s=IDLE_S,
            max_calls=10_000,
        ),
        speech=SpeechTable(enabled=settings.model is not None, model=settings.model),
    )
    dashboard = kikimori_dashboard.DashboardSettings(site="soak", port=0)
    async with (
        store_for_a_while() as store,
        open_office(config, dashboard, broker_port=0, store=store) as office,
    ):
        yield office, await token_for(store, SUPERVISOR)


async def _measure(
    office: Office, settings: SoakSettings, plan: Plan, log: CountingLog, progress: Callable[[float], None]
) -> SoakFigures:
    warm = _Calls(min(WARM_UP_CALLS, settings.calls))
    await warm.make(replace(plan, calls=warm.wanted))
    await asyncio.sleep(settings.rest_s)
    before, counters, lines, size = (
        take_inventory(),
        office.agent.desk.counters(),
        log.events.total(),
        log.bytes,
    )
    log.warnings.clear()
    alerts = log.events["alert"]
    lag = office.agent.desk.hearing.lag = LagMeter()
    began, cpu = time.perf_counter(), time.process_time()
    calls = _Calls(settings.calls)
    await calls.make(plan, progress)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    await asyncio.sleep(settings.rest_s)
    after, counted = take_inventory(), office.agent.desk.counters()
    return SoakFigures(
        way=settings.way,
        calls=settings.calls,
        broken=calls.broken,
        failed=calls.failures.total(),
        seconds=round(seconds, 1),
        cores_busy=round(cpu / seconds, 2),
        lag_ms_p50=round(lag.percentile_ms(50), 1),
        lag_ms_p99=round(lag.percentile_ms(99), 1),
        rss_mb=[round(before.rss_mb, 1), round(after.rss_mb, 1)],
        rss_kb_per_1000_calls=round(calls.slope_mb() * 1e6),
        files=_pair(before, after, "files"),
        tasks=_pair(before, after, "tasks"),
        threads=_pair(before, after, "threads"),
        calls_left=len(office.agent.desk.calls),
        frames_dropped=counted["frames_dropped"] - counters["frames_dropped"],
        speech_shed_s=counted["speech_shed_s"] - counters["speech_shed_s"],
        alerts=log.events["alert"] - alerts,
        log_lines_per_call=round((log.events.total() - lines) / settings.calls, 1),
        log_kb_per_call=round((log.bytes - size) / 1000 / settings.calls, 2),
        warnings=dict(log.warnings.most_common(20)),
        objects_grown=grown(before.objects, after.objects),
        entries_grown=grown(before.entries, after.entries),
        reasons=dict(calls.failures.most_common(5)),
    )


class _Calls:
    """The calls of one run of the sending process, and this process's memory meanwhile."""

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.broken = 0
        self.failures: Counter[str] = Counter()
        self._done = 0
        self._memory: list[tuple[int, float]] = []

    async def make(self, plan: Plan, progress: Callable[[float], None] | None = None) -> None:
        sender = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "kikimori_lab.bench.soak_sender",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        if sender.stdin is None or sender.stdout is None:
            raise RuntimeError("no pipes")
        try:
            sender.stdin.write(json.dumps(asdict(plan)).encode())
            sender.stdin.close()
            async for line in sender.stdout:
                self._over(json.loads(line))
                if progress is not None:
                    progress(self._done)
            code = await sender.wait()
        finally:
            if sender.returncode is None:
                sender.terminate()
                await sender.wait()
        if code or self._done < self.wanted:
            raise KikimoriError.of("sender_ended_after", code=code, calls=self._done)

    def _over(self, call: dict[str, Any]) -> None:
        self._done += 1
        self.broken += call["broken"]
        if call["failed"] and not call["broken"]:
            self.failures[call["failed"]] += 1
        if self._done % max(1, self.wanted // _SAMPLES) == 0:
            self._memory.append((self._done, rss_mb()))

    def slope_mb(self) -> float:
        """Megabytes per call, over the second half."""
        late = self._memory[len(self._memory) // 2 :]
        if len(late) < 3:
            return 0.0
        done, memory = zip(*late, strict=True)
        return float(np.polyfit(done, memory, 1)[0])


def _pair(before: ProcessInventory, after: ProcessInventory, name: str) -> list[int]:
    return [getattr(before, name), getattr(after, name)]
