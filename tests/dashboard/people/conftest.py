"""A dashboard with an open store, so that a test may look into it; and the agent and the brokers of `tests.dashboard`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio
from tests.support.browser import dashboard, dashboard_settings
from tests.support.sign_in import client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import ClientSession
    from tests.support.mosquitto import Mosquitto

    from kikimori_records.store import Store


@pytest_asyncio.fixture
async def url(real: Mosquitto, store: Store) -> AsyncIterator[str]:
    settings = dashboard_settings(real.settings, pbx={"superior": "200", "superior_name": "課長 木村"})
    async with dashboard(settings, store=store) as address:
        yield address


@pytest_asyncio.fixture
async def admin(url: str) -> AsyncIterator[ClientSession]:
    async with client(url, "admin") as session:
        yield session


@pytest_asyncio.fixture
async def supervisor(url: str) -> AsyncIterator[ClientSession]:
    async with client(url) as session:
        yield session
