"""Brokers of both kinds, an agent on them, and a dashboard that watches."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Protocol

import pytest
import pytest_asyncio
from tests.support.browser import chromium, dashboard, dashboard_settings
from tests.support.mosquitto import Mosquitto, free_port
from tests.support.peer_agent import PeerAgent

from kikimori.bus.broker import embedded_broker
from kikimori_wire.settings import BrokerSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Page


class AnyBroker(Protocol):
    @property
    def settings(self) -> BrokerSettings: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...


class Embedded:
    """Forgets everything when stopped."""

    def __init__(self) -> None:
        self.settings = BrokerSettings(port=free_port())
        self._running = AsyncExitStack()

    async def start(self) -> None:
        await self._running.enter_async_context(embedded_broker(self.settings.host, self.settings.port))

    async def stop(self) -> None:
        await self._running.aclose()


@pytest_asyncio.fixture(params=["mosquitto", "embedded"])
async def broker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AnyBroker]:
    started: AnyBroker = Mosquitto(tmp_path) if request.param == "mosquitto" else Embedded()
    await started.start()
    yield started
    await started.stop()


@pytest_asyncio.fixture
async def real(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    """Mosquitto only, where the kind of broker makes no difference."""
    started = Mosquitto(tmp_path)
    await started.start()
    yield started
    await started.stop()


@pytest_asyncio.fixture
async def agent(real: Mosquitto) -> AsyncIterator[PeerAgent]:
    async with PeerAgent(real.settings).running() as running:
        yield running


@pytest_asyncio.fixture
async def url(real: Mosquitto) -> AsyncIterator[str]:
    async with dashboard(dashboard_settings(real.settings)) as address:
        yield address


@pytest_asyncio.fixture
async def page() -> AsyncIterator[Page]:
    """A page of the size of a usual screen; any error or refused resource on it fails the test."""
    async with chromium() as browser:
        context = await browser.new_context(viewport={"width": 1920, "height": 1080}, reduced_motion="reduce")
        opened = await context.new_page()
        faults: list[str] = []
        opened.on("pageerror", lambda error: faults.append(str(error)))
        opened.on(
            "console",
            lambda message: (
                faults.append(message.text) if "Content Security Policy" in message.text else None
            ),
        )
        yield opened
        assert faults == []
