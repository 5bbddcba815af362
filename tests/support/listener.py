"""A subscriber that stays connected and keeps everything it hears."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.deadline import WITHIN_S

from kikimori_core.wire.connection import connect, stay_connected
from kikimori_core.wire.envelope import unsealed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from kikimori_core.wire.settings import BrokerSettings


def unstamped(payload: bytes) -> bytes:
    """Return a message of a call or an alert without the fields `run` and `seq`, which the bus adds."""
    return re.sub(rb',"run":"[^"]*","seq":\d+}$', b"}", payload)


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    topic: str
    payload: bytes
    """Without its envelope."""
    retain: bool
    raw: bytes


class Listener:
    def __init__(self, settings: BrokerSettings, client_id: str, pattern: str, *, keep_session: bool) -> None:
        self.heard: list[ReceivedMessage] = []
        self._settings = settings
        self._client_id = client_id
        self._pattern = pattern
        self._keep_session = keep_session
        self._changed = asyncio.Condition()
        self._subscribed = asyncio.Event()

    async def session(self) -> None:
        async with connect(self._settings, self._client_id, keep_session=self._keep_session) as client:
            await client.subscribe(self._pattern, qos=1)
            self._subscribed.set()
            async for message in client.messages:
                assert isinstance(message.payload, bytes)
                async with self._changed:
                    self.heard.append(
                        ReceivedMessage(
                            message.topic.value, unsealed(message.payload), message.retain, message.payload
                        )
                    )
                    self._changed.notify_all()

    async def ready(self) -> None:
        async with asyncio.timeout(WITHIN_S):
            await self._subscribed.wait()

    def on(self, topic: str) -> list[bytes]:
        """Payloads heard on one topic, without the stamps of the agent's run."""
        return [unstamped(each.payload) for each in self.heard if each.topic == topic]

    def of_alerts(self) -> list[bytes]:
        """Payloads heard on the topics of alerts, whose names hold the agent's run."""
        return [each.payload for each in self.heard if "/alerts/" in each.topic]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition on what was heard holds."""
        async with asyncio.timeout(WITHIN_S), self._changed:
            await self._changed.wait_for(condition)

    async def until_on(self, topic: str, count: int) -> list[bytes]:
        await self.until(lambda: len(self.on(topic)) >= count)
        return self.on(topic)


@asynccontextmanager
async def listening(
    settings: BrokerSettings, pattern: str = "#", *, client_id: str = "listener", keep_session: bool = False
) -> AsyncIterator[Listener]:
    listener = Listener(settings, client_id, pattern, keep_session=keep_session)
    task = asyncio.create_task(stay_connected(listener.session, lambda _error, _wait: None))
    try:
        await listener.ready()
        yield listener
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def retained(
    settings: BrokerSettings, pattern: str = "#", *, marker: str = "newcomer/marker"
) -> dict[str, bytes]:
    """Return what a newcomer is told: every retained message, up to a marker on a topic that we may write."""
    found: dict[str, bytes] = {}
    async with connect(settings, "newcomer") as client, asyncio.timeout(WITHIN_S):
        await client.subscribe(marker, qos=1)
        await client.subscribe(pattern, qos=1)
        await client.publish(marker, b"1", qos=1)
        async for message in client.messages:
            if message.topic.value == marker and not message.retain:
                return found
            assert isinstance(message.payload, bytes)
            if message.retain:
                found[message.topic.value] = unstamped(unsealed(message.payload))
    raise AssertionError("connection ended")
