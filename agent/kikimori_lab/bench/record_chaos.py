"""Agent, records service and database killed at random while calls run, and the connection between the first two broken.

The programs are those of an office, agent and service apart, over HTTPS. Hard links to the journals of both sides
survive their deletion; they are compared record by record, the history with the agent's side, and the history with what
the lines sent.
"""

from __future__ import annotations

import asyncio
import ipaddress
import random
import tempfile
import time
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from kikimori_core.certificates.authority import LocalAuthority
from kikimori_core.wire.key_store import Identity
from kikimori_lab.bench.breaking_relay import BreakingRelay
from kikimori_lab.bench.chaos_kills import ChaosKills
from kikimori_lab.bench.chaos_postgres import ChaosPostgres, programs
from kikimori_lab.bench.chaos_process import KillableProcess, program
from kikimori_lab.bench.known_lines import KnownLines
from kikimori_lab.bench.ports import free_ports
from kikimori_lab.bench.record_history import HistoryComparison, truth_of
from kikimori_lab.bench.record_sent import SentComparison, SentReport
from kikimori_lab.bench.record_witness import JournalWitness
from kikimori_records.errors import StoreAwayError
from kikimori_records.migrating import migrate
from kikimori_records.settings import StoreSettings
from kikimori_records.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from kikimori_lab.bench.chaos_kills import ChaosSettings, Killable

SITE, AGENT = "chaos", "front-desk"
SETTLE_S = 90.0
"""Longest time in s after the last kill in which nothing more comes into the history."""
TARGETS = ("agent", "service", "database")


@dataclass(frozen=True, slots=True)
class RunFigures:
    """Figures of one run of the agent."""

    calls: int
    records: int
    payload_bytes: int
    missing: int
    doubled: int
    altered: int
    faults: tuple[str, ...]

    @property
    def is_well(self) -> bool:
        return not (self.missing or self.doubled or self.altered or self.faults)


@dataclass(slots=True)
class RecordChaosReport:
    """Figures of `kikimori bench record-chaos --json`."""

    kills: dict[str, int]
    overlapping: int
    seconds: float
    database: str
    agent_runs: int
    """Runs of the agent that wrote a journal."""
    calls: int
    """Calls in the agent's journals."""
    records: int
    """Records in the agent's journals."""
    payload_bytes: int
    """Their payload."""
    records_missing: int
    """Records that the service never had."""
    records_doubled: int
    """Records that the service had twice."""
    records_altered: int
    """Records that the service had with other content, or that the agent never wrote."""
    history_faults: list[str]
    """Differences between the history and the agent's journals."""
    sent: SentReport
    """Comparison of the history with what the lines sent."""
    breaks: dict[str, int] = field(default_factory=dict)
    """Breaks of the connection between agent and service by their moment: at rest or at once, within a request, before
    the answer to one."""
    settled_s: float = 0.0
    """Time in s from the last call's end until everything was in the history and compared."""

    @property
    def all_well(self) -> bool:
        return (
            self.records > 0
            and not (
                self.records_missing or self.records_doubled or self.records_altered or self.history_faults
            )
            and self.sent.all_well
        )


