"""Agents of the version before, which still write to the tree `kikimori/v1`. To be removed after one release.

An agent that is online in the present tree is not believed in the former one: what it left there before its update is
past, whether it could be cleared or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.wire.topics import TopicKind

if TYPE_CHECKING:
    from kikimori_dashboard.site.state import SiteState


class FormerTree:
    """Decides which messages of the former tree count, and drops an agent's former state after its update."""

    def __init__(self, state: SiteState) -> None:
        self._state = state
        self._updated: set[str] = set()
        """Agents that are online in the present tree."""
        self._here: dict[tuple[TopicKind, str], str] = {}
        """Agents of the calls and alerts that are known from the former tree only."""
        self._agents: set[str] = set()
        """Agents that are known from the former tree only."""

    def begin_reading(self) -> None:
        """Begin again: everything that exists is sent again."""
        self._updated.clear()
        self._here.clear()
        self._agents.clear()

    def has(self, agent_id: str) -> bool:
        """Return whether an agent is reached by the former tree."""
        return agent_id in self._agents

    def counts(self, kind: TopicKind, name: str, agent_id: str) -> bool:
        """Note a message of the former tree; False when its agent was updated."""
        if agent_id in self._updated:
            return False
        if kind is TopicKind.HEALTH:
            self._agents.add(agent_id)
        else:
            self._here[kind, name] = agent_id
        return True

    def cleared(self, kind: TopicKind, name: str) -> bool:
        """Note that a topic of the former tree was cleared; False when it does not count."""
        if kind is TopicKind.HEALTH:
            known = name in self._agents
            self._agents.discard(name)
            return known
        return self._here.pop((kind, name), None) is not None

    def present(self, kind: TopicKind, name: str) -> None:
        """Note that a call or an alert is in the present tree."""
        self._here.pop((kind, name), None)

    def health(self, agent_id: str, *, online: bool) -> None:
        """Note an agent's health in the present tree."""
        if not online:
            self._updated.discard(agent_id)
            return
        self._updated.add(agent_id)
        self._agents.discard(agent_id)
        for kind, name in [key for key, of in self._here.items() if of == agent_id]:
            del self._here[kind, name]
            if kind is TopicKind.CALL_STATE:
                self._state.remove_call(name)
            else:
                self._state.remove_alert(name)
