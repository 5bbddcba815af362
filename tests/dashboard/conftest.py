"""Brokers of both kinds, an agent on them, and a dashboard that watches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio
from tests.support.browser import chromium, dashboard, dashboard_settings, store_of_people
from tests.support.mosquitto import Mosquitto
from tests.support.page_messages import watch_messages
from tests.support.peer_agent import PeerAgent
from tests.support.sign_in import sign_in_browser

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Page

    from kikimori_records.store import Store


@pytest_asyncio.fixture
async def agent(real: Mosquitto) -> AsyncIterator[PeerAgent]:
    async with PeerAgent(real.settings).running() as running:
        yield running


@pytest_asyncio.fixture
async def store() -> AsyncIterator[Store]:
    async with store_of_people() as opened:
        yield opened


@pytest_asyncio.fixture
async def url(real: Mosquitto, store: Store) -> AsyncIterator[str]:
    async with dashboard(dashboard_settings(real.settings), store=store) as address:
        yield address


@pytest_asyncio.fixture
async def page() -> AsyncIterator[Page]:
    """A supervisor's page of the size of a usual screen; any error, refused resource or message without a model fails the test."""
    async with chromium() as browser:
        context = await browser.new_context(viewport={"width": 1920, "height": 1080}, reduced_motion="reduce")
        await sign_in_browser(context)
        opened = await context.new_page()
        faults: list[str] = []
        watch_messages(opened, faults)
        opened.on("pageerror", lambda error: faults.append(str(error)))
        opened.on(
            "console",
            lambda message: (
                faults.append(message.text) if "Content Security Policy" in message.text else None
            ),
        )
        yield opened
        assert faults == []