class RecordChaos:
    """One run; `progress` is called after each kill."""

    def __init__(
        self,
        settings: ChaosSettings,
        folder: Path,
        progress: Callable[[int], None],
        stop: asyncio.Event,
        *,
        seconds: float,
        break_every_s: float,
    ) -> None:
        """Prepare for `run`.

        Args:
            settings: What is killed, and how often.
            folder: Empty.
            progress: Called with the number of kills.
            stop: Kill no more, and report what was done until then.
            seconds: Time for which calls run before the first kill.
            break_every_s: Mean interval between breaks of the connection; 0 = none.
        """
        self._settings = settings
        self._folder = folder
        self._kept = folder / "kept"
        self._random = random.Random(settings.seed)  # noqa: S311 - the same faults again
        self._kills = ChaosKills(settings, self._random, progress, stop)
        self._stop = stop
        self._seconds = seconds
        audio, announce, records, relay, broker, sql = free_ports(6)
        self._relay = BreakingRelay(relay, records, self._random, break_every_s)
        self._lines = KnownLines(audio, announce, self._random, settings.seed)
        self._database = self._found_database(sql)
        self._agent = self._process("agent", '"listening"', heard=self._heard)
        self._service = self._process("records", '"records_ready"', "service")
        self._write_configs(audio, announce, records, relay, broker)
        self._sent = JournalWitness(folder / "state" / f"journal-{AGENT}", folder / "sent")
        self._taken = JournalWitness(self._kept / "records" / "incoming" / AGENT, folder / "taken")
        self._of_sent = SentComparison(self._lines.legs, self._agent.killed_at)
        self._history = HistoryComparison(self._kept / "records", AGENT, self._of_sent.take)
        self._well: dict[str, RunFigures] = {}

    async def run(self) -> RecordChaosReport:
        """Start everything, kill, wait, compare; raises KikimoriError when a part did not start."""
        began = time.monotonic()
        async with AsyncExitStack() as stack:
            parts: dict[str, Killable] = {"agent": self._agent, "service": self._service}
            if self._database is not None:
                parts["database"] = self._database
                stack.push_async_callback(self._database.stop)
                await self._database.make()
            store_settings = self._write_store()
            await asyncio.to_thread(migrate, store_settings)
            for each in (self._service, self._agent):
                stack.push_async_callback(each.stop)
                await each.start()
            await stack.enter_async_context(self._relay.running())
            looking = [asyncio.create_task(each.run()) for each in (self._sent, self._taken)]
            calling = asyncio.create_task(self._lines.run(self._settings.lines))
            await self._wait()
            await self._kills.run(parts)
            self._lines.stop()
            await calling
            ended = time.monotonic()
            report = await self._settle(store_settings)
            report.settled_s = round(time.monotonic() - ended, 1)
            for task in looking:
                task.cancel()
            await asyncio.gather(*looking, return_exceptions=True)
        report.seconds = round(time.monotonic() - began, 1)
        return report

    def _heard(self, line: dict[str, Any]) -> None:
        self._of_sent.heard(line)

    async def _wait(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), self._seconds)

    # --- comparison

    async def _settle(self, store_settings: StoreSettings) -> RecordChaosReport:
        """Compare until all is well, or nothing more has come for `SETTLE_S`; return the last comparison.

        Raises:
            StoreAwayError: the database did not come back within that time.
        """
        ends = time.monotonic() + SETTLE_S
        fewest: int | None = None
        store = await Store.open(store_settings, beside=True)
        try:
            while True:
                began = time.monotonic()
                try:
                    report = await self._compare(store)
                except StoreAwayError:
                    if began > ends:
                        raise
                else:
                    lacking = report.records_missing + len(report.history_faults) + len(report.sent.faults)
                    if fewest is None or lacking < fewest:
                        fewest, ends = lacking, time.monotonic() + SETTLE_S
                    if report.all_well or began > ends:
                        return report
                # It takes half of a core at most, beside what is compared.
                await asyncio.sleep(max(0.5, time.monotonic() - began))
        finally:
            await store.close()

    async def _compare(self, store: Store) -> RecordChaosReport:
        self._sent.look()
        self._taken.look()
        for run in self._sent.runs():
            if run not in self._well or not self._well[run].is_well:
                self._well[run] = await self._compare_run(store, run)
        runs = self._well.values()
        return RecordChaosReport(
            kills=self._kills.done,
            overlapping=self._kills.overlapped,
            seconds=0.0,
            database="sqlite" if store.settings.is_sqlite else "postgresql",
            agent_runs=len(runs),
            calls=sum(each.calls for each in runs),
            records=sum(each.records for each in runs),
            payload_bytes=sum(each.payload_bytes for each in runs),
            records_missing=sum(each.missing for each in runs),
            records_doubled=sum(each.doubled for each in runs),
            records_altered=sum(each.altered for each in runs),
            history_faults=[fault for each in runs for fault in each.faults],
            sent=self._of_sent.report(),
            breaks={each.name.lower(): count for each, count in self._relay.breaks.items()},
        )

    async def _compare_run(self, store: Store, run: str) -> RunFigures:
        sent, _ = await asyncio.to_thread(self._sent.records, run)
        taken, twice = await asyncio.to_thread(self._taken.records, run)
        truth = await asyncio.to_thread(truth_of, [sent[number] for number in sorted(sent)])
        return RunFigures(
            calls=len(truth),
            records=len(sent),
            payload_bytes=sum(len(each.payload) for each in sent.values()),
            missing=len(sent.keys() - taken.keys()),
            doubled=len(twice),
            altered=sum(sent.get(number) != each for number, each in taken.items()),
            faults=tuple(await self._history.faults_of(store, run, truth)),
        )

    # --- what is started

    def _found_database(self, port: int) -> ChaosPostgres | None:
        found = programs()
        return (
            None if found is None or "database" not in self._settings.targets else ChaosPostgres(port, found)
        )

    def _write_store(self) -> StoreSettings:
        """Add the database to the service's file and return its settings."""
        store = (
            StoreSettings(dir=self._kept) if self._database is None else self._database.settings(self._kept)
        )
        secret = "" if store.password_file is None else f'password_file = "{store.password_file}"\n'
        with (self._folder / "service.toml").open("a", encoding="utf-8") as file:
            file.write(f'[store]\ndir = "{self._kept}"\nurl = "{store.url}"\n{secret}')
        return store

    def _write_configs(self, audio: int, announce: int, records: int, relay: int, broker: int) -> None:
        """Write the files of agent and service with a certificate, have the agent's key trusted."""
        self._kept.mkdir()
        state = self._folder / "state"
        of_agent = Identity.at(state, f"agent-{AGENT}")
        Identity.at(self._kept, "dashboard").trust.trust(AGENT, of_agent.key.public)
        authority, certificate, key = (
            self._folder / name for name in ("ca.pem", "records.pem", "records.key")
        )
        names, addresses = ["localhost"], [ipaddress.ip_address("127.0.0.1")]
        made = LocalAuthority.make(names, addresses)
        issued = made.issue(names[0], names, addresses)
        authority.write_bytes(made.pair().certificate)
        certificate.write_bytes(issued.certificate)
        key.touch(mode=0o600)
        key.write_bytes(issued.key)
        general = f'site = "{SITE}"\nagent_id = "{AGENT}"\nlog_level = "info"\n'
        recording = "[recording]\nenabled = true\ndays = 1\nmax_gb = 100\n"
        (self._folder / "agent.toml").write_text(
            f'{general}state_dir = "{state}"\n[mqtt]\nport = {broker}\n{recording}'
            f'[records]\nurl = "https://127.0.0.1:{relay}"\nca_file = "{authority}"\n'
            f"[audiosocket]\nport = {audio}\nannounce_port = {announce}\n"
            # Nothing is recognised, and reading the phrases would be most of an agent's start.
            "[speech]\nenabled = false\n[judging]\nbuiltin_phrases = false\n",
            encoding="utf-8",
        )
        (self._folder / "service.toml").write_text(
            f"{general}{recording}[records]\nport = {records}\n"
            f'certificate = "{certificate}"\ncertificate_key = "{key}"\n'
            f'[dashboard]\nstate_dir = "{self._kept}"\n',
            encoding="utf-8",
        )

    def _process(
        self, command: str, ready: str, name: str = "", heard: Callable[[dict[str, Any]], None] | None = None
    ) -> KillableProcess:
        name = name or command
        config = str(self._folder / f"{name}.toml")
        return KillableProcess(
            program("kikimori", command, "--config", config, "--log-format", "json"),
            self._folder / f"{name}.log",
            ready,
            heard or (lambda _line: None),
        )


async def run_record_chaos(
    settings: ChaosSettings,
    progress: Callable[[int], None],
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
