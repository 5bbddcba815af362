"""Agent, records service and database killed at random while calls run: comparison of what was written and what is kept.

The programs are those of an office, agent and service apart. Hard links to the journals of both sides survive their
deletion; they are compared record by record, and the history with the agent's side.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from kikimori_core.wire.key_store import Identity
from kikimori_lab.bench.chaos_kills import ChaosKills
from kikimori_lab.bench.chaos_lines import ChaosLines
from kikimori_lab.bench.chaos_postgres import ChaosPostgres, programs
from kikimori_lab.bench.chaos_process import KillableProcess, program
from kikimori_lab.bench.ports import free_ports
from kikimori_lab.bench.record_history import faults_of, truth_of
from kikimori_lab.bench.record_witness import JournalWitness
from kikimori_records.errors import StoreAwayError
from kikimori_records.migrating import migrate
from kikimori_records.settings import StoreSettings
from kikimori_records.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_lab.bench.chaos_kills import ChaosSettings, Killable

SITE, AGENT = "chaos", "front-desk"
SETTLE_S = 90.0
"""Longest time in s after the last kill in which nothing more comes into the history."""
WARM_UP_S = 3.0
LOUD = 2000
"""Loudness of the lines' noise: the standard deviation of its samples."""
TARGETS = ("agent", "service", "database")


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
    records_missing: int = 0
    """Records that the service never had."""
    records_doubled: int = 0
    """Records that the service had twice."""
    records_altered: int = 0
    """Records that the service had with other content, or that the agent never wrote."""
    history_faults: list[str] = field(default_factory=list)
    """Differences between the history and the agent's journals."""

    @property
    def all_well(self) -> bool:
        return self.records > 0 and not (
            self.records_missing or self.records_doubled or self.records_altered or self.history_faults
        )


