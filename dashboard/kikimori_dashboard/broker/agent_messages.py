"""Messages of agents, read from the payloads of their topics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.wire.delivery import Inventory
from kikimori_core.wire.messages import Alert, BadMessageError, CallState, Health, Levels, TranscriptLine
from kikimori_core.wire.ringing_calls import RingingCalls
from kikimori_core.wire.topics import TopicKind

if TYPE_CHECKING:
    from kikimori_core.wire.topics import ParsedTopic

FromAgent = CallState | TranscriptLine | Alert | Health | Levels | Inventory | RingingCalls


def read_message(parsed: ParsedTopic, payload: bytes) -> FromAgent:
    """Read an agent's message on a topic; raises BadMessageError.

    A message must be about what its topic is about, and in the name that stands there: rights on a broker are by topic.
    """
    message: FromAgent
    match parsed.kind:
        case TopicKind.CALL_STATE:
            message = CallState.from_bytes(payload)
            name = message.call_id
        case TopicKind.TRANSCRIPT:
            message = TranscriptLine.from_bytes(payload)
            name = message.call_id
        case TopicKind.ALERT:
            message = Alert.from_bytes(payload)
            name = message.alert_id
        case TopicKind.HEALTH:
            message = Health.from_bytes(payload)
            name = message.agent_id
        case TopicKind.LEVELS:
            message = Levels.from_bytes(payload)
            name = message.agent_id
        case TopicKind.RINGING:
            message = RingingCalls.from_bytes(payload)
            name = message.agent_id
        case TopicKind.INVENTORY:
            message = Inventory.from_bytes(payload)
            name = str(message.part)
        case _:
            raise BadMessageError("no message of an agent")
    if name != parsed.name:
        raise BadMessageError("the name in the payload is not the one in the topic")
    if parsed.agent_id and not isinstance(message, TranscriptLine) and message.agent_id != parsed.agent_id:
        raise BadMessageError("the agent in the payload is not the one in the topic")
    return message
