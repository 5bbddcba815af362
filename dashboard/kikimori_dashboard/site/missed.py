"""Alerts that were over before anybody saw them: kept until a person confirms them.

They come after an outage of the broker or the dashboard, and while no supervisor has the page open. Pure: no sockets,
no clock of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.wire.messages import ClosedBecause

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kikimori_core.wire.messages import Alert

MAX_MISSED = 1000
"""Most missed alerts; beyond them the oldest is dropped, and counted."""
SHOWN_MISSED = 100
"""Most missed alerts on the page at a time, the oldest; the next come when these were acknowledged."""
LOOKS_TO_BE_SEEN = 2
"""Number of looks that must find an alert open on a page for it to count as seen."""


class MissedAlerts:
    """Missed alerts by id, oldest first, each with a number by which a page acknowledges it."""

    def __init__(self) -> None:
        self.dropped = 0
        """Number of alerts without room, since the list was empty last."""
        self._numbered: dict[str, tuple[int, Alert]] = {}
        self._last = 0
        self._looks: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._numbered)

    def get(self, alert_id: str) -> Alert | None:
        found = self._numbered.get(alert_id)
        return None if found is None else found[1]

    def shown(self, sees: Callable[[Alert], bool] | None = None) -> tuple[list[tuple[int, Alert]], int]:
        """Return the oldest with their numbers, at most `SHOWN_MISSED`, and how many more there are.

        `sees`: only those for which it answers True.
        """
        seen = [each for each in self._numbered.values() if sees is None or sees(each[1])]
        return seen[:SHOWN_MISSED], max(0, len(seen) - SHOWN_MISSED)

    def look(self, open_alerts: Iterable[str], *, watched: bool) -> None:
        """Note which alerts are open now; `watched`: on a supervisor's page. Called every few seconds.

        What a burst of old messages opens and closes at once was on no page long enough to be read.
        """
        more = 1 if watched else 0
        self._looks = {each: self._looks.get(each, 0) + more for each in open_alerts}

    def is_missed(self, alert: Alert, *, known_closed: bool) -> bool:
        """Return whether nobody saw an alert that is closed now. One that was taken back was no alert."""
        if alert.closed_because is ClosedBecause.TAKEN_BACK or known_closed:
            return False
        if alert.alert_id in self._numbered:
            return True
        # Its agent knows of a page that has shown it, perhaps of another dashboard, or before this one was started.
        return not alert.drawn and self._looks.get(alert.alert_id, 0) < LOOKS_TO_BE_SEEN

    def keep(self, alert: Alert) -> None:
        """Take an alert, or a later revision of one that is kept."""
        number, _ = self._numbered.get(alert.alert_id) or (self._last + 1, None)
        self._last = max(self._last, number)
        self._numbered[alert.alert_id] = (number, alert)
        if len(self._numbered) > MAX_MISSED:
            del self._numbered[next(iter(self._numbered))]
            self.dropped += 1

    def remove(self, alert_id: str) -> bool:
        """Remove an alert; False when it is not in the list."""
        return self._numbered.pop(alert_id, None) is not None

    def acknowledge(self, first: int, last: int, sees: Callable[[Alert], bool] | None = None) -> list[Alert]:
        """Remove and return the alerts with the numbers from `first` to `last`. `sees`: see `shown`."""
        seen = [
            alert
            for number, alert in self._numbered.values()
            if first <= number <= last and (sees is None or sees(alert))
        ]
        for alert in seen:
            del self._numbered[alert.alert_id]
        if not self._numbered:
            self.dropped = 0
        return seen
