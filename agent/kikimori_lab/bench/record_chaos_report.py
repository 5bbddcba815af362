"""Figures of `kikimori bench record-chaos`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kikimori_lab.bench.record_sent import SentReport


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
    history_after_s: dict[str, float] = field(default_factory=dict)
    """Time in s from a call's end to its entry in the history: p50, p99, max. Kills and breaks are in it."""
    compactions: int = 0
    """Segments of received journals that were compacted."""
    kills_in_compaction: int = 0
    """Kills of the service that left a half written segment."""
    cut_short: str | None = None
    """Reason for which there were fewer kills than planned: `interrupted`, or a part that did not start; None = all were done."""

    @property
    def all_well(self) -> bool:
        return (
            self.records > 0
            and not (
                self.records_missing or self.records_doubled or self.records_altered or self.history_faults
            )
            and self.sent.all_well
        )
