"""Lists of the agents' calls and alerts: what an online agent does not list is dropped, though retained."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from kikimori_core.wire.messages import AlertState, CallState, CallStatus

if TYPE_CHECKING:
    from kikimori_core.wire.delivery import Inventory
    from kikimori_core.wire.messages import Alert
    from kikimori_dashboard.site.state import SiteState

log = structlog.get_logger()

MOST_PARTS = 1000


class Inventories:
    """Parts of each agent's list. A list counts when it is complete and the agent's health names it."""

    def __init__(self, state: SiteState) -> None:
        self._state = state
        self._parts: dict[str, dict[int, Inventory]] = {}
        self.forgotten = 0
        """Number of calls and alerts that no agent confirmed."""

    def begin_reading(self) -> None:
        """Begin again: everything that exists is sent again."""
        self._parts.clear()

    def take(self, part: Inventory) -> None:
        parts = self._parts.setdefault(part.agent_id, {})
        if any(each.digest != part.digest for each in parts.values()):
            parts.clear()
        if len(parts) < MOST_PARTS:
            parts[part.part] = part
        self.apply(part.agent_id)

    def may_exist(self, said: CallState | Alert) -> bool:
        """Return whether the agent's list does not contradict it; what is over is always accepted."""
        if isinstance(said, CallState):
            over = said.status is CallStatus.ENDED
        else:
            over = said.state is AlertState.CLOSED
        return over or self.allows(said)

    def allows(self, said: CallState | Alert) -> bool:
        """Return whether a call or open alert may exist, by the list of its agent that is in force."""
        parts = self._in_force(said.agent_id)
        if not parts or not _is_older(said, parts[0]) or _is_listed(said, parts):
            return True
        self.forgotten += 1
        return False

    def apply(self, agent_id: str) -> None:
        """Drop what the agent's list lacks. Called when a part, or the agent's health, has come."""
        parts = self._in_force(agent_id)
        if not parts:
            return
        state = self._state
        known: list[CallState | Alert] = [
            *(entry.state for entry in state.calls.values()),
            *state.alerts.values(),
        ]
        gone = [
            each
            for each in known
            if each.agent_id == agent_id and _is_older(each, parts[0]) and not _is_listed(each, parts)
        ]
        for each in gone:
            if isinstance(each, CallState):
                state.remove_call(each.call_id, agent_id)
            else:
                state.remove_alert(each.alert_id, agent_id)
        if gone:
            self.forgotten += len(gone)
            log.warning("not_confirmed_by_agent", agent_id=agent_id, count=len(gone))

    def _in_force(self, agent_id: str) -> list[Inventory]:
        """Return the parts of the agent's list, if it is complete and the online agent names it."""
        parts = self._parts.get(agent_id)
        health = self._state.agents.get(agent_id)
        if not parts or health is None or not health.online:
            return []
        first = next(iter(parts.values()))
        if len(parts) < first.parts or (health.inventory, health.run) != (first.digest, first.run):
            return []
        return list(parts.values())


def _is_listed(said: CallState | Alert, parts: list[Inventory]) -> bool:
    if isinstance(said, CallState):
        return any(said.call_id in each.calls for each in parts)
    return any(said.alert_id in each.alerts for each in parts)


def _is_older(said: CallState | Alert, listed: Inventory) -> bool:
    """Return whether the list was made after this message, so that the list must contain it."""
    return said.run != listed.run or (said.seq or 0) <= listed.seq
