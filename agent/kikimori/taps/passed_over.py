"""Messages with intact framing and unknown content: counted, reported, and otherwise ignored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.ports.refusals import Refusals
from kikimori_core.wire.messages import Problem

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

SHOWN_S = 300.0
MOST_SHOWN = 4


class PassedOver:
    """Counts and log of the messages that one tap did not understand. `tap` is its name."""

    def __init__(self, tap: str) -> None:
        self._tap = tap
        self._by_reason = Refusals()
        self._told: set[str] = set()
        self._at: float | None = None

    def note(self, reason: str, now: float, log: FilteringBoundLogger) -> None:
        """Count one message; the log has a line for the first of each reason."""
        self._by_reason.note(reason)
        self._at = now
        if reason not in self._told:
            self._told.add(reason)
            log.warning("message_not_understood", tap=self._tap, reason=reason)

    @property
    def total(self) -> int:
        return self._by_reason.total

    def problems(self, now: float) -> tuple[Problem, ...]:
        if self._at is None or now - self._at > SHOWN_S:
            return ()
        reasons = sorted(self._by_reason.by_reason().items(), key=lambda each: -each[1])[:MOST_SHOWN]
        named = ", ".join(f"{reason} {count}" for reason, count in reasons)
        return (Problem.of(f"{self._tap}_not_understood", total=self.total, named=named),)
