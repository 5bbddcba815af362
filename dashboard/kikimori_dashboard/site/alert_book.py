"""The alerts of the site: open ones by call, closed ones for a while, missed ones until somebody has seen them. Pure: no sockets, no clock of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.wire.messages import AlertState
from kikimori_dashboard.site.changes import PicturePart
from kikimori_dashboard.site.encoded_alerts import EncodedAlerts
from kikimori_dashboard.site.missed import MissedAlerts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime, timedelta

    from kikimori_core.wire.messages import Alert
    from kikimori_dashboard.site.alert_marks import Mark
    from kikimori_dashboard.site.changes import ChangeLog

LEAST_CLOSED = 1000
"""Number of closed alerts kept; at a larger site as many as it has calls."""


class AlertBook:
    """Open and closed alerts, each id once, the higher revision being the truth."""

    def __init__(self, changes: ChangeLog) -> None:
        self.open: dict[str, Alert] = {}
        self.closed: dict[str, Alert] = {}
        """Closed alerts, oldest first, without those that nobody has seen."""
        self.missed = MissedAlerts()
        self.encoded = EncodedAlerts()
        self.drawn: dict[str, int] = {}
        """Revision in which a supervisor's page has drawn an alert, by alert."""
        self.closed_early = 0
        """Number of closed alerts dropped before their time, as there were too many."""
        self.on_open: Callable[[Alert], None] = lambda _alert: None
        """Called with each revision of an open alert, before any page gets it."""
        self._changes = changes
        self._of_call: dict[str, dict[str, Alert]] = {}
        self._in_order: dict[str, tuple[Alert, ...]] = {}
        """Alerts in order, by call, as long as nothing changed."""

    def __contains__(self, alert_id: str) -> bool:
        return alert_id in self.open

    def find(self, alert_id: str) -> Alert | None:
        """Return the known revision of an alert, open or over."""
        return self.open.get(alert_id) or self.closed.get(alert_id) or self.missed.get(alert_id)

    def of_call(self, call_id: str) -> tuple[Alert, ...]:
        """Return a call's open alerts: worst first, then the oldest."""
        known = self._in_order.get(call_id)
        if known is None:
            found = self._of_call.get(call_id)
            if not found:
                return ()
            known = tuple(found.values()) if len(found) == 1 else tuple(sorted(found.values(), key=_place))
            self._in_order[call_id] = known
        return known

    def show_mark(self, alert_id: str, kind: str, mark: Mark | None) -> bool:
        """Show a mark of people on an alert, or none any more; False when nothing changed."""
        if not self.encoded.marks.put(alert_id, kind, mark):
            return False
        if alert_id in self.open:
            self._changes.touch(PicturePart.ALERTS, alert_id)
        elif alert_id in self.closed:
            self._changes.touch(PicturePart.CLOSED)
        elif self.missed.get(alert_id) is not None:
            self._changes.touch(PicturePart.MISSED)
        return True

    def show_marks(self, kind: str, marks: Mapping[str, Mark]) -> bool:
        """Show these marks of a kind and no others, on the alerts that are known here; False when nothing changed."""
        wanted = {alert_id: mark for alert_id, mark in marks.items() if self.find(alert_id) is not None}
        before = self.encoded.marks.known(kind)
        changed = [self.show_mark(each, kind, wanted.get(each)) for each in {*before, *wanted}]
        return any(changed)

    def claim_of(self, alert_id: str) -> Mark | None:
        """Return the claim of an alert, `name` being its owner; None when nobody has claimed it."""
        return self.encoded.marks.of(alert_id, "claim")

    def is_news(self, alert: Alert) -> bool:
        """Return whether an alert is news. A closed one is not reopened by the same revision."""
        known = self.open.get(alert.alert_id)
        if known is not None:
            return known.revision <= alert.revision
        known = self.closed.get(alert.alert_id) or self.missed.get(alert.alert_id)
        if known is None:
            return True
        if alert.state is AlertState.CLOSED:
            return known.revision <= alert.revision
        return known.revision < alert.revision

    def put_open(self, alert: Alert) -> bool:
        """Take an open alert; False when it is no news."""
        alert_id = alert.alert_id
        if self.open.get(alert_id) == alert:
            return False
        if self.closed.pop(alert_id, None) is not None:
            self._changes.touch(PicturePart.CLOSED)
        if self.missed.remove(alert_id):
            self._changes.touch(PicturePart.MISSED)
        self._take_out(alert_id)
        self.encoded.of(alert)
        self.open[alert_id] = alert
        self._of_call.setdefault(alert.call_id, {})[alert_id] = alert
        self._in_order.pop(alert.call_id, None)
        self._changes.touch(PicturePart.ALERTS, alert_id)
        self.on_open(alert)
        return True

    def put_closed(self, alert: Alert, most: int) -> None:
        """Take a closed alert; keep the newest `most`, at least `LEAST_CLOSED`, and the unseen ones."""
        self.remove(alert.alert_id)
        self.encoded.of(alert)
        known_closed = self.closed.pop(alert.alert_id, None) is not None
        if self.missed.is_missed(alert, known_closed=known_closed):
            self.missed.keep(alert)
            self._changes.touch(PicturePart.MISSED)
            return
        if self.missed.remove(alert.alert_id):
            self._changes.touch(PicturePart.MISSED)
        self._keep_closed(alert, most)

    def acknowledge(
        self, first: int, last: int, most: int, sees: Callable[[Alert], bool] | None = None
    ) -> list[Alert]:
        """Mark the missed alerts with these numbers as seen, and closed like others; return them.

        `sees`: only those for which it answers True.
        """
        seen = self.missed.acknowledge(first, last, sees)
        for alert in seen:
            self._keep_closed(alert, most)
        if seen:
            self._changes.touch(PicturePart.MISSED)
        return seen

    def _keep_closed(self, alert: Alert, most: int) -> None:
        self.closed[alert.alert_id] = alert
        while len(self.closed) > max(most, LEAST_CLOSED):
            del self.closed[next(iter(self.closed))]
            self.closed_early += 1
        self._changes.touch(PicturePart.CLOSED)

    def remove(self, alert_id: str) -> Alert | None:
        """Take an open alert out and return it; None when there is none of this id."""
        alert = self._take_out(alert_id)
        if alert is not None:
            self._changes.remove(PicturePart.ALERTS, alert_id)
        return alert

    def forget_closed(self, now: datetime, closed_for: timedelta) -> None:
        """Drop the closed alerts that changed last more than `closed_for` before `now`."""
        old = [each.alert_id for each in self.closed.values() if now - each.updated_at > closed_for]
        for alert_id in old:
            del self.closed[alert_id]
        if not self.closed:
            self.closed_early = 0
        if old:
            self._changes.touch(PicturePart.CLOSED)
        self.encoded.forget(self.find)
        self.drawn = {each: revision for each, revision in self.drawn.items() if self.find(each)}

    def _take_out(self, alert_id: str) -> Alert | None:
        alert = self.open.pop(alert_id, None)
        if alert is None:
            return None
        of_call = self._of_call[alert.call_id]
        del of_call[alert_id]
        if not of_call:
            del self._of_call[alert.call_id]
        self._in_order.pop(alert.call_id, None)
        return alert


def _place(alert: Alert) -> tuple[int, datetime, str]:
    return (-alert.severity.rank, alert.raised_at, alert.alert_id)
