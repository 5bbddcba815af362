"""A dashboard whose office ends calls with two people, and calls that can be ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio
from tests.support.browser import dashboard, dashboard_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.mosquitto import Mosquitto

    from kikimori_records.store import Store


@pytest_asyncio.fixture
async def url(real: Mosquitto, store: Store) -> AsyncIterator[str]:
    async with dashboard(dashboard_settings(real.settings), store=store) as address:
        yield address
