"""Review marks of persons on open alerts: from the press to the database, and from there to each person's own pages."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kikimori_dashboard.people.mark_desk import person_of
from kikimori_records.reviews import ReviewedKind, mark_reviewed, reviewed_by, take_back
from kikimori_records.store_following import follow_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_core.wire.messages import Alert
    from kikimori_dashboard.access.who import Principal
    from kikimori_dashboard.site.state import SiteState
    from kikimori_records.store import Store


LOOK_EVERY_S = 2.0
NONE = "[]"


class ReviewDesk:
    """Marks of one dashboard; what another dashboard of the office wrote is read every `LOOK_EVERY_S`."""

    def __init__(
        self,
        store: Store,
        state: SiteState,
        changed: Callable[[], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._state = state
        self._changed = changed
        self._now = now
        self._reviewed: dict[str, set[str]] = {}
        """Open alerts that a person has gone through, by person."""
        self._encoded: dict[str, str] = {}
        self._presses = 0
        """Counts presses: what was read before one is older than it."""

    def of(self, person_id: str) -> str:
        """Return the alerts that a person has gone through, as a JSON array."""
        return self._encoded.get(person_id, NONE)

    async def mark(self, alert: Alert, who: Principal) -> None:
        """Mark an alert as gone through; raises StoreAwayError, NobodyError."""
        person_id = person_of(who)
        await mark_reviewed(
            self._store,
            ReviewedKind.ALERT,
            alert.alert_id,
            call_id=alert.call_id,
            person_id=person_id,
            at=self._now(),
        )
        self._press(person_id, self._reviewed.get(person_id, set()) | {alert.alert_id})

    async def take_back(self, alert: Alert, who: Principal) -> None:
        """Take an own mark back; raises StoreAwayError, NobodyError."""
        person_id = person_of(who)
        await take_back(self._store, ReviewedKind.ALERT, alert.alert_id, person_id)
        self._press(person_id, self._reviewed.get(person_id, set()) - {alert.alert_id})

    async def keep(self) -> None:
        """Follow the database, until cancelled."""
        await follow_store(self.look, LOOK_EVERY_S, "reviews_not_read")

    async def look(self) -> None:
        """Read the marks on the open alerts; raises StoreAwayError."""
        presses, alerts = self._presses, tuple(self._state.alerts)
        found = await reviewed_by(self._store, ReviewedKind.ALERT, alerts) if alerts else {}
        if presses == self._presses and found != self._reviewed:
            self._reviewed = found
            self._encode()

    def _press(self, person_id: str, alerts: set[str]) -> None:
        self._presses += 1
        self._reviewed[person_id] = alerts
        self._encode()

    def _encode(self) -> None:
        self._encoded = {each: json.dumps(sorted(ids)) for each, ids in self._reviewed.items()}
        self._changed()
