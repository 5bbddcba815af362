"""Steps of alerts that nobody answers. Pure: times are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from kikimori_core.wire.unanswered import UnansweredTable


@dataclass(frozen=True, slots=True)
class UnansweredSteps:
    """Steps that have come for one alert."""

    since: datetime
    louder: bool = False
    hold: bool = False
    ring: bool = False

    @property
    def number(self) -> int:
        """Return how many steps have come."""
        return self.louder + self.hold + self.ring


class UnansweredLadder:
    """Clocks of the alerts that need an answer."""

    def __init__(self, table: UnansweredTable) -> None:
        self._table = table
        self._since: dict[str, datetime] = {}
        """Time from which an alert waits for an answer, or waited until it had one."""
        self._answered: set[str] = set()

    def begin(self, alert_id: str, since: datetime) -> datetime:
        """Begin the clock of an alert, and return since when it runs; one that runs goes on."""
        return self._since.setdefault(alert_id, since)

    def answer(self, alert_id: str) -> None:
        """Note that an alert is answered: no further step comes."""
        self._answered.add(alert_id)

    def is_answered(self, alert_id: str) -> bool:
        return alert_id in self._answered

    def take_up_again(self, alert_id: str, now: datetime) -> None:
        """Note that an alert is not answered any more, e.g. as a claim was let go: its clock begins anew."""
        if alert_id in self._answered:
            self._answered.discard(alert_id)
            self._since[alert_id] = now

    def keep_only(self, alerts: Iterable[str]) -> None:
        """Forget all other alerts: they are over."""
        kept = set(alerts)
        self._answered &= kept
        self._since = {alert_id: since for alert_id, since in self._since.items() if alert_id in kept}

    def steps(self, alert_id: str, now: datetime) -> UnansweredSteps | None:
        """Return the steps that have come for an alert; None while it waits for nobody."""
        since = self._since.get(alert_id)
        if since is None or alert_id in self._answered:
            return None
        waited_s = (now - since).total_seconds()
        louder, hold, ring = (
            after_s > 0 and waited_s >= after_s
            for after_s in (
                self._table.louder_after_s,
                self._table.hold_after_s,
                self._table.ring_after_s,
            )
        )
        return UnansweredSteps(since, louder, hold, ring)
