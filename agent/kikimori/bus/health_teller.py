"""The agent's health on the broker: told when it changes, and now and then all the same."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kikimori_wire.connection import BrokerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_wire.connection import Client
    from kikimori_wire.messages import Health

HEARTBEAT_S = 20.0
"""Health is told so often though nothing changed: a run that is silent for longer may be replaced."""
GOODBYE_S = 1.0


class HealthTeller:
    """Puts what the agent says of itself and what the bus adds together, and publishes it."""

    def __init__(
        self,
        topic: str,
        own: Health,
        additions: Callable[[Health], dict[str, Any]],
        sealed: Callable[[bytes], bytes] = bytes,
    ) -> None:
        """`additions` gives the fields that the bus knows, for what the agent says; `sealed` signs."""
        self._sealed = sealed
        self.topic = topic
        self.own = own
        """As the agent says it."""
        self.whole = own
        self._additions = additions
        self._told: Health | None = None
        self._changed = asyncio.Event()

    def set(self, own: Health) -> None:
        self.own = own
        self.compose()

    def compose(self) -> None:
        """Take in what the bus knows now."""
        self.whole = self.own.model_copy(update=self._additions(self.own))
        self._changed.set()

    def forget_told(self) -> None:
        """The connection is over: the next one is told whatever it was."""
        self._told = None

    def offline(self) -> Health:
        return self.whole.model_copy(update={"online": False, "at": datetime.now(UTC), "calls": 0})

    async def tell(self, client: Client) -> None:
        self._changed.clear()
        health = self.whole
        await client.publish(self.topic, self._sealed(health.to_bytes()), qos=1, retain=True)
        self._told = health

    async def run(self, client: Client) -> None:
        """Tell what changes; the time of saying so alone is no change."""
        while True:
            heartbeat = False
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    await self._changed.wait()
            except TimeoutError:
                heartbeat = True
            self._changed.clear()
            told = self._told
            if heartbeat or told is None or told.model_copy(update={"at": self.whole.at}) != self.whole:
                await self.tell(client)

    async def say_offline(self, client: Client) -> None:
        with suppress(BrokerError, TimeoutError):
            async with asyncio.timeout(GOODBYE_S):
                # Or the embedded broker sends this back to a socket that closes, and takes that for a break.
                await client.unsubscribe(self.topic)
                last = self._sealed(self.offline().to_bytes())
                await client.publish(self.topic, last, qos=1, retain=True)