class RecordChaos:
    """One run; `progress` is called after each kill."""

    def __init__(
        self, settings: ChaosSettings, folder: Path, progress: Callable[[int], None], stop: asyncio.Event
    ) -> None:
        """`stop`: kill no more, and report what was done until then."""
        self._settings = settings
        self._folder = folder
        self._kept = folder / "kept"
        self._random = random.Random(settings.seed)  # noqa: S311 - the same faults again
        self._kills = ChaosKills(settings, self._random, progress, stop)
        self._sent = JournalWitness(folder / "state" / f"journal-{AGENT}", folder / "sent")
        self._taken = JournalWitness(self._kept / "records" / "incoming" / AGENT, folder / "taken")

    async def run(self) -> RecordChaosReport:
        """Start everything, kill, wait, compare; raises KikimoriError when a part did not start."""
        began = time.monotonic()
        self._kept.mkdir()
        audio, announce, records, broker, sql = free_ports(5)
        database = self._database(sql)
        agent, service = self._write_configs(audio, announce, records, broker)
        parts: dict[str, Killable] = {"agent": agent, "service": service}
        if database is not None:
            parts["database"] = database
        noise = self._random.gauss
        frame = b"".join(round(noise(0, LOUD)).to_bytes(2, "little", signed=True) for _ in range(160))
        lines = ChaosLines(audio, announce, self._random, frame)
        try:
            if database is not None:
                await database.make()
            store_settings = self._write_store(database)
            await asyncio.to_thread(migrate, store_settings)
            await service.start()
            await agent.start()
            looking = [asyncio.create_task(each.run()) for each in (self._sent, self._taken)]
            calling = asyncio.create_task(lines.run(self._settings.lines))
            await asyncio.sleep(WARM_UP_S)
            await self._kills.run(parts)
            lines.stop()
            await calling
            report = await self._settle(store_settings)
            for each in looking:
                each.cancel()
            await asyncio.gather(*looking, return_exceptions=True)
        finally:
            await agent.stop()
            await service.stop()
            if database is not None:
                await database.stop()
        report.seconds = round(time.monotonic() - began, 1)
        return report

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
                    lacking = report.records_missing + len(report.history_faults)
                    if fewest is None or lacking < fewest:
                        fewest, ends = lacking, time.monotonic() + SETTLE_S
                    if report.all_well or began > ends:
                        return report
                # A comparison reads everything: it takes half of a core at most, beside what is compared.
                await asyncio.sleep(max(1.0, time.monotonic() - began))
        finally:
            await store.close()

    async def _compare(self, store: Store) -> RecordChaosReport:
        self._sent.look()
        self._taken.look()
        report = RecordChaosReport(
            self._kills.done,
            self._kills.overlapped,
            0.0,
            "sqlite" if store.settings.is_sqlite else "postgresql",
            0,
            0,
            0,
            0,
        )
        for run in self._sent.runs():
            sent, _ = self._sent.records(run)
            taken, twice = self._taken.records(run)
            truth = truth_of(sent[number] for number in sorted(sent))
            report.agent_runs += 1
            report.calls += len(truth)
            report.records += len(sent)
            report.payload_bytes += sum(len(each.payload) for each in sent.values())
            report.records_missing += len(sent.keys() - taken.keys())
            report.records_doubled += len(twice)
            report.records_altered += sum(sent.get(number) != each for number, each in taken.items())
            report.history_faults += await faults_of(store, self._kept / "records", AGENT, run, truth)
        return report

    # --- what is started

    def _database(self, port: int) -> ChaosPostgres | None:
        found = programs()
        return (
            None if found is None or "database" not in self._settings.targets else ChaosPostgres(port, found)
        )

    def _write_store(self, database: ChaosPostgres | None) -> StoreSettings:
        """Add the database to the service's file and return its settings."""
        store = StoreSettings(dir=self._kept) if database is None else database.settings(self._kept)
        secret = "" if store.password_file is None else f'password_file = "{store.password_file}"\n'
        with (self._folder / "service.toml").open("a", encoding="utf-8") as file:
            file.write(f'[store]\ndir = "{self._kept}"\nurl = "{store.url}"\n{secret}')
        return store

    def _write_configs(
        self, audio: int, announce: int, records: int, broker: int
    ) -> tuple[KillableProcess, KillableProcess]:
        """Write the files of agent and service, have the agent's key trusted; return both programs."""
        state = self._folder / "state"
        of_agent = Identity.at(state, f"agent-{AGENT}")
        Identity.at(self._kept, "dashboard").trust.trust(AGENT, of_agent.key.public)
        general = f'site = "{SITE}"\nagent_id = "{AGENT}"\nlog_level = "info"\n'
        recording = "[recording]\nenabled = true\ndays = 1\nmax_gb = 100\n"
        (self._folder / "agent.toml").write_text(
            f'{general}state_dir = "{state}"\n[mqtt]\nport = {broker}\n{recording}'
            f'[records]\nurl = "http://127.0.0.1:{records}"\n'
            f"[audiosocket]\nport = {audio}\nannounce_port = {announce}\n"
            # Nothing is recognised, and reading the phrases would be most of an agent's start.
            "[speech]\nenabled = false\n[judging]\nbuiltin_phrases = false\n",
            encoding="utf-8",
        )
        (self._folder / "service.toml").write_text(
            f'{general}{recording}[records]\nport = {records}\n[dashboard]\nstate_dir = "{self._kept}"\n',
            encoding="utf-8",
        )
        agent = self._process("agent", '"listening"')
        return agent, self._process("records", '"records_ready"', "service")

    def _process(self, command: str, ready: str, name: str = "") -> KillableProcess:
        name = name or command
        config = str(self._folder / f"{name}.toml")
        return KillableProcess(
            program("kikimori", command, "--config", config, "--log-format", "json"),
            self._folder / f"{name}.log",
            ready,
            lambda _line: None,
        )


async def run_record_chaos(
    settings: ChaosSettings,
    progress: Callable[[int], None],
    stop: asyncio.Event,
    folder: Path | None = None,
) -> RecordChaosReport:
    """Run in `folder`, which is empty, or in one that is removed again; raises KikimoriError."""
    if folder is not None:
        return await RecordChaos(settings, folder, progress, stop).run()
    with tempfile.TemporaryDirectory(prefix="kikimori-chaos-") as made:
        return await RecordChaos(settings, Path(made), progress, stop).run()
