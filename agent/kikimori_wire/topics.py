"""The topic tree `kikimori/v1/{site}/…`: the only place where topic strings are written.

| topic                                | retained | QoS | message           |
| ------------------------------------ | -------- | --- | ----------------- |
| `…/calls/{call_id}/state`            | while live | 1 | `CallState`       |
| `…/calls/{call_id}/transcript`       | no       | 0   | `TranscriptLine`  |
| `…/alerts/{alert_id}`                | while open | 1 | `Alert`           |
| `…/agents/{agent_id}/health`         | yes, also the last will | 1 | `Health` |
| `…/agents/{agent_id}/levels`         | no       | 0   | `Levels`          |
| `…/agents/{agent_id}/commands`       | no       | 1   | `Command`         |
| `…/replies/{client_id}`              | no       | 1   | `CommandResult`   |

An empty payload on a retained topic clears it (MQTT 3.1.1, section 3.3.1.3).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

ROOT = "kikimori/v1"

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
    REPLY = "reply"


@dataclass(frozen=True, slots=True)
class ParsedTopic:
    kind: TopicKind
    name: str
    """The call, alert, agent or client the topic is about."""


def check_name(name: str) -> str:
    """Return `name` if it may stand in a topic level; raise ValueError otherwise."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot be used in an MQTT topic: use letters, digits, '.', '_' and '-'")
    return name


class Topics:
    """Topics of one site."""

    def __init__(self, site: str) -> None:
        self.site = check_name(site)
        self._base = f"{ROOT}/{site}"

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
        """Return the (filter, QoS) pairs from which a dashboard sees the whole site."""
        return [
            (f"{self._base}/calls/+/state", 1),
            (f"{self._base}/calls/+/transcript", 0),
            (f"{self._base}/alerts/+", 1),
            (f"{self._base}/agents/+/health", 1),
            (f"{self._base}/agents/+/levels", 0),
        ]

    def parse(self, topic: str) -> ParsedTopic | None:
        """Return what `topic` is about, or None if it is not one of this site's."""
        prefix = self._base + "/"
        if not topic.startswith(prefix):
            return None
        match topic[len(prefix) :].split("/"):
            case ["calls", name, "state"]:
                return ParsedTopic(TopicKind.CALL_STATE, name)
            case ["calls", name, "transcript"]:
                return ParsedTopic(TopicKind.TRANSCRIPT, name)
            case ["alerts", name]:
                return ParsedTopic(TopicKind.ALERT, name)
            case ["agents", name, "health"]:
                return ParsedTopic(TopicKind.HEALTH, name)
            case ["agents", name, "levels"]:
                return ParsedTopic(TopicKind.LEVELS, name)
            case ["agents", name, "commands"]:
                return ParsedTopic(TopicKind.COMMAND, name)
            case ["replies", name]:
                return ParsedTopic(TopicKind.REPLY, name)
            case _:
                return None
