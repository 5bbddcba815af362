"""The topic tree `kikimori/v2/{site}/…`: the only place where its topic strings are written.

| topic                                        | retained | QoS | message          |
| -------------------------------------------- | -------- | --- | ---------------- |
| `…/agents/{agent_id}/health`                 | yes, also the last will | 1 | `Health` |
| `…/agents/{agent_id}/levels`                 | no       | 0   | `Levels`         |
| `…/agents/{agent_id}/commands`               | no       | 1   | `Command`        |
| `…/agents/{agent_id}/acks`                   | no       | 1   | `Acks`           |
| `…/agents/{agent_id}/inventory/{part}`       | yes      | 1   | `Inventory`      |
| `…/agents/{agent_id}/ringing`                | while something rings | 1 | `RingingCalls` |
| `…/agents/{agent_id}/calls/{call_id}/state`  | while live | 1 | `CallState`      |
| `…/agents/{agent_id}/calls/{call_id}/transcript` | no   | 0   | `TranscriptLine` |
| `…/agents/{agent_id}/alerts/{alert_id}`      | while open | 1 | `Alert`          |
| `…/dashboards/{client_id}/replies/{agent_id}` | no      | 1   | `CommandResult`  |
| `…/directory/{client_id}`                    | yes      | 1   | `Directory`      |
| `…/signals/availability`                     | yes, also the last will | 1 | `online`, `offline` |
| `…/signals/{place}/severity`, `…/help`, `…/state` | yes | 1   | a word; JSON     |
| `…/buttons/{user}/{extension}`               | no       | 1   | of a button      |

Everything an agent says stands in its own branch, `agents/{agent_id}`, but the answers to presses, which stand in the
branch of whoever pressed, under the agent's name. A broker can thus hold each user to its own name. The directory stands
under the name of the dashboard that published it. Signals and buttons are for lamps and buttons, whose programs know nothing
of our messages: `kikimori_dashboard.signals`.

An empty payload on a retained topic clears it (MQTT 3.1.1, section 3.3.1.3). `former_topics` has the tree before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

ROOT = "kikimori/v2"

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"
"""Allowed in a topic level: no `/`, `+`, `#`, space or control character."""

_NAME = re.compile(NAME_PATTERN)


class TopicKind(Enum):
    CALL_STATE = "state"
    TRANSCRIPT = "transcript"
    ALERT = "alert"
    HEALTH = "health"
    LEVELS = "levels"
    COMMAND = "commands"
    ACKS = "acks"
    INVENTORY = "inventory"
    RINGING = "ringing"
    REPLY = "reply"
    DIRECTORY = "directory"


@dataclass(frozen=True, slots=True)
class ParsedTopic:
    kind: TopicKind
    name: str
    """The call, alert, agent or client the topic is about."""
    agent_id: str
    """The agent in whose name the topic is written; "" where it is a dashboard, or the tree before does not say."""


def check_name(name: str) -> str:
    """Return `name` if it may stand in a topic level; raise ValueError otherwise."""
    if not is_name(name):
        raise ValueError(f"{name!r} cannot be used in an MQTT topic: use letters, digits, '.', '_' and '-'")
    return name


def is_name(name: str) -> bool:
    """Return whether `name` may stand in a topic level."""
    return _NAME.fullmatch(name) is not None


class AgentTopics:
    """Topics that are written in the name of one agent."""

    def __init__(self, site: str, agent_id: str) -> None:
        self.site = check_name(site)
        self.agent_id = check_name(agent_id)
        self._base = f"{ROOT}/{site}/agents/{agent_id}"
        self.health = f"{self._base}/health"
        self.levels = f"{self._base}/levels"
        self.ringing = f"{self._base}/ringing"
        self.commands = f"{self._base}/commands"
        self.acks = f"{self._base}/acks"
        self.branch = f"{self._base}/#"
        """Filter of all topics that this agent writes and reads."""
        self.replies = f"{ROOT}/{site}/dashboards/+/replies/{agent_id}"
        """Filter of its answers to all dashboards."""
        self.directories = f"{ROOT}/{site}/directory/+"
        """Filter of the directory, as each dashboard publishes it."""

    def call_state(self, call_id: str) -> str:
        return f"{self._base}/calls/{check_name(call_id)}/state"

    def transcript(self, call_id: str) -> str:
        return f"{self._base}/calls/{check_name(call_id)}/transcript"

    def alert(self, alert_id: str) -> str:
        return f"{self._base}/alerts/{check_name(alert_id)}"

    def inventory(self, part: int | str) -> str:
        return f"{self._base}/inventory/{check_name(str(part))}"

    def reply(self, client_id: str) -> str:
        """Return the topic of this agent's answers to a dashboard's presses."""
        return f"{ROOT}/{self.site}/dashboards/{check_name(client_id)}/replies/{self.agent_id}"

    def read_filters(self) -> list[tuple[str, int]]:
        """Return the (filter, QoS) pairs of what this agent reads for as long as it is connected."""
        return [(self.health, 0), (self.commands, 1), (self.acks, 1), (self.directories, 1)]

    def retained_filters(self) -> list[str]:
        """Return the filters of what this agent leaves on the broker besides its health."""
        return [
            f"{self._base}/calls/+/state",
            f"{self._base}/alerts/+",
            f"{self._base}/inventory/+",
            self.ringing,
        ]


class Topics:
    """Topics of one site."""

    def __init__(self, site: str) -> None:
        self.site = check_name(site)
        self._base = f"{ROOT}/{site}"
        self.all_agents = f"{self._base}/agents/#"
        self.directories = f"{self._base}/directory/+"
        self.signals = f"{self._base}/signals"
        """Topic above all lamps."""

    def button(self, user: str, extension: str) -> str:
        """Return the topic on which a broker's user tells of the button of an extension."""
        level = "".join(each if each.isalnum() or each in "._-" else "-" for each in extension)
        return f"{self._base}/buttons/{check_name(user)}/{level}"

    def directory(self, client_id: str) -> str:
        """Return the topic on which a dashboard publishes the directory."""
        return f"{self._base}/directory/{check_name(client_id)}"

    def of_all_agents(self, last: str) -> str:
        """Return the filter of one topic of each agent, e.g. `commands`."""
        return f"{self._base}/agents/+/{last}"

    def branch(self, client_id: str) -> str:
        """Return the filter of a dashboard's own branch."""
        return f"{self._base}/dashboards/{check_name(client_id)}/#"

    def of(self, agent_id: str) -> AgentTopics:
        return AgentTopics(self.site, agent_id)

    def replies(self, client_id: str) -> str:
        """Return the filter of all answers to a dashboard's presses."""
        return f"{self._base}/dashboards/{check_name(client_id)}/replies/+"

    def marker(self, client_id: str) -> str:
        """Return the topic of a dashboard's messages to itself, which mark what came before and after."""
        return f"{self._base}/dashboards/{check_name(client_id)}/marker"

    def dashboard_filters(self) -> list[tuple[str, int]]:
        """Return the (filter, QoS) pairs from which a dashboard sees the whole site, the agents' health first."""
        return [
            (f"{self._base}/agents/+/health", 1),
            (f"{self._base}/agents/+/calls/+/state", 1),
            (f"{self._base}/agents/+/calls/+/transcript", 0),
            (f"{self._base}/agents/+/alerts/+", 1),
            (f"{self._base}/agents/+/inventory/+", 1),
            (f"{self._base}/agents/+/levels", 0),
            (f"{self._base}/agents/+/ringing", 1),
        ]

    def parse(self, topic: str) -> ParsedTopic | None:
        """Return the parts of `topic`, or None if it is not one of this site's."""
        prefix = self._base + "/"
        if not topic.startswith(prefix):
            return None
        match topic[len(prefix) :].split("/"):
            case ["agents", agent, "calls", name, "state"]:
                return ParsedTopic(TopicKind.CALL_STATE, name, agent)
            case ["agents", agent, "calls", name, "transcript"]:
                return ParsedTopic(TopicKind.TRANSCRIPT, name, agent)
            case ["agents", agent, "alerts", name]:
                return ParsedTopic(TopicKind.ALERT, name, agent)
            case ["agents", agent, "health"]:
                return ParsedTopic(TopicKind.HEALTH, agent, agent)
            case ["agents", agent, "levels"]:
                return ParsedTopic(TopicKind.LEVELS, agent, agent)
            case ["agents", agent, "ringing"]:
                return ParsedTopic(TopicKind.RINGING, agent, agent)
            case ["agents", agent, "commands"]:
                return ParsedTopic(TopicKind.COMMAND, agent, agent)
            case ["agents", agent, "acks"]:
                return ParsedTopic(TopicKind.ACKS, agent, agent)
            case ["agents", agent, "inventory", part]:
                return ParsedTopic(TopicKind.INVENTORY, part, agent)
            case ["dashboards", name, "replies", agent]:
                return ParsedTopic(TopicKind.REPLY, name, agent)
            case ["directory", name]:
                return ParsedTopic(TopicKind.DIRECTORY, name, "")
            case _:
                return None
