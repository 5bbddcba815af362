"""The two kinds of broker that everything must work with."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Protocol

from tests.support.ports import free_port

from kikimori.bus.broker import embedded_broker
from kikimori.bus.broker_users import everything
from kikimori_core.wire.settings import BrokerSettings

USER = replace(everything("tester"), password="tester")
"""The same in every process of a test."""


def login(port: int) -> BrokerSettings:
    """Return how tests reach an embedded broker that was given `USER`."""
    return BrokerSettings(port=port).with_login(USER.name, USER.password)


class AnyBroker(Protocol):
    @property
    def settings(self) -> BrokerSettings: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...


class Embedded:
    """The embedded broker, to be stopped and started again on the same port. Forgets everything in between."""

    def __init__(self) -> None:
        self.settings = login(free_port())
        self._running = AsyncExitStack()

    async def start(self) -> None:
        await self._running.enter_async_context(
            embedded_broker(self.settings.host, self.settings.port, users=[USER])
        )

    async def stop(self) -> None:
        await self._running.aclose()
