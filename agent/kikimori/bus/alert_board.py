"""Alerts of the agent: written to the disk first, then published until a dashboard has acknowledged each."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

import structlog

from kikimori.bus.dashboard_runs import DashboardRuns, UnseenCause
from kikimori.bus.kept import SHOWN_AGAIN_S, KeptAlert, keep, past, surplus
from kikimori_core.wire.delivery import Acks
from kikimori_core.wire.messages import Alert, AlertState, BadMessageError, ClosedBecause, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.bus.outbox import Outbox
    from kikimori.bus.stamps import Stamps

log = structlog.get_logger()

UNSEEN_AFTER_S = 20.0
FIRST_RETRY_S = 10.0
LAST_RETRY_S = 60.0
FIRST_REMINDER_S = 60.0
LAST_REMINDER_S = 1800.0
MOST_REMINDERS = 200
"""Most reminders at a time, the oldest; the next follow when a page has drawn these."""


class AlertBoard:
    """Alerts that are open, not acknowledged, or closed lately. `clock` is the loop's, `now` the wall's."""

    def __init__(self, outbox: Outbox, now: Callable[[], datetime], clock: Callable[[], float]) -> None:
        self.runs = DashboardRuns()
        self.dropped = 0
        """Number of alerts dropped because there were too many, or because no dashboard acknowledged them for a week."""
        self.invalid_acks = 0
        self._outbox = outbox
        self._now = now
        self._clock = clock
        self._kept: dict[str, KeptAlert] = dict(outbox.left_alerts)
        self._untold: OrderedDict[str, None] = OrderedDict.fromkeys(self._kept)
        self._changed = asyncio.Event()
        self._order = asyncio.Lock()
        self._retry: dict[str, tuple[float, float]] = {}
        """Retry time and next interval, by alert that was sent and is not acknowledged."""
        self._unseen_since = {each.alert_id: clock() for each in self._kept.values() if not each.drawn}
        """Time since when no supervisor's page has drawn an alert."""
        self._reminders: dict[str, tuple[float, float]] = {}
        """Time of the next reminder and the interval after it, by alert that a dashboard may have forgotten
        before any page drew it."""
        self._complained: set[str] = set()

    # --- what the agent says

    async def put(self, alert: Alert, stamps: Stamps) -> None:
        """Take a revision. It is on the disk when this returns: only now it counts as raised, and is logged."""
        async with self._order:
            with stamps.coming() as seq:
                alert = alert.model_copy(update={"run": stamps.run, "seq": seq})
                await self._keep(alert)
        log.info(
            "alert",
            call_id=alert.call_id,
            alert_id=alert.alert_id,
            rule=alert.rule,
            severity=str(alert.severity),
            state=str(alert.state),
            revision=alert.revision,
        )
        self._tell(alert.alert_id)

    async def _keep(self, alert: Alert) -> None:
        kept = keep(alert, alert.to_bytes(), self._kept.get(alert.alert_id))
        if alert.closed_because is ClosedBecause.TAKEN_BACK:
            # It was no alert: nobody needs to see it.
            kept = replace(kept, drawn=True)
        await self._outbox.keep(kept)
        known = self._kept.get(alert.alert_id)
        if known is not None and known.drawn and known.shown_from == kept.shown_from:
            # A page has drawn it meanwhile.
            kept = replace(kept, drawn=True)
            self._outbox.note(kept)
        self._kept[alert.alert_id] = kept
        self._retry.pop(alert.alert_id, None)
        if kept.drawn:
            self._seen(alert.alert_id)
        else:
            self._unseen_since.setdefault(alert.alert_id, self._clock())

    async def close_leftovers(self, stamps: Stamps) -> None:
        """Close the alerts that an earlier run left open when it ended without closing them."""
        for alert_id, kept in [item for item in self._kept.items() if item[1].is_open]:
            try:
                last = Alert.from_bytes(kept.payload)
            except BadMessageError:
                log.error("outbox_alert_unreadable", alert_id=alert_id)
                self._forget([alert_id])
                continue
            log.warning("alert_left_open", call_id=last.call_id, alert_id=alert_id)
            closing = {
                "state": AlertState.CLOSED,
                "revision": last.revision + 1,
                "updated_at": self._now(),
                "closed_because": ClosedBecause.AGENT_RESTARTED,
            }
            await self.put(last.model_copy(update=closing), stamps)

    def is_open(self, alert_id: str) -> bool:
        kept = self._kept.get(alert_id)
        return kept is not None and kept.is_open

    def open_revisions(self) -> dict[str, int]:
        return {each.alert_id: each.revision for each in self._kept.values() if each.is_open}

    def dashboards(self) -> int:
        """Return the number of dashboards that are there."""
        return self.runs.present(self._clock())

    # --- telling the broker

    @property
    def untold(self) -> int:
        """Alerts whose last revision the broker has not confirmed."""
        return len(self._untold)

    @property
    def unheld(self) -> int:
        """Alerts whose last revision no dashboard has acknowledged."""
        return sum(not each.held for each in self._kept.values())

    def tell_again(self) -> None:
        """Mark everything as unsent on a new connection: the broker may have lost its state."""
        self.runs.all_new()
        for alert_id, kept in self._kept.items():
            if kept.is_open or not kept.held:
                self._tell(alert_id)

    async def changed(self) -> None:
        """Wait until something is unsent."""
        while not self._untold:
            self._changed.clear()
            await self._changed.wait()

    def next_untold(self) -> KeptAlert | None:
        """Return the unsent alert that waits longest."""
        while self._untold:
            alert_id = next(iter(self._untold))
            if (kept := self._kept.get(alert_id)) is not None:
                return kept
            del self._untold[alert_id]
        return None

    @staticmethod
    def message(kept: KeptAlert) -> bytes:
        """Return the message to send: the alert, with the note that a supervisor's page has shown it."""
        if not kept.drawn:
            return kept.payload
        return Alert.from_bytes(kept.payload).model_copy(update={"drawn": True}).to_bytes()

    def told(self, kept: KeptAlert) -> None:
        """Note the broker's confirmation. An alert that changed meanwhile stays unsent."""
        known = self._kept.get(kept.alert_id)
        if known is not None and known.revision != kept.revision:
            return
        self._untold.pop(kept.alert_id, None)
        if known is not None and not known.held:
            _, wait = self._retry.get(kept.alert_id, (0.0, FIRST_RETRY_S))
            self._retry[kept.alert_id] = (self._clock() + wait, min(wait * 2, LAST_RETRY_S))

    def _tell(self, alert_id: str) -> None:
        self._untold[alert_id] = None
        self._changed.set()

    # --- what dashboards say

    def take_acks(self, payload: bytes) -> Acks | None:
        """Take a dashboard's report: its presence, the alerts it holds, those that its pages have drawn. None = unreadable."""
        try:
            acks = Acks.from_bytes(payload)
        except BadMessageError as error:
            self.refuse_acks(str(error))
            return None
        if self.runs.heard(acks, self._clock()):
            log.info("dashboard_heard", client=acks.client_id, run=acks.run)
            self._reminders.clear()
            since = self._now().timestamp() - SHOWN_AGAIN_S
            for alert_id, kept in self._kept.items():
                if kept.is_open or not kept.held or kept.updated_at >= since:
                    self._tell(alert_id)
        for alert_id, revision in acks.held.items():
            if (held := self._kept.get(alert_id)) and not held.held and revision >= held.revision:
                self._retry.pop(alert_id, None)
                self._note(replace(held, held=True))
        for alert_id, revision in acks.drawn.items():
            if (drawn := self._kept.get(alert_id)) and not drawn.drawn and revision >= drawn.shown_from:
                self._seen(alert_id)
                self._note(replace(drawn, drawn=True))
        return acks

    def _note(self, kept: KeptAlert) -> None:
        self._kept[kept.alert_id] = kept
        self._outbox.note(kept)

    def refuse_acks(self, reason: str) -> None:
        """Count refused acknowledgements."""
        self.invalid_acks += 1
        if self.invalid_acks == 1:
            log.warning("acks_invalid", reason=reason)

    def _seen(self, alert_id: str) -> None:
        self._unseen_since.pop(alert_id, None)
        self._reminders.pop(alert_id, None)
        self._complained.discard(alert_id)

    # --- as time goes by

    def tick(self) -> None:
        """Send again what is not acknowledged, drop what is past, find unseen alerts. Call every second."""
        now, wall = self._clock(), self._now().timestamp()
        self.runs.forget_old(now)
        if self.runs.present(now):
            for alert_id, (due, _) in self._retry.items():
                if now >= due:
                    self._tell(alert_id)
        if self.runs.cause(now) is UnseenCause.PAGE_BEHIND:
            self._remind(now, wall)
        self._forget(past(self._kept.values(), wall))
        gone = surplus(self._kept.values(), wall)
        if gone:
            self.dropped += len(gone)
            log.error("alerts_dropped", count=len(gone), total=self.dropped)
            self._forget(gone)
        for alert_id in self._unseen(now):
            if alert_id not in self._complained:
                self._complained.add(alert_id)
                log.warning("alert_unseen", alert_id=alert_id, cause=str(self.runs.cause(now)))

    def _remind(self, now: float, wall: float) -> None:
        """Send old alerts that no page has shown once more, as a page is open now: dashboards show them as missed."""
        unseen = (self._kept[each] for each in self._unseen_since if each in self._kept)
        old = (
            each.alert_id for each in unseen if not each.is_open and wall - each.updated_at > SHOWN_AGAIN_S
        )
        for alert_id in islice(old, MOST_REMINDERS):
            due, wait = self._reminders.get(alert_id, (0.0, FIRST_REMINDER_S))
            if now >= due:
                self._tell(alert_id)
                self._reminders[alert_id] = (now + wait, min(wait * 2, LAST_REMINDER_S))

    def _unseen(self, now: float) -> list[str]:
        return [each for each, since in self._unseen_since.items() if now - since >= UNSEEN_AFTER_S]

    @property
    def unseen(self) -> int:
        """Return the number of alerts that no supervisor's page has drawn in time."""
        return len(self._unseen(self._clock()))

    def _forget(self, alert_ids: list[str]) -> None:
        if not alert_ids:
            return
        for each in alert_ids:
            self._kept.pop(each, None)
            self._untold.pop(each, None)
            self._retry.pop(each, None)
            self._seen(each)
        self._outbox.drop(alert_ids)

    def problems(self) -> tuple[Problem, ...]:
        """Return the problem that no supervisor has seen some alerts."""
        now = self._clock()
        unseen = self._unseen(now)
        if not unseen:
            return ()
        cause = self.runs.cause(now)
        oldest = min((self._kept[each].updated_at for each in unseen if each in self._kept), default=0.0)
        since = datetime.fromtimestamp(oldest, UTC).isoformat(timespec="seconds")
        return (Problem.of("alert_unseen", cause=str(cause), count=len(unseen), since=since),)
