"""The clock of calls for help at work: looks twice a second, marks alerts for the pages, has superiors rung."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from kikimori_core.wire.actions import OPERATOR_ROLE
from kikimori_core.wire.messages import Action, CallStatus
from kikimori_core.wire.values import HELP_KIND
from kikimori_dashboard.unanswered.answered import is_answered, needs_answer
from kikimori_dashboard.unanswered.ladder import UnansweredLadder
from kikimori_dashboard.unanswered.ringing import AlarmRinging, can_ring

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_core.wire.messages import Alert
    from kikimori_core.wire.unanswered import UnansweredTable
    from kikimori_dashboard.access.audit_trail import AuditTrail
    from kikimori_dashboard.site.state import SiteState
    from kikimori_dashboard.unanswered.ringing import AlarmProgress, AlarmSender

LOOK_EVERY_S = 0.5
MARK = "unanswered"
"""Mark on an alert, as the pages get it."""


class UnansweredDesk:
    """Unanswered alerts of one dashboard."""

    def __init__(
        self,
        table: UnansweredTable,
        state: SiteState,
        send: AlarmSender,
        trail: AuditTrail,
        changed: Callable[[], None],
        *,
        agent_now: Callable[[str], datetime],
        first_group: Callable[[str | None], str | None] = lambda _extension: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`agent_now` returns an agent's time; `first_group` the team whose pages ring first for an extension's call."""
        self._table = table
        self._state = state
        self._trail = trail
        self._changed = changed
        self._now = now
        self._agent_now = agent_now
        self._first_group = first_group
        self._ladder = UnansweredLadder(table)
        self._ringing = AlarmRinging(send, self.look, self._alarm_ended)

    async def keep(self) -> None:
        """Look until cancelled."""
        try:
            while True:
                self.look()
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            await self._ringing.close()

    def look(self) -> None:
        """Bring the marks of all alerts up to date, and have superiors rung whose time has come."""
        if not self._state.broker_connected:
            return
        now = self._now()
        waiting = [each for each in self._state.alerts.values() if needs_answer(each, self._table)]
        self._ladder.keep_only(each.alert_id for each in waiting)
        self._ringing.keep_only(
            {self._alarm_of(each.call_id) for each in waiting} | {each.call_id for each in waiting}
        )
        marks = {alert.alert_id: mark for alert in waiting if (mark := self._mark(alert, now)) is not None}
        if self._state.alert_book.show_marks(MARK, marks):
            self._changed()

    def note(self, alert: Alert) -> None:
        """Mark an alert that has just come, so that no page rings before its group."""
        if self._state.broker_connected and needs_answer(alert, self._table):
            self._state.alert_book.show_mark(alert.alert_id, MARK, self._mark(alert, self._now()))

    def hold_offered(self, call_id: str) -> bool:
        """Return whether the operator of a call may put the customer on hold by themselves now."""
        entry = self._state.calls.get(call_id)
        if entry is None or entry.state.status is not CallStatus.TALKING:
            return False
        if Action.HOLD not in entry.state.capabilities:
            return False
        now = self._now()
        found = (self._ladder.steps(each.alert_id, now) for each in self._state.open_alerts(call_id))
        return any(each is not None and each.hold for each in found)

    def held_by_operator(self, call_id: str) -> bool:
        """Return whether the last move of the customer was the operator's own hold."""
        moves = [each for each in self._state.presses.history(call_id) if each.action in _MOVED]
        return bool(moves) and moves[-1].action is Action.HOLD and moves[-1].role == OPERATOR_ROLE

    def _mark(self, alert: Alert, now: datetime) -> dict[str, Any] | None:
        """Return the mark of an alert that needs an answer; None for one that has it, or whose call is over."""
        state, alert_id = self._state, alert.alert_id
        entry = state.calls.get(alert.call_id)
        if entry is None:
            return None
        since = self._ladder.begin(alert_id, self._begun(alert, now))
        marked = {
            kind
            for each in state.open_alerts(alert.call_id)
            for kind in state.alert_book.encoded.marks.kinds(each.alert_id)
        }
        if is_answered(entry.state, since, state.presses.history(alert.call_id), marked):
            self._ladder.answer(alert_id)
            return None
        self._ladder.take_up_again(alert_id, now)
        steps = self._ladder.steps(alert_id, now)
        if steps is None:
            return None
        alarm_name = self._alarm_of(alert.call_id)
        if steps.ring and not state.stale(alert.call_id):
            self._ringing.ring(
                alarm_name,
                alert.call_id,
                alert_id,
                supported=can_ring(entry.state.capabilities),
                now=asyncio.get_running_loop().time(),
            )
        alarm = self._ringing.of(alarm_name)
        return {
            "since": steps.since.isoformat(),
            "step": steps.number,
            "louder": steps.louder,
            "hold": steps.hold and Action.HOLD in entry.state.capabilities,
            "team": self._first_group(entry.state.operator.number),
            "alarm": None if alarm is None else alarm.outcome,
            "heard_by": None if alarm is None else self._name(alarm.heard_by),
        }

    def _alarm_of(self, call_id: str) -> str:
        """Return the name of a call's alarm: one for all its alerts, and another once its operator has called for help."""
        waits = (
            each.rule_kind == HELP_KIND and not self._ladder.is_answered(each.alert_id)
            for each in self._state.open_alerts(call_id)
        )
        return f"{call_id} {HELP_KIND}" if any(waits) else call_id

    def _begun(self, alert: Alert, now: datetime) -> datetime:
        """Return, by our clock, since when an alert needs an answer; one that became critical later does since then."""
        began = alert.raised_at if alert.rule_kind == HELP_KIND else alert.updated_at
        return now - max(self._agent_now(alert.agent_id) - began, timedelta(0))

    def _name(self, number: str) -> str | None:
        if not number:
            return None
        listed = self._state.directory.superiors
        return next((each["name"] or number for each in listed if each["number"] == number), number)

    def _alarm_ended(self, alarm: AlarmProgress) -> None:
        self._trail.note(
            None,
            "command.ring_superior",
            outcome="done" if alarm.outcome == "heard" else "failed",
            about=("call", alarm.call_id),
            target=alarm.heard_by or None,
            reason=None if alarm.outcome == "heard" else alarm.outcome,
        )


_MOVED = (Action.HOLD, Action.UNHOLD, Action.TAKE_BACK, Action.TRANSFER, Action.HOLD_TRANSFER)
