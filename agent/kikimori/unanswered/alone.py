"""The agent's own clock for calls for help while no dashboard is there that would run it.

It knows what it carried out itself; a claim on a page it cannot know, and rings all the same.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from kikimori.unanswered.alarms import NOT_TRIED
from kikimori_core.wire.messages import AlertState, CallStatus, Outcome
from kikimori_core.wire.unanswered import AGAIN_S, OVER
from kikimori_core.wire.values import HELP_KIND

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.calls.desk import Desk
    from kikimori.unanswered.acted import ActedCalls
    from kikimori.unanswered.alarms import SuperiorAlarms
    from kikimori_core.wire.messages import Alert

log = structlog.get_logger()

LOOK_EVERY_S = 1.0


@dataclass(slots=True)
class _Waiting:
    call_id: str
    since: float
    next_at: float


class LoneClock:
    """Open calls for help of this agent. `due` is pure: times are given."""

    def __init__(self, after_s: float) -> None:
        """`after_s`: seconds until a superior is rung; 0 = never."""
        self._after_s = after_s
        self._open: dict[str, _Waiting] = {}

    def note(self, alert: Alert, now: float) -> None:
        """Note an alert of this agent."""
        if alert.rule_kind != HELP_KIND or not self._after_s:
            return
        if alert.state is AlertState.CLOSED:
            self._open.pop(alert.alert_id, None)
        elif alert.alert_id not in self._open:
            self._open[alert.alert_id] = _Waiting(alert.call_id, now, now + self._after_s)

    def due(self, now: float, acted: ActedCalls) -> list[tuple[str, str]]:
        """Return the calls, with their alerts, for which a superior is to be rung now.

        One on whose call somebody has acted since is answered.
        """
        answered = [
            alert_id for alert_id, each in self._open.items() if acted.since(each.call_id, each.since)
        ]
        for alert_id in answered:
            del self._open[alert_id]
        return [(each.call_id, alert_id) for alert_id, each in self._open.items() if now >= each.next_at]

    def again(self, alert_id: str, at: float) -> None:
        """Have a call for help due again at a time."""
        if alert_id in self._open:
            self._open[alert_id].next_at = at

    def over(self, alert_id: str) -> None:
        """Forget a call for help: a superior has heard of it, or nobody is left to be rung."""
        self._open.pop(alert_id, None)


class LoneAlarm:
    """Rings superiors by the agent's own clock."""

    def __init__(
        self,
        clock: LoneClock,
        alarms: SuperiorAlarms,
        desk: Desk,
        acted: ActedCalls,
        dashboards: Callable[[], int],
    ) -> None:
        """`dashboards` returns how many are there."""
        self._clock = clock
        self._alarms = alarms
        self._desk = desk
        self._acted = acted
        self._dashboards = dashboards
        self._running: set[str] = set()

    async def run(self) -> None:
        """Look every second, until cancelled."""
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as tasks:
            while True:
                await asyncio.sleep(LOOK_EVERY_S)
                due = self._clock.due(loop.time(), self._acted)
                if self._dashboards():
                    continue
                for call_id, alert_id in due:
                    if alert_id not in self._running:
                        self._running.add(alert_id)
                        tasks.create_task(self._ring(call_id, alert_id), name="alarm")

    async def _ring(self, call_id: str, alert_id: str) -> None:
        try:
            call = self._desk.find(call_id)
            if call is None or call.status is CallStatus.TRANSFERRED:
                self._clock.over(alert_id)
                return
            log.warning("alarm_without_dashboard", call_id=call_id, alert_id=alert_id)
            answer = await self._alarms.ring_next(call, alert_id)
            if answer.outcome is Outcome.DONE or answer.reason in OVER:
                self._clock.over(alert_id)
                return
            now = asyncio.get_running_loop().time()
            unanswered = answer.outcome is Outcome.FAILED and answer.reason not in NOT_TRIED
            self._clock.again(alert_id, now if unanswered else now + AGAIN_S)
        finally:
            self._running.discard(alert_id)
