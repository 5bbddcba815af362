"""Agent, records service and database killed at random while calls run, and the connection between the first two broken.

The programs are those of an office, agent and service apart, over HTTPS. Hard links to the journals of both sides
survive their deletion; they are compared record by record, the history with the agent's side, and the history with what
the lines sent.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from kikimori.errors import KikimoriError, first_of
from kikimori_lab.bench.breaking_relay import BreakingRelay
from kikimori_lab.bench.chaos_kills import ChaosKills
from kikimori_lab.bench.chaos_postgres import ChaosPostgres, programs
from kikimori_lab.bench.chaos_process import KillableProcess, load_before
from kikimori_lab.bench.known_lines import KnownLines
from kikimori_lab.bench.ports import free_ports
from kikimori_lab.bench.record_chaos_files import AGENT, ChaosPorts, add_store, write_files
from kikimori_lab.bench.record_comparison import RecordComparison
from kikimori_lab.bench.record_sent import SentComparison
from kikimori_records.migrating import migrate
from kikimori_records.settings import StoreSettings

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from kikimori_lab.bench.chaos_kills import ChaosSettings, Killable
    from kikimori_lab.bench.record_chaos_report import RecordChaosReport

TARGETS = ("agent", "service", "database")
LOADED = (
    "kikimori.agent",
    "kikimori.cli.agent",
    "kikimori.cli.records",
    "kikimori.config",
    "kikimori.integrations.audiosocket.tap",
    "kikimori.records_serving",
    "kikimori_dashboard.config",
    "sqlalchemy.dialects.postgresql.psycopg",
)
"""Modules of agent and service."""
COMPACTING, COMPACTED = "segment_compacting", "segment_compacted"
"""Events of the service's log."""
COMPACTS_WITHIN_S = 3.0
"""Time in s for which a kill waits for a compaction."""
COMPACTION_S = 0.02
"""Time in s after the begin of a compaction at which the service is killed, at most."""
INTERRUPTED = "interrupted"


