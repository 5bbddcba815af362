"""Broker, agent and dashboard killed at random, as processes: comparison of alerts raised and alerts shown.

Mosquitto runs with the shipped files. Telephone lines make calls in which somebody calls for help, so that alerts are
raised and closed all the time; a client of the dashboard sees, confirms and counts as a supervisor's page does.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kikimori_core.wire.connection import connect
from kikimori_core.wire.key_store import Identity
from kikimori_core.wire.topics import TopicKind, Topics
from kikimori_lab.bench.chaos_kills import ChaosKills
from kikimori_lab.bench.chaos_lines import ChaosLines
from kikimori_lab.bench.chaos_page import CountingPage
from kikimori_lab.bench.chaos_process import KillableProcess, load_before
from kikimori_lab.bench.mosquitto import ShippedMosquitto
from kikimori_lab.bench.ports import free_ports
from kikimori_lab.signed_in import SUPERVISOR, cookie_of, token_for
from kikimori_records.settings import StoreSettings
from kikimori_records.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_core.wire.settings import BrokerSettings
    from kikimori_lab.bench.chaos_kills import ChaosSettings, Killable

SITE, AGENT, BOARD = "chaos", "front-desk", "dashboard"
SETTLE_S = 90.0
"""Longest time in s after the last fault until everything must be right."""
WARM_UP_S = 3.0
LOADED = (
    "kikimori.agent",
    "kikimori.cli.agent",
    "kikimori.config",
    "kikimori.integrations.audiosocket.tap",
    "kikimori_dashboard.app",
)
"""Modules of agent and dashboard."""
TARGETS = ("broker", "agent", "dashboard")


@dataclass(slots=True)
class ChaosReport:
    kills: dict[str, int]
    overlapping: int
    seconds: float
    calls: int
    raised: int
    """Alerts whose first revision was on the agent's disk."""
    unseen: list[str] = field(default_factory=list)
    """Number of these that never stood on the page."""
    stale: list[str] = field(default_factory=list)
    """Calls and alerts that stood on the page, or on the broker, though they were over for 30 s."""
    doubled: list[str] = field(default_factory=list)
    """Alerts that stood on the page twice at once."""
    reopened: list[str] = field(default_factory=list)
    """Alerts that stood on the page as open again for a while, and not marked as unconfirmed: a broker had an old save, and
    the agent was on the way of clearing it. No fault of delivery, so it does not count."""

    @property
    def all_well(self) -> bool:
        return self.raised > 0 and not (self.unseen or self.stale or self.doubled)


