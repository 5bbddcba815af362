"""Publication of the agent's health: when it changes, and at intervals all the same."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kikimori_core.wire.connection import BrokerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_core.wire.connection import Client
    from kikimori_core.wire.messages import Health

HEARTBEAT_S = 20.0
"""Interval in s between publications without a change; a run that is silent for longer may be replaced."""
GOODBYE_S = 1.0


class HealthTeller:
    """Combines the health from the agent with the bus's own fields, and publishes it."""

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
        """Health as the agent gave it."""
        self.whole = own
        self._additions = additions
        self._told: Health | None = None
        self._changed = asyncio.Event()

    def set(self, own: Health) -> None:
        self.own = own
        self.compose()

    def compose(self) -> None:
        """Add the bus's current fields."""
        self.whole = self.own.model_copy(update=self._additions(self.own))
        self._changed.set()

    def forget_told(self) -> None:
        """Forget the published health: the next connection gets it again, changed or not."""
        self._told = None

    def offline(self) -> Health:
        return self.whole.model_copy(update={"online": False, "at": datetime.now(UTC), "calls": 0})

    async def tell(self, client: Client) -> None:
        self._changed.clear()
        health = self.whole
        await client.publish(self.topic, self._sealed(health.to_bytes()), qos=1, retain=True)
        self._told = health

    async def run(self, client: Client) -> None:
        """Publish changes; a new time alone is no change."""
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
