"""The connection to an agent through the broker, so that a command can be repeated after a loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from kikimori_core.wire.messages import Health


@dataclass(frozen=True, slots=True)
class AgentLink:
    """Identifies one uninterrupted connection to an agent; another one after each loss."""

    broker_sessions: int
    agent_losses: int
    agent_started_at: datetime | None

    def same_run(self, other: AgentLink) -> bool:
        """Return whether the agent at its end is the same run, as far as is known."""
        return None in (starts := (self.agent_started_at, other.agent_started_at)) or starts[0] == starts[1]


def run_of(agents: Mapping[str, Health], agent_id: str) -> str | None:
    """Return the run of an agent from its health."""
    health = agents.get(agent_id)
    return None if health is None else health.run


def looks_same(one: Health, other: Health) -> bool:
    """Return whether pages show both alike: the digest of the inventory changes with every word said."""
    return one.model_copy(update={"at": other.at, "inventory": other.inventory}) == other
