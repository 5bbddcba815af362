"""State of the shipping of journals, for health and log."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog

from kikimori_core.wire.messages import Problem

if TYPE_CHECKING:
    from kikimori_core.journal.framing import DamageCode
    from kikimori_core.journal.sink import RefusalCode

log = structlog.get_logger()

TOLD_AFTER_S = 30.0
"""Seconds for which the receiver may be away before a problem is shown: it may be restarted."""


MOST_TOLD = 3
"""Runs of which a problem is shown at a time."""


class ShippingState:
    """Result of the last attempts. Times are of the monotonic clock."""

    def __init__(self) -> None:
        self.refusal: RefusalCode | None = None
        """Reason for which the receiver took nothing at the last attempt; None = it took all."""
        self.bytes_delivered = 0
        self._lacking = 0
        self._foreign: dict[str, DamageCode] = {}
        self._away = ""
        self._away_since: float | None = None
        self._fault = ""

    @property
    def is_away(self) -> bool:
        """Return whether the receiver could not be reached at the last attempt."""
        return self._away_since is not None

    def delivered(self, size: int) -> None:
        self.bytes_delivered += size

    def done(self) -> None:
        """Note that everything is shipped."""
        if self._away_since is not None or self.refusal is not None:
            log.info("records_back")
        self.refusal, self._away, self._away_since, self._fault = None, "", None, ""

    def away(self, reason: str) -> None:
        if self._away_since is None:
            log.warning("records_away", error=reason)
            self._away_since = time.monotonic()
        self._away, self.refusal, self._fault = reason, None, ""

    def refused(self, code: RefusalCode) -> None:
        self.refusal, self._away, self._away_since, self._fault = code, "", None, ""

    def unreadable(self, error: OSError) -> None:
        """Note that the agent's own disk does not give or delete the journal."""
        log.error("journal_not_read", error=type(error).__name__)
        self._fault = error.strerror or str(error)

    def lacking(self, records: int) -> None:
        """Note that the receiver wants records that are deleted here, as it had acknowledged them."""
        log.error("journal_records_missing", records=records)
        self._lacking = max(self._lacking, records)

    def foreign(self, runs: dict[str, DamageCode]) -> None:
        """Note the runs that are left as they are: journals of another agent, or of a newer version."""
        for run in runs.keys() - self._foreign.keys():
            log.error("journal_foreign", run=run, code=str(runs[run]))
        self._foreign = runs

    def problems(self) -> tuple[Problem, ...]:
        found = []
        if self._away_since is not None and time.monotonic() - self._away_since >= TOLD_AFTER_S:
            found.append(Problem.of("records_away", reason=self._away))
        if self.refusal is not None:
            found.append(Problem.of("journal_refused", cause=str(self.refusal)))
        if self._fault:
            found.append(Problem.of("journal_not_read", reason=self._fault))
        if self._lacking:
            found.append(Problem.of("journal_records_missing", records=self._lacking))
        found += [
            Problem.of("journal_foreign", cause=str(code), run=run)
            for run, code in sorted(self._foreign.items())[:MOST_TOLD]
        ]
        return tuple(found)

    def counters(self) -> dict[str, int]:
        return {"journal_bytes_delivered": self.bytes_delivered}
