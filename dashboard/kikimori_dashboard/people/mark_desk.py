"""Claims and false alarms at work: from presses to the database, and from there to every supervisor's page.

The database decides between two who claim at once. A claim ends by hand, with the alert, or when its owner has had no page
open for `PAGE_GONE_S`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from kikimori_records.alerts import claims, false_alarms
from kikimori_records.sessions import sessions_of
from kikimori_records.store_following import follow_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_core.wire.messages import Alert
    from kikimori_dashboard.access.who import Principal
    from kikimori_dashboard.site.state import SiteState
    from kikimori_records.alerts.claims import Claim
    from kikimori_records.alerts.false_alarms import FalseAlarm
    from kikimori_records.store import Store

log = structlog.get_logger()

LOOK_EVERY_S = 2.0
PAGE_GONE_S = 60.0
"""Seconds without a supervisor's page of its owner after which a claim is released."""
ELSEWHERE = timedelta(seconds=PAGE_GONE_S + 90)
"""Age of the last use of a session from which its person has no page at another dashboard either."""
SHOWN_FOR = timedelta(days=1)
"""Age up to which false alarms are read: no closed alert stays on a page for longer."""


class NobodyError(Exception):
    """A kiosk or another program wants what only a person can do."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """Answer to a claim: who has the alert now."""

    claim: Claim
    own: bool
    """True = the one who asked."""


class MarkDesk:
    """Claims and false alarms of one dashboard."""

    def __init__(
        self,
        store: Store,
        state: SiteState,
        changed: Callable[[], None],
        watching: Callable[[str], bool],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] | None = None,
    ) -> None:
        """`watching` returns whether a person has a supervisor's page open at this dashboard; `clock`: seconds, for tests."""
        self._clock = clock or asyncio.get_running_loop().time
        self._store = store
        self._state = state
        self._changed = changed
        self._watching = watching
        self._now = now
        self._gone_since: dict[str, float] = {}
        """Time at which a person's last page was gone, by person with a claim."""
        self._presses = 0
        """Counts presses: what was read before one is older than it."""
        self._made_here: set[str] = set()
        """Alerts that were claimed at this dashboard."""

    def find(self, alert_id: str) -> Alert | None:
        """Return an alert that the pages show, open or over."""
        return self._state.alert_book.find(alert_id)

    async def claim(self, alert: Alert, who: Principal) -> Claimed:
        """Claim an alert; raises StoreAwayError, NobodyError."""
        person_id = person_of(who)
        found = await claims.claim(self._store, alert.alert_id, person_id, self._now())
        self._made_here.add(alert.alert_id)
        self._show_claim(alert.alert_id, found)
        return Claimed(found, found.person_id == person_id)

    async def release(self, alert_id: str, who: Principal) -> bool:
        """Release an own claim by hand; False when it is not one's own. Raises StoreAwayError, NobodyError."""
        done = await claims.release(self._store, alert_id, person_of(who), "by_hand", self._now())
        if done:
            self._show_claim(alert_id, None)
        return done

    async def mark_false(self, alert: Alert, reason: str, who: Principal) -> FalseAlarm:
        """Mark an alert as a false one; raises StoreAwayError, NobodyError."""
        found = await false_alarms.mark(
            self._store,
            alert_id=alert.alert_id,
            call_id=alert.call_id,
            rule=alert.rule,
            reason=reason,
            person_id=person_of(who),
            at=self._now(),
        )
        self._show_false(alert.alert_id, found)
        return found

    async def undo_false(self, alert_id: str) -> bool:
        """Take the mark back; False when there is none. Raises StoreAwayError."""
        found = await false_alarms.undo(self._store, alert_id, self._now())
        self._show_false(alert_id, None)
        return found is not None

    async def keep(self) -> None:
        """Follow the database and the pages, until cancelled."""
        await follow_store(self.look, LOOK_EVERY_S, "marks_not_read")

    async def look(self) -> None:
        """Read what stands, release what nobody is there for; raises StoreAwayError."""
        presses = self._presses
        standing = await claims.open_claims(self._store)
        self._made_here &= {each.alert_id for each in standing}
        kept = [each for each in standing if not await self._released(each)]
        book = self._state.alert_book
        marks = await false_alarms.marks_since(self._store, self._now() - SHOWN_FOR)
        if presses != self._presses:
            return
        changed = book.show_marks("claim", {each.alert_id: _claim_view(each) for each in kept})
        if (
            book.show_marks("false_alarm", {each: _false_view(mark) for each, mark in marks.items()})
            or changed
        ):
            self._changed()

    async def _released(self, claim: Claim) -> bool:
        reason = await self._reason(claim)
        if reason is None:
            return False
        done = await claims.release(self._store, claim.alert_id, claim.person_id, reason, self._now())
        if done:
            log.info("claim_released", alert_id=claim.alert_id, reason=reason)
        return done

    async def _reason(self, claim: Claim) -> str | None:
        """Return why a claim ends now; None while it stands."""
        state = self._state
        young = self._now() - claim.claimed_at < timedelta(seconds=PAGE_GONE_S)
        if state.broker.has_all and not young and claim.alert_id not in state.alerts:
            return "alert_over"
        now_s = self._clock()
        if self._watching(claim.person_id):
            self._gone_since.pop(claim.person_id, None)
            return None
        if now_s - self._gone_since.setdefault(claim.person_id, now_s) < PAGE_GONE_S:
            return None
        if claim.alert_id in self._made_here:
            return "page_gone"
        # The page may be open at another dashboard of this office, which notes its use every minute.
        found = await sessions_of(self._store, claim.person_id)
        used = [each.used_at for each in found if each.ended_at is None]
        return None if used and self._now() - max(used) < ELSEWHERE else "page_gone"

    def _show_claim(self, alert_id: str, claim: Claim | None) -> None:
        self._presses += 1
        if self._state.alert_book.show_mark(alert_id, "claim", None if claim is None else _claim_view(claim)):
            self._changed()

    def _show_false(self, alert_id: str, mark: FalseAlarm | None) -> None:
        self._presses += 1
        if self._state.alert_book.show_mark(
            alert_id, "false_alarm", None if mark is None else _false_view(mark)
        ):
            self._changed()


def person_of(who: Principal) -> str:
    """Return the id of a person; raises NobodyError."""
    if who.person_id is None:
        raise NobodyError
    return who.person_id


def _claim_view(claim: Claim) -> dict[str, str]:
    return {"person_id": claim.person_id, "name": claim.name, "at": claim.claimed_at.isoformat()}


def _false_view(mark: FalseAlarm) -> dict[str, str]:
    return {"reason": mark.reason, "name": mark.name, "at": mark.at.isoformat()}
