"""An agent of the version before, beside a dashboard of this one: the same messages on the tree `kikimori/v1`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.peer_agent import PeerAgent

from kikimori_core.wire.former_topics import FormerTopics
from kikimori_core.wire.topics import AgentTopics

if TYPE_CHECKING:
    from kikimori_core.wire.settings import BrokerSettings


class FormerAgentTopics(AgentTopics):
    """The topics of one agent under the tree before."""

    def __init__(self, site: str, agent_id: str) -> None:
        super().__init__(site, agent_id)
        former = FormerTopics(site)
        self.health = former.health(agent_id)
        self.levels = former.levels(agent_id)
        self.commands = former.commands(agent_id)
        self.call_state = former.call_state  # type: ignore[method-assign]
        self.transcript = former.transcript  # type: ignore[method-assign]
        self.alert = former.alert  # type: ignore[method-assign]
        self.reply = former.reply  # type: ignore[method-assign]


class FormerPeer(PeerAgent):
    def __init__(self, settings: BrokerSettings, site: str = "main", agent_id: str = "agent-1") -> None:
        super().__init__(settings, site, agent_id)
        self.topics = FormerAgentTopics(site, agent_id)
        self.key = None
