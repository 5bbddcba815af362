"""Agents of the site: their health, and whether anything but the broker's memory confirms them.

A broker that was killed comes back with an old save, in which an agent that ended meanwhile is still online. So what it
retains of an agent is unconfirmed until the agent says something. Pure: no sockets, no clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_dashboard.site.agent_link import AgentLink

if TYPE_CHECKING:
    from kikimori_core.wire.messages import Health


class AgentBook:
    """Agents by id."""

    def __init__(self) -> None:
        self.known: dict[str, Health] = {}
        self._lost: dict[str, int] = {}
        """Number of times that each agent went offline."""
        self._heard: set[str] = set()
        """Agents heard since the present connection to the broker began."""

    def begin_reading(self) -> None:
        """Begin a new connection to the broker, on which no agent was heard yet."""
        self._heard.clear()

    def take(self, health: Health) -> Health | None:
        """Take a health; return the one before.

        A last will carries the time at which its connection began; the agent was heard until its last heartbeat.
        """
        before = self.known.get(health.agent_id)
        if before is not None and not health.online and health.at < before.at:
            health = health.model_copy(update={"at": before.at})
        self.known[health.agent_id] = health
        if not health.online:
            self._heard.discard(health.agent_id)
            self._lost[health.agent_id] = self._lost.get(health.agent_id, 0) + 1
        return before

    def remove(self, agent_id: str) -> bool:
        """Forget an agent; False when it is not known."""
        self._lost.pop(agent_id, None)
        self._heard.discard(agent_id)
        return self.known.pop(agent_id, None) is not None

    def take_sign_of_life(self, agent_id: str) -> bool:
        """Note that an agent was heard just now; True when that confirms it."""
        if agent_id in self._heard or self.offline(agent_id):
            return False
        self._heard.add(agent_id)
        return True

    def offline(self, agent_id: str) -> bool:
        health = self.known.get(agent_id)
        return health is not None and not health.online

    def unconfirmed(self, agent_id: str) -> bool:
        """Return whether only the broker's memory tells of an agent: it and its calls may be past."""
        return not self.offline(agent_id) and agent_id not in self._heard

    def is_there(self, agent_id: str) -> bool:
        return agent_id in self._heard and not self.offline(agent_id)

    def link(self, agent_id: str, broker_sessions: int) -> AgentLink | None:
        """Return the connection to an agent; None while it is offline."""
        if self.offline(agent_id):
            return None
        health = self.known.get(agent_id)
        started_at = health.started_at if health is not None else None
        return AgentLink(broker_sessions, self._lost.get(agent_id, 0), started_at)
