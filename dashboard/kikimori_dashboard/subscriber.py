"""The dashboard's connection to the broker: folds every message of the site into the state, publishes presses."""

from __future__ import annotations

import asyncio
import json
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from kikimori_dashboard.former import FormerTree
from kikimori_wire.broker_problem import BrokerStatus
from kikimori_wire.connection import BrokerError, connect, stay_connected
from kikimori_wire.former_topics import FormerTopics
from kikimori_wire.messages import (
    VERSION,
    Alert,
    BadMessageError,
    CallState,
    CommandResult,
    Health,
    Levels,
    NewerMessageError,
    TranscriptLine,
)
from kikimori_wire.topics import ParsedTopic, TopicKind, Topics

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_dashboard.state import SiteState
    from kikimori_wire.connection import Client
    from kikimori_wire.messages import Command
    from kikimori_wire.settings import BrokerSettings

log = structlog.get_logger()

RETAINED_WITHIN_S = 30.0
"""The broker must have told everything retained by then; otherwise we start again."""

MESSAGES_PER_TURN = 50
"""After so many messages in one go other tasks get their turn."""


class BrokerAwayError(Exception):
    """There is no connection to publish on."""


class Subscriber:
    """Runs until cancelled. `changed` is called after every message that may have changed the state."""

    def __init__(
        self,
        settings: BrokerSettings,
        site: str,
        client_id: str,
        state: SiteState,
        *,
        changed: Callable[[], None],
        on_result: Callable[[CommandResult], None],
        branch: str | None = None,
    ) -> None:
        """`branch`: name of the dashboard's own branch of topics, if another than its client id."""
        self._settings = settings
        self._topics = Topics(site)
        self._former_topics = FormerTopics(site)
        self._former = FormerTree(state)
        self._client_id = client_id
        self._branch = branch or client_id
        self._state = state
        self._changed = changed
        self._on_result = on_result
        self._client: Client | None = None
        self._broker = BrokerStatus(settings)
        self.bad_messages = 0
        self._complained: set[str] = set()

    def reply_topic(self, agent_id: str) -> str:
        """Return where an agent is asked to answer."""
        if self._former.has(agent_id):
            return self._former_topics.reply(self._branch)
        return self._topics.of(agent_id).reply(self._branch)

    async def run(self) -> None:
        await stay_connected(self._session, self._lost)

    async def publish_command(self, agent_id: str, command: Command) -> None:
        """Raises BrokerAwayError when the broker did not take it."""
        if self._client is None:
            raise BrokerAwayError
        try:
            tree = self._former_topics.commands if self._former.has(agent_id) else _commands(self._topics)
            await self._client.publish(tree(agent_id), command.to_bytes(), qos=1, timeout=5)
        except BrokerError as error:
            raise BrokerAwayError from error

    def _lost(self, error: Exception, retry_in_s: float) -> None:
        self._broker.lost(error, retry_in_s)
        self._state.broker_failed(self._broker.problem)
        self._changed()

    async def _session(self) -> None:
        """Connect, learn what exists, follow it.

        The broker first delivers what it queued for us while we were away: history, possibly cut short. Then, on our
        subscription, what it retains: the truth. Two markers to ourselves enclose the latter, so that whatever is not
        told between them is known to have ended.
        """
        begin, end = (json.dumps({"marker": uuid.uuid4().hex}).encode() for _ in range(2))
        async with connect(self._settings, self._client_id, keep_session=True) as client:
            try:
                async with asyncio.timeout(RETAINED_WITHIN_S) as limit:
                    marker = self._topics.marker(self._branch)
                    mine = [
                        marker,
                        self._topics.replies(self._branch),
                        self._former_topics.reply(self._branch),
                    ]
                    await client.subscribe([(each, 1) for each in mine])
                    await client.publish(marker, begin, qos=1)
                    turn = 0
                    async for message in client.messages:
                        topic, payload = message.topic.value, _bytes(message.payload)
                        if payload == begin:
                            self._state.begin_reading_retained()
                            self._former.begin_reading()
                            await client.subscribe(self._topics.dashboard_filters())
                            await client.subscribe(self._former_topics.dashboard_filters())
                            await client.publish(marker, end, qos=1)
                        elif payload == end:
                            self._broker.connected()
                            self._state.broker_failed(None)
                            self._state.end_reading_retained(datetime.now(UTC))
                            self._client = client
                            limit.reschedule(None)
                            log.info(
                                "broker_connected",
                                calls=len(self._state.calls),
                                alerts=len(self._state.alerts),
                            )
                        else:
                            self._take(topic, payload)
                        self._changed()
                        turn += 1
                        if turn % MESSAGES_PER_TURN == 0:
                            await asyncio.sleep(0)
            except TimeoutError:
                raise BrokerError("the broker did not tell what it retains in time") from None
            finally:
                self._client = None
                self._state.broker_lost()
                self._changed()

    def _take(self, topic: str, payload: bytes) -> None:
        present = self._topics.parse(topic)
        parsed = present or self._former_topics.parse(topic)
        if parsed is None:
            return
        try:
            if parsed.kind is TopicKind.REPLY:
                self._answered(CommandResult.from_bytes(payload))
            elif not payload:
                self._clear(parsed, former=present is None)
            else:
                self._fold(parsed, payload, former=present is None)
        except BadMessageError as error:
            self.bad_messages += 1
            if isinstance(error, NewerMessageError):
                self._state.newer.note(parsed.agent_id, VERSION + 1)
            # Each topic is complained of once, so that a broken sender does not flood the log.
            if topic not in self._complained and len(self._complained) < 1000:
                self._complained.add(topic)
                log.warning("bad_message", topic=topic, reason=str(error))
        except Exception as error:  # noqa: BLE001 - one message must not end the view of all calls
            self.bad_messages += 1
            log.error("message_failed", kind=parsed.kind.value, error=type(error).__name__)

    def _answered(self, result: CommandResult) -> None:
        self._state.take_result(result)
        self._on_result(result)

    def _clear(self, parsed: ParsedTopic, *, former: bool) -> None:
        """An empty payload: what the topic is about is over."""
        state, name = self._state, parsed.name
        if former and not self._former.cleared(parsed.kind, name):
            return
        match parsed.kind:
            case TopicKind.CALL_STATE:
                state.remove_call(name, parsed.agent_id)
            case TopicKind.ALERT:
                state.remove_alert(name, parsed.agent_id)
            case TopicKind.HEALTH:
                state.remove_agent(name)
            case _:
                raise BadMessageError("empty")

    def _fold(self, parsed: ParsedTopic, payload: bytes, *, former: bool) -> None:
        state = self._state
        message = read(parsed, payload)
        if isinstance(message, TranscriptLine):
            state.take_line(message, parsed.agent_id)
            return
        if former:
            if not self._former.counts(parsed.kind, parsed.name, message.agent_id):
                return
        elif isinstance(message, Health):
            self._former.health(message.agent_id, online=message.online)
        else:
            self._former.present(parsed.kind, parsed.name)
        state.newer.note(message.agent_id, message.v)
        match message:
            case CallState():
                state.take_call(message)
            case Alert():
                state.take_alert(message)
            case Health():
                state.take_health(message)
            case Levels():
                state.take_levels(message)


FromAgent = CallState | TranscriptLine | Alert | Health | Levels


def read(parsed: ParsedTopic, payload: bytes) -> FromAgent:
    """Read what an agent says on a topic; raises BadMessageError.

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
        case _:
            raise BadMessageError("no message of an agent")
    if name != parsed.name:
        raise BadMessageError("the name in the payload is not the one in the topic")
    if parsed.agent_id and not isinstance(message, TranscriptLine) and message.agent_id != parsed.agent_id:
        raise BadMessageError("the agent in the payload is not the one in the topic")
    return message


def _commands(topics: Topics) -> Callable[[str], str]:
    return lambda agent_id: topics.of(agent_id).commands


def _bytes(payload: object) -> bytes:
    return payload if isinstance(payload, bytes) else str(payload or "").encode()