class RecordChaos:
    """One run; `progress` is called after each kill."""

    def __init__(
        self,
        settings: ChaosSettings,
        folder: Path,
        progress: Callable[[int, str], None],
        stop: asyncio.Event,
        *,
        seconds: float,
        break_every_s: float,
    ) -> None:
        """Prepare for `run`.

        Args:
            settings: What is killed, and how often.
            folder: Empty.
            progress: Called with the number of kills, and what is done.
            stop: Kill no more, and report what was done until then.
            seconds: Time for which calls run before the first kill.
            break_every_s: Mean interval between breaks of the connection; 0 = none.
        """
        self._settings = settings
        self._folder = folder
        self._kept = folder / "kept"
        self._random = random.Random(settings.seed)  # noqa: S311 - the same faults again
        moments = {"service": self._compaction_begins}
        self._kills = ChaosKills(settings, self._random, progress, stop, moments)
        self._progress = progress
        self._stop = stop
        self._seconds = seconds
        *numbers, sql = free_ports(6)
        ports = ChaosPorts(*numbers)
        self._relay = BreakingRelay(ports.relay, ports.records, self._random, break_every_s)
        self._lines = KnownLines(ports.audio, ports.announce, self._random, settings.seed)
        self._database = self._found_database(sql)
        self._agent = self._process("agent", "kikimori", "agent", is_ready='"listening"', heard=self._heard)
        self._service = self._process(
            "service",
            "kikimori_lab.bench.chaos_records",
            is_ready='"records_ready"',
            heard=self._heard_of_service,
            killed=self._service_killed,
        )
        write_files(folder, self._kept, ports)
        self._incoming = self._kept / "records" / "incoming" / AGENT
        of_sent = SentComparison(self._lines.legs, self._agent.killed_at)
        self._raised = of_sent.heard
        journals = folder / "state" / f"journal-{AGENT}"
        self._comparison = RecordComparison(folder, journals, self._kept / "records", of_sent, self._tell)
        self._compacting = asyncio.Event()
        self._compactions = 0
        self._kills_in_compaction = 0

    async def run(self) -> RecordChaosReport:
        """Start everything, kill, wait, compare; raises KikimoriError when a part did not start the first time."""
        began = time.monotonic()
        load_before(LOADED)
        async with AsyncExitStack() as stack:
            parts: dict[str, Killable] = {"agent": self._agent, "service": self._service}
            if self._database is not None:
                parts["database"] = self._database
                stack.push_async_callback(self._database.stop)
                await self._database.make()
            store = StoreSettings(dir=self._kept)
            if self._database is not None:
                store = self._database.settings(self._kept)
            add_store(self._folder, store)
            await asyncio.to_thread(migrate, store)
            for each in (self._service, self._agent):
                stack.push_async_callback(each.stop)
                await each.start()
            await stack.enter_async_context(self._relay.running())
            looking = asyncio.create_task(self._comparison.look())
            calling = asyncio.create_task(self._lines.run(self._settings.lines))
            await self._wait()
            cut_short = await self._kill(parts)
            self._lines.stop()
            await calling
            ended = time.monotonic()
            await self._comparison.received()
            report = await self._comparison.settled(store)
            report.settled_s = round(time.monotonic() - ended, 1)
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
        report.kills, report.overlapping = self._kills.done, self._kills.overlapped
        report.breaks = {each.name.lower(): count for each, count in self._relay.breaks.items()}
        report.cut_short = cut_short
        report.compactions, report.kills_in_compaction = self._compactions, self._kills_in_compaction
        report.seconds = round(time.monotonic() - began, 1)
        return report

    async def _kill(self, parts: dict[str, Killable]) -> str | None:
        """Kill, and return the reason for which not all kills were done; None = they were."""
        try:
            await self._kills.run(parts)
        except (KikimoriError, ExceptionGroup) as error:
            if not isinstance(why := first_of(error), KikimoriError):
                raise
            return why.message
        return INTERRUPTED if self._stop.is_set() else None

    async def _wait(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), self._seconds)

    # --- what the parts do

    def _heard(self, line: dict[str, Any]) -> None:
        self._raised(line)

    def _tell(self, what: str) -> None:
        self._progress(self._kills.count, what)

    def _heard_of_service(self, line: dict[str, Any]) -> None:
        if line.get("event") == COMPACTING:
            self._compacting.set()
        self._compactions += line.get("event") == COMPACTED

    async def _compaction_begins(self) -> None:
        self._compacting.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._compacting.wait(), COMPACTS_WITHIN_S)
            await asyncio.sleep(self._random.uniform(0.0, COMPACTION_S))

    def _service_killed(self) -> None:
        self._kills_in_compaction += any(self._incoming.glob("*/*.kkj.new"))

    # --- what is started

    def _found_database(self, port: int) -> ChaosPostgres | None:
        found = programs()
        return (
            None if found is None or "database" not in self._settings.targets else ChaosPostgres(port, found)
        )

    def _process(
        self,
        name: str,
        module: str,
        *command: str,
        is_ready: str,
        heard: Callable[[dict[str, Any]], None],
        killed: Callable[[], None] = lambda: None,
    ) -> KillableProcess:
        arguments = (*command, "--config", str(self._folder / f"{name}.toml"), "--log-format", "json")
        return KillableProcess(module, arguments, self._folder / f"{name}.log", is_ready, heard, killed)


async def run_record_chaos(
    settings: ChaosSettings,
    progress: Callable[[int, str], None],
    stop: asyncio.Event,
    folder: Path | None = None,
    *,
    seconds: float,
    break_every_s: float,
) -> RecordChaosReport:
    """Run in `folder`, which is empty, or in one that is removed again; raises KikimoriError."""
    if folder is not None:
        made = RecordChaos(settings, folder, progress, stop, seconds=seconds, break_every_s=break_every_s)
        return await made.run()
    with tempfile.TemporaryDirectory(prefix="kikimori-chaos-") as name:
        return await run_record_chaos(
            settings, progress, stop, Path(name), seconds=seconds, break_every_s=break_every_s
        )
