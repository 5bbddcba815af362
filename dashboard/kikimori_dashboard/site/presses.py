"""Presses of each call with their results: the last of each lane, and the newest of all. Pure: no sockets, no clock of its own.

A call has three lanes, each with its last press: a superior's telephone may ring for a while, and who listens in
meanwhile must not make the page forget it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from kikimori_core.wire.actions import TRANSFERS, Lane, lane_of
from kikimori_core.wire.messages import Action

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from kikimori_core.wire.messages import Command, CommandResult


KEPT_PRESSES = 40
"""Newest presses kept of a call."""
LEFT_AFTER = timedelta(minutes=10)
"""Age of the last press from which a call missing at the broker will not come back with its agent."""


@dataclass(frozen=True, slots=True)
class Press:
    """Command with its result; without one it is under way."""

    command_id: str
    call_id: str
    action: Action
    issued_by: str
    issued_at: datetime
    target: str | None = None
    """Number that the command named; None for a transfer = the configured superior."""
    keep_operator: bool | None = None
    role: str | None = None
    """As in the command: `supervisor`, `operator`."""
    result: CommandResult | None = None
    unanswered: bool = False
    """True = given up waiting; a late result still replaces this."""

    @property
    def failed(self) -> bool:
        """Return whether nothing came of it; one that is under way has not failed."""
        return self.unanswered or (self.result is not None and not self.result.outcome.carried_out)

    @property
    def rings(self) -> bool:
        """Return whether it is a transfer that is under way: a telephone rings."""
        return self.action in TRANSFERS and self.result is None and not self.unanswered


class PressBook:
    """The last press of each lane, and all of late, by call."""

    def __init__(self) -> None:
        self._calls: dict[str, dict[Lane, Press]] = {}
        self._history: dict[str, dict[str, Press]] = {}
        """Presses by command, oldest first, by call."""

    def calls(self) -> list[str]:
        return list(self._calls)

    def of(self, call_id: str) -> dict[Lane, Press]:
        return self._calls.get(call_id, {})

    def last(self, call_id: str, lane: Lane) -> Press | None:
        return self.of(call_id).get(lane)

    def began_hold(self, call_id: str) -> bool:
        """Return whether a call's hold was begun by a press: another is the telephone's own, and so is its end."""
        press = self.last(call_id, Lane.MOVE)
        return press is not None and press.action in (Action.HOLD, *TRANSFERS)

    def history(self, call_id: str) -> list[Press]:
        """Return the newest presses of a call, oldest first."""
        return list(self._history.get(call_id, {}).values())

    def take(self, command: Command) -> None:
        press = Press(
            command.command_id,
            command.call_id,
            command.action,
            command.issued_by,
            command.issued_at,
            command.target,
            command.keep_operator,
            command.role,
        )
        self._calls.setdefault(press.call_id, {})[lane_of(press.action)] = press
        history = self._history.setdefault(press.call_id, {})
        history[press.command_id] = press
        if len(history) > KEPT_PRESSES:
            lasts = {each.command_id for each in self.of(press.call_id).values()}
            del history[next(each for each in history if each not in lasts)]

    def answer(self, result: CommandResult) -> bool:
        """Note the result of a press; False when it is not known any more."""
        press = self._history.get(result.call_id, {}).get(result.command_id)
        if press is None:
            return False
        self._put(replace(press, result=result, unanswered=False))
        return True

    def give_up(self, command: Command) -> bool:
        """Note that nobody waits any more; False when there is nothing to note."""
        press = self._history.get(command.call_id, {}).get(command.command_id)
        if press is None or press.result is not None:
            return False
        self._put(replace(press, unanswered=True))
        return True

    def left(self, calls: Collection[str], now: datetime) -> list[str]:
        """Return calls outside `calls` whose last press is so old that nobody will answer it."""
        return [
            call_id
            for call_id, lanes in self._calls.items()
            if call_id not in calls and all(now - each.issued_at > LEFT_AFTER for each in lanes.values())
        ]

    def forget(self, call_id: str) -> bool:
        self._history.pop(call_id, None)
        return self._calls.pop(call_id, None) is not None

    def _put(self, press: Press) -> None:
        """Replace a press by a later state of it."""
        self._history[press.call_id][press.command_id] = press
        lanes, lane = self._calls[press.call_id], lane_of(press.action)
        if lanes[lane].command_id == press.command_id:
            lanes[lane] = press
