"""Comparison after `kikimori bench record-chaos`: the journals of both sides, and the history, once everything has arrived."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import numpy as np

from kikimori_lab.bench.record_chaos_files import AGENT
from kikimori_lab.bench.record_chaos_report import RecordChaosReport, RunFigures
from kikimori_lab.bench.record_history import HistoryComparison, truth_of
from kikimori_lab.bench.record_witness import JournalWitness
from kikimori_records.errors import StoreAwayError
from kikimori_records.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from kikimori_lab.bench.record_sent import SentComparison
    from kikimori_records.settings import StoreSettings

SETTLE_S = 90.0
"""Longest time in s after the last kill in which nothing more comes into the history."""
UNCHANGED_S, LOOK_EVERY_S = 15.0, 0.5


class RecordComparison:
    """Journals and history of one run of the bench. `progress` is told what is compared."""

    def __init__(
        self,
        folder: Path,
        journals: Path,
        records: Path,
        of_sent: SentComparison,
        progress: Callable[[str], None],
    ) -> None:
        """`folder`: for links to journals; `journals`: the agent's; `records`: folder of the records."""
        self._incoming = records / "incoming" / AGENT
        self._sent = JournalWitness(journals, folder / "sent")
        self._taken = JournalWitness(self._incoming, folder / "taken")
        self._of_sent = of_sent
        self._history = HistoryComparison(records, AGENT, of_sent.take)
        self._well: dict[str, RunFigures] = {}
        self._progress = progress

    async def look(self) -> None:
        """Keep the journals of both sides until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for each in (self._sent, self._taken):
                tasks.create_task(each.run())

    async def received(self) -> None:
        """Wait until the service needs no journal any more, or nothing of them has changed for `UNCHANGED_S`."""
        left: list[Path] = []
        ends = time.monotonic() + UNCHANGED_S
        while time.monotonic() < ends:
            if (found := sorted(self._incoming.glob("*/*.kkj"))) != left:
                left, ends = found, time.monotonic() + UNCHANGED_S
                self._progress(f"{len(found)} segments left")
            if not found:
                return
            await asyncio.sleep(LOOK_EVERY_S)

    async def settled(self, store_settings: StoreSettings) -> RecordChaosReport:
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
                        report.history_after_s = _percentiles(await self._history.delays_s(store))
                        return report
                # It takes half of a core at most, beside what is compared.
                await asyncio.sleep(max(0.5, time.monotonic() - began))
        finally:
            await store.close()

    async def _compare(self, store: Store) -> RecordChaosReport:
        self._sent.look()
        self._taken.look()
        runs = self._sent.runs()
        for number, run in enumerate(runs, 1):
            if run not in self._well or not self._well[run].is_well:
                self._well[run] = await self._compare_run(store, run)
                well = sum(each.is_well for each in self._well.values())
                self._progress(f"compared run {number}/{len(runs)}, {well} well")
        figures = self._well.values()
        return RecordChaosReport(
            kills={},
            overlapping=0,
            seconds=0.0,
            database="sqlite" if store.settings.is_sqlite else "postgresql",
            agent_runs=len(figures),
            calls=sum(each.calls for each in figures),
            records=sum(each.records for each in figures),
            payload_bytes=sum(each.payload_bytes for each in figures),
            records_missing=sum(each.missing for each in figures),
            records_doubled=sum(each.doubled for each in figures),
            records_altered=sum(each.altered for each in figures),
            history_faults=[fault for each in figures for fault in each.faults],
            sent=self._of_sent.report(),
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


def _percentiles(times_s: NDArray[np.float64]) -> dict[str, float]:
    if not times_s.size:
        return {}
    p50, p99, most = np.quantile(times_s, (0.5, 0.99, 1.0)).round(2).tolist()
    return {"p50": p50, "p99": p99, "max": most}
