"""The dashboard's connection to the broker: folds every message of the site into the state, publishes presses."""

from __future__ import annotations

import asyncio
import json
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from kikimori_wire.connection import BrokerError, connect, stay_connected
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
    ) -> None:
        self._settings = settings
        self._topics = Topics(site)
        self._client_id = client_id
        self._state = state
        self._changed = changed
        self._on_result = on_result
        self._client: Client | None = None
        self.bad_messages = 0
        self._complained: set[str] = set()

    @property
    def reply_topic(self) -> str:
        return self._topics.reply(self._client_id)

    async def run(self) -> None:
        await stay_connected(self._session, self._lost)

    async def publish_command(self, agent_id: str, command: Command) -> None:
        """Raises BrokerAwayError when the broker did not take it."""
        if self._client is None:
            raise BrokerAwayError
        try:
            await self._client.publish(self._topics.commands(agent_id), command.to_bytes(), qos=1, timeout=5)
        except BrokerError as error:
            raise BrokerAwayError from error

    def _lost(self, error: Exception, retry_in_s: float) -> None:
        log.warning("broker_lost", reason=type(error).__name__, retry_in_s=retry_in_s)

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
                    await client.subscribe(self.reply_topic, qos=1)
                    await client.publish(self.reply_topic, begin, qos=1)
                    turn = 0
                    async for message in client.messages:
                        topic, payload = message.topic.value, _bytes(message.payload)
                        if payload == begin:
                            self._state.begin_reading_retained()
                            await client.subscribe(self._topics.dashboard_filters())
                            await client.publish(self.reply_topic, end, qos=1)
                        elif payload == end:
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
        parsed = self._topics.parse(topic)
        if parsed is None:
            return
        try:
            self._fold(parsed, payload)
        except BadMessageError as error:
            self.bad_messages += 1
            if isinstance(error, NewerMessageError):
                of_agent = parsed.kind in (TopicKind.HEALTH, TopicKind.LEVELS)
                self._state.note_version(parsed.name if of_agent else "", VERSION + 1)
            # Each topic is complained of once, so that a broken sender does not flood the log.
            if topic not in self._complained and len(self._complained) < 1000:
                self._complained.add(topic)
                log.warning("bad_message", topic=topic, reason=str(error))

    def _fold(self, parsed: ParsedTopic, payload: bytes) -> None:
        state, name = self._state, parsed.name
        match parsed.kind:
            case TopicKind.CALL_STATE if not payload:
                state.remove_call(name)
            case TopicKind.CALL_STATE:
                call = CallState.from_bytes(payload)
                _check_name(call.call_id, name)
                state.note_version(call.agent_id, call.v)
                state.take_call(call)
            case TopicKind.TRANSCRIPT:
                line = TranscriptLine.from_bytes(payload)
                _check_name(line.call_id, name)
                state.take_line(line)
            case TopicKind.ALERT if not payload:
                state.remove_alert(name)
            case TopicKind.ALERT:
                alert = Alert.from_bytes(payload)
                _check_name(alert.alert_id, name)
                state.note_version(alert.agent_id, alert.v)
                state.take_alert(alert)
            case TopicKind.HEALTH if not payload:
                state.remove_agent(name)
            case TopicKind.HEALTH:
                health = Health.from_bytes(payload)
                _check_name(health.agent_id, name)
                state.note_version(health.agent_id, health.v)
                state.take_health(health)
            case TopicKind.LEVELS:
                levels = Levels.from_bytes(payload)
                _check_name(levels.agent_id, name)
                state.note_version(levels.agent_id, levels.v)
                state.take_levels(levels)
            case TopicKind.REPLY if not payload.startswith(b'{"marker"'):
                result = CommandResult.from_bytes(payload)
                state.take_result(result)
                self._on_result(result)
            case _:
                pass


def _bytes(payload: object) -> bytes:
    return payload if isinstance(payload, bytes) else str(payload or "").encode()


def _check_name(said: str, topic: str) -> None:
    """A message must be about what its topic is about: access rights on a broker are by topic."""
    if said != topic:
        raise BadMessageError("the name in the payload is not the one in the topic")
