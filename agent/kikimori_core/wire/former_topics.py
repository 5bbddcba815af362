"""Former topic tree `kikimori/v1/{site}/…`: dashboards still read it, agents clear what they left there.

For one release; after it this module goes. There nobody's name stood in the topics of calls, alerts and answers, so a
broker could not hold agents apart.
"""

from __future__ import annotations

from kikimori_core.wire.topics import ParsedTopic, TopicKind, check_name

FORMER_ROOT = "kikimori/v1"


class FormerTopics:
    """Topics of one site as agents of the version before write and read them."""

    def __init__(self, site: str) -> None:
        self._base = f"{FORMER_ROOT}/{check_name(site)}"

    def call_state(self, call_id: str) -> str:
        return f"{self._base}/calls/{check_name(call_id)}/state"

    def transcript(self, call_id: str) -> str:
        return f"{self._base}/calls/{check_name(call_id)}/transcript"

    def alert(self, alert_id: str) -> str:
        return f"{self._base}/alerts/{check_name(alert_id)}"

    def health(self, agent_id: str) -> str:
        return f"{self._base}/agents/{check_name(agent_id)}/health"

    def levels(self, agent_id: str) -> str:
        return f"{self._base}/agents/{check_name(agent_id)}/levels"

    def commands(self, agent_id: str) -> str:
        return f"{self._base}/agents/{check_name(agent_id)}/commands"

    def reply(self, client_id: str) -> str:
        return f"{self._base}/replies/{check_name(client_id)}"

    def dashboard_filters(self) -> list[tuple[str, int]]:
        """Return the (filter, QoS) pairs from which a dashboard sees the agents of the version before."""
        return [
            (f"{self._base}/calls/+/state", 1),
            (f"{self._base}/calls/+/transcript", 0),
            (f"{self._base}/alerts/+", 1),
            (f"{self._base}/agents/+/health", 1),
            (f"{self._base}/agents/+/levels", 0),
        ]

    def retained_filters(self, agent_id: str) -> list[str]:
        """Return the filters of an agent's own retained topics, among those of others."""
        return [f"{self._base}/calls/+/state", f"{self._base}/alerts/+", self.health(agent_id)]

    def parse(self, topic: str) -> ParsedTopic | None:
        """Return the parts of `topic`, or None if it is not one of this site's."""
        prefix = self._base + "/"
        if not topic.startswith(prefix):
            return None
        match topic[len(prefix) :].split("/"):
            case ["calls", name, "state"]:
                return ParsedTopic(TopicKind.CALL_STATE, name, "")
            case ["calls", name, "transcript"]:
                return ParsedTopic(TopicKind.TRANSCRIPT, name, "")
            case ["alerts", name]:
                return ParsedTopic(TopicKind.ALERT, name, "")
            case ["agents", name, "health"]:
                return ParsedTopic(TopicKind.HEALTH, name, name)
            case ["agents", name, "levels"]:
                return ParsedTopic(TopicKind.LEVELS, name, name)
            case ["agents", name, "commands"]:
                return ParsedTopic(TopicKind.COMMAND, name, name)
            case ["replies", name]:
                return ParsedTopic(TopicKind.REPLY, name, "")
            case _:
                return None