class Chaos:
    """One run; `progress` is called after each kill."""

    def __init__(
        self, settings: ChaosSettings, folder: Path, progress: Callable[[int, str], None], stop: asyncio.Event
    ) -> None:
        """`stop`: kill no more, and report what was done until then."""
        self._settings = settings
        self._folder = folder
        self._random = random.Random(settings.seed)  # noqa: S311 - the same faults again
        self._kills = ChaosKills(settings, self._random, progress, stop)
        self._raised: dict[str, None] = {}

    async def run(self) -> ChaosReport:
        """Start everything, kill, wait, count.

        Raises:
            KikimoriError: a part did not start.
        """
        began = time.monotonic()
        load_before(LOADED)
        broker = ShippedMosquitto(self._folder / "mosquitto", SITE, agents=[AGENT], dashboards=[BOARD])
        audio, announce, web = free_ports(3)
        config = self._write_config(broker, audio, announce, web)
        agent = KillableProcess(
            "kikimori",
            ("agent", "--config", str(config), "--log-format", "json"),
            self._folder / "agent.log",
            '"listening"',
            self._heard,
        )
        board = KillableProcess(
            "kikimori_dashboard",
            ("--config", str(config.with_name("dashboard.toml"))),
            self._folder / "dashboard.log",
            "dashboard: http",
            lambda _line: None,
        )
        parts: dict[str, Killable] = {"broker": broker, "agent": agent, "dashboard": board}
        lines = ChaosLines(audio, announce, self._random)
        page = CountingPage(f"http://127.0.0.1:{web}", await self._sign_in())
        try:
            for part in parts.values():
                await part.start()
            watching = asyncio.create_task(page.run())
            calling = asyncio.create_task(lines.run(self._settings.lines))
            await asyncio.sleep(WARM_UP_S)
            await self._kills.run(parts)
            lines.stop()
            await calling
            stale = await self._settle(page)
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            await board.stop()
            stale += await _retained(broker.settings(BOARD))
        finally:
            for each in (agent, board, broker):
                await each.stop()
        return ChaosReport(
            kills=self._kills.done,
            overlapping=self._kills.overlapped,
            seconds=round(time.monotonic() - began, 1),
            calls=lines.made,
            raised=len(self._raised),
            unseen=[each for each in self._raised if each not in page.shown],
            stale=stale,
            doubled=sorted(page.doubled),
            reopened=sorted(page.reopened),
        )

    async def _settle(self, page: CountingPage) -> list[str]:
        """Wait until all is shown and over, for `SETTLE_S` at most; return what is still on the page then."""
        ends = time.monotonic() + SETTLE_S
        stale = ["the page is not connected"]
        while time.monotonic() < ends:
            if page.picture and page.picture["site"]["broker_connected"]:
                stale = sorted([*page.picture["calls"], *page.picture["alerts"]])
                if not stale and all(each in page.shown for each in self._raised):
                    break
            await asyncio.sleep(0.2)
        return stale

    def _heard(self, line: dict[str, Any]) -> None:
        if line.get("event") == "alert" and line.get("state") == "open":
            self._raised[line["alert_id"]] = None

    async def _sign_in(self) -> str:
        """Add a supervisor to the dashboard's database; return the cookie of their session."""
        store = await Store.open(StoreSettings(dir=self._folder / "dashboard-state"))
        try:
            return cookie_of(await token_for(store, SUPERVISOR))
        finally:
            await store.close()

    def _write_config(self, broker: ShippedMosquitto, audio: int, announce: int, web: int) -> Path:
        """Write the files of agent and dashboard, exchange their keys; return the agent's file."""
        of_agent = Identity.at(self._folder / "state", f"agent-{AGENT}")
        of_board = Identity.at(self._folder / "dashboard-state", "dashboard")
        of_agent.trust.trust(BOARD, of_board.key.public)
        of_board.trust.trust(AGENT, of_agent.key.public)
        # Nothing is recognised, and reading the phrases would be most of an agent's start.
        ways_in = (
            f"[audiosocket]\nport = {audio}\nannounce_port = {announce}\n"
            "[speech]\nenabled = false\n[judging]\nbuiltin_phrases = false\n"
        )
        for name, user, more in (
            ("kikimori.toml", AGENT, ways_in),
            (
                "dashboard.toml",
                BOARD,
                f'[dashboard]\nport = {web}\nstate_dir = "{self._folder / "dashboard-state"}"\n',
            ),
        ):
            reached = broker.settings(user)
            text = (
                f'site = "{SITE}"\nagent_id = "{AGENT}"\nstate_dir = "{self._folder / "state"}"\n'
                f'[mqtt]\nport = {reached.port}\nusername = "{user}"\npassword_file = "{reached.password_file}"\n{more}'
            )
            (self._folder / name).write_text(text, encoding="utf-8")
        return self._folder / "kikimori.toml"


async def run_chaos(
    settings: ChaosSettings,
    progress: Callable[[int, str], None],
    stop: asyncio.Event,
    folder: Path | None = None,
) -> ChaosReport:
    """Run in `folder`, which exists, or in one that is removed again; raises KikimoriError."""
    if folder is not None:
        return await Chaos(settings, folder, progress, stop).run()
    with tempfile.TemporaryDirectory(prefix="kikimori-chaos-") as made:
        return await Chaos(settings, Path(made), progress, stop).run()


async def _retained(settings: BrokerSettings) -> list[str]:
    """Return the topics of calls and alerts that the broker still retains after `SETTLE_S`; at once where it retains none.

    A page shows a call no more from its last state on, which the agent clears just after.
    """
    topics = Topics(SITE)
    marker = topics.marker(BOARD)
    found = set[str]()
    told = False
    with suppress(TimeoutError):
        async with connect(settings, BOARD) as client, asyncio.timeout(SETTLE_S):
            await client.subscribe([(marker, 1), *topics.dashboard_filters()])
            await client.publish(marker, b"end", qos=1)
            async for message in client.messages:
                topic = message.topic.value
                told = told or (topic == marker and message.payload == b"end")
                parsed = topics.parse(topic)
                if parsed is not None and parsed.kind in (TopicKind.CALL_STATE, TopicKind.ALERT):
                    if not message.payload:
                        found.discard(topic)
                    elif message.retain:
                        found.add(topic)
                if told and not found:
                    break
    return sorted(found) if told else ["the broker does not answer"]
