"""Superiors rung for a call that nobody answers: one command after another to the call's agent, until one has heard."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import structlog

from kikimori_core.wire.messages import Action, Outcome
from kikimori_core.wire.unanswered import AGAIN_S, OVER, UNREACHED
from kikimori_dashboard.actions.commands import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_core.wire.messages import CommandResult

log = structlog.get_logger()


class AlarmSender(Protocol):
    """Sends `ring_superior`; raises RefusedError."""

    async def __call__(self, call_id: str, alert_id: str) -> CommandResult: ...


@dataclass(slots=True)
class AlarmProgress:
    """Ringing for one call; `alert_id` is the alert with which it began."""

    call_id: str
    alert_id: str
    next_at: float = 0.0
    outcome: str = "ringing"
    """`ringing`, `heard`, or a reason: `nobody_left`, `nobody_open`, `nobody_free`, `not_supported`, …"""
    heard_by: str = ""
    over: bool = False
    running: asyncio.Task[None] | None = None


class AlarmRinging:
    """Ringing by a name that the caller gives: one for all alerts that are answered together."""

    def __init__(
        self, send: AlarmSender, changed: Callable[[], None], ended: Callable[[AlarmProgress], None]
    ) -> None:
        """`changed` is called after each telephone; `ended` when nobody more is rung."""
        self._send = send
        self._changed = changed
        self._ended = ended
        self._alarms: dict[str, AlarmProgress] = {}

    def of(self, name: str) -> AlarmProgress | None:
        return self._alarms.get(name)

    def ring(self, name: str, call_id: str, alert_id: str, *, supported: bool, now: float) -> None:
        """Have the next superior rung, unless one rings, one has heard, or it is too early."""
        alarm = self._alarms.setdefault(name, AlarmProgress(call_id, alert_id))
        if alarm.over or alarm.running is not None or now < alarm.next_at:
            return
        if not supported:
            alarm.over, alarm.outcome = True, "not_supported"
            self._ended(alarm)
            return
        alarm.outcome = "ringing"
        alarm.running = asyncio.create_task(self._ring(alarm), name="alarm")

    def keep_only(self, names: set[str]) -> None:
        """Forget all other alarms; a telephone that rings is let ring."""
        for name in [each for each, alarm in self._alarms.items() if alarm.running is None]:
            if name not in names:
                del self._alarms[name]

    async def close(self) -> None:
        tasks = [each.running for each in self._alarms.values() if each.running is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ring(self, alarm: AlarmProgress) -> None:
        loop = asyncio.get_running_loop()
        try:
            result = await self._send(alarm.call_id, alarm.alert_id)
        except RefusedError as error:
            alarm.outcome, alarm.next_at = error.reason, loop.time() + AGAIN_S
        else:
            self._took(alarm, result, loop.time())
        finally:
            alarm.running = None
        log.info("superior_alarm", call_id=alarm.call_id, alert_id=alarm.alert_id, outcome=alarm.outcome)
        if alarm.over:
            self._ended(alarm)
        self._changed()

    @staticmethod
    def _took(alarm: AlarmProgress, result: CommandResult, now: float) -> None:
        reason = result.reason or str(result.outcome)
        if result.outcome is Outcome.DONE:
            alarm.over, alarm.outcome, alarm.heard_by = True, "heard", result.detail or ""
        elif reason in OVER:
            alarm.over, alarm.outcome = True, reason
        elif reason in UNREACHED:
            alarm.next_at = now
        else:
            alarm.outcome, alarm.next_at = reason, now + AGAIN_S


def can_ring(capabilities: tuple[Action, ...]) -> bool:
    """Return whether the PBX behind a call can ring a third telephone."""
    return Action.RING_SUPERIOR in capabilities
