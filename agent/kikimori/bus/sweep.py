"""Clean-up, at each connection, of what the broker retains in this agent's name and the agent no longer has.

A run that was killed leaves calls and alerts behind, a broker that comes back with an old save brings them again, and
the version before wrote to other topics.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import TYPE_CHECKING

import structlog

from kikimori_core.wire.former_topics import FormerTopics
from kikimori_core.wire.messages import Alert, BadMessageError, CallState, Problem
from kikimori_core.wire.topics import ParsedTopic, TopicKind, Topics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kikimori_core.wire.connection import Client
    from kikimori_core.wire.topics import AgentTopics

log = structlog.get_logger()

WITHIN_S = 30.0
MOST_FOUND = 100_000


class Sweep:
    """Reads the agent's own branch once per connection. The bus gives it every message through `take`."""

    def __init__(
        self,
        topics: AgentTopics,
        keeps: Callable[[ParsedTopic], bool],
        *,
        left_calls: Iterable[str] = (),
        left_alerts: Iterable[str] = (),
    ) -> None:
        """`keeps` returns whether a subject exists; `left_…`: left by an earlier run in the former tree."""
        self._topics = topics
        self._site = Topics(topics.site)
        self._former = FormerTopics(topics.site)
        self._keeps = keeps
        self._known_left = {
            *map(self._former.call_state, left_calls),
            *map(self._former.alert, left_alerts),
        }
        self._found: set[str] = set()
        self._marker = b""
        self._read = asyncio.Event()
        self._denied = False
        self.cleared = 0
        """Retained messages that were cleared."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        if not self._denied:
            return ()
        user = self._topics.agent_id
        return (Problem.of("broker_denies", commands=self._topics.commands, user=user),)

    def take(self, topic: str, payload: bytes, *, retain: bool) -> bool:
        """Take a message; False when it does not belong to the sweep."""
        if topic == self._topics.commands:
            if payload != self._marker:
                return False
            self._read.set()
            return True
        if topic == self._topics.acks:
            return False
        if retain and payload and len(self._found) < MOST_FOUND and self._is_ours(topic, payload):
            self._found.add(topic)
        return True

    async def run(self, client: Client) -> None:
        """Read, clear, and stop listening. Call it after this connection's state was sent; feed `take`."""
        self._found = set(self._known_left)
        self._read.clear()
        self._marker = json.dumps({"marker": uuid.uuid4().hex}).encode()
        filters = [*self._topics.retained_filters(), *self._former.retained_filters(self._topics.agent_id)]
        await client.subscribe([(each, 1) for each in filters])
        # What is retained comes before it, as the broker keeps the order of what it sends.
        await client.publish(self._topics.commands, self._marker, qos=1)
        try:
            async with asyncio.timeout(WITHIN_S):
                await self._read.wait()
        except TimeoutError:
            self._denied = True
            log.warning("own_branch_not_readable")
        else:
            self._denied = False
        cleared = 0
        for topic in sorted(self._found):
            parsed = self._site.parse(topic)
            if parsed is None or not self._keeps(parsed):
                await client.publish(topic, b"", qos=1, retain=True)
                cleared += 1
        self._known_left.clear()
        self._found.clear()
        await client.unsubscribe(filters)
        self.cleared += cleared
        log.info("own_branch_swept", cleared=cleared)

    def _is_ours(self, topic: str, payload: bytes) -> bool:
        parsed = self._site.parse(topic)
        if parsed is not None:
            return parsed.agent_id == self._topics.agent_id
        former = self._former.parse(topic)
        if former is None:
            return False
        try:
            match former.kind:
                case TopicKind.CALL_STATE:
                    return CallState.from_bytes(payload).agent_id == self._topics.agent_id
                case TopicKind.ALERT:
                    return Alert.from_bytes(payload).agent_id == self._topics.agent_id
                case kind:
                    return kind is TopicKind.HEALTH and former.name == self._topics.agent_id
        except BadMessageError:
            return False
