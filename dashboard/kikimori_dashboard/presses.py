"""Last press of each call, and its result. Pure: no sockets, no clock of its own.

A call has three lanes, each with its last press: a superior's telephone may ring for a while, and who listens in
meanwhile must not make the page forget it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from kikimori_core.wire.actions import Lane, lane_of

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from kikimori_core.wire.messages import Action, Command, CommandResult


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
    keep_operator: bool | None = None
    result: CommandResult | None = None
    unanswered: bool = False
    """True = given up waiting; a late result still replaces this."""


class PressBook:
    """The last press of each lane, by call."""

    def __init__(self) -> None:
        self._calls: dict[str, dict[Lane, Press]] = {}

    def calls(self) -> list[str]:
        return list(self._calls)

    def of(self, call_id: str) -> dict[Lane, Press]:
        return self._calls.get(call_id, {})

    def last(self, call_id: str, lane: Lane) -> Press | None:
        return self.of(call_id).get(lane)

    def take(self, command: Command) -> None:
        self._calls.setdefault(command.call_id, {})[lane_of(command.action)] = Press(
            command.command_id,
            command.call_id,
            command.action,
            command.issued_by,
            command.issued_at,
            command.keep_operator,
        )

    def answer(self, result: CommandResult) -> bool:
        """Note the result of a press; False when that is not the last of its lane any more."""
        press = self._known(result.call_id, result.command_id)
        if press is None:
            return False
        self._calls[press.call_id][lane_of(press.action)] = replace(press, result=result, unanswered=False)
        return True

    def give_up(self, command: Command) -> bool:
        """Note that nobody waits any more; False when there is nothing to note."""
        press = self._known(command.call_id, command.command_id)
        if press is None or press.result is not None:
            return False
        self._calls[press.call_id][lane_of(press.action)] = replace(press, unanswered=True)
        return True

    def left(self, calls: Collection[str], now: datetime) -> list[str]:
        """Return calls outside `calls` whose last press is so old that nobody will answer it."""
        return [
            call_id
            for call_id, lanes in self._calls.items()
            if call_id not in calls and all(now - each.issued_at > LEFT_AFTER for each in lanes.values())
        ]

    def forget(self, call_id: str) -> bool:
        return self._calls.pop(call_id, None) is not None

    def _known(self, call_id: str, command_id: str) -> Press | None:
        return next((each for each in self.of(call_id).values() if each.command_id == command_id), None)
