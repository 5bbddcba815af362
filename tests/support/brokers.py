"""The two kinds of broker that everything must work with."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Protocol

from tests.support.ports import free_port

from kikimori.bus.broker import embedded_broker
from kikimori_wire.settings import BrokerSettings


class AnyBroker(Protocol):
    @property
    def settings(self) -> BrokerSettings: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...


class Embedded:
    """The embedded broker, to be stopped and started again on the same port. Forgets everything in between."""

    def __init__(self) -> None:
        self.settings = BrokerSettings(port=free_port())
        self._running = AsyncExitStack()

    async def start(self) -> None:
        await self._running.enter_async_context(embedded_broker(self.settings.host, self.settings.port))

    async def stop(self) -> None:
        await self._running.aclose()
