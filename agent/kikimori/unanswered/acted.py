"""Calls on which a superior has acted: moved the customer, listened in. Pure: times are given."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from kikimori_core.wire.actions import answers_help

if TYPE_CHECKING:
    from kikimori_core.wire.messages import Command, CommandResult

MOST_CALLS = 1000


class ActedCalls:
    """Time of the last act on each call."""

    def __init__(self) -> None:
        self._at: OrderedDict[str, float] = OrderedDict()

    def note(self, command: Command, result: CommandResult, now: float) -> None:
        """Note a command that was carried out."""
        if not result.outcome.carried_out or not answers_help(command.action, command.role):
            return
        self._at[command.call_id] = now
        self._at.move_to_end(command.call_id)
        while len(self._at) > MOST_CALLS:
            self._at.popitem(last=False)

    def since(self, call_id: str, since: float) -> bool:
        """Return whether somebody has acted on a call since a time."""
        at = self._at.get(call_id)
        return at is not None and at >= since
