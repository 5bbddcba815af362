"""The store on both engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from tests.support.stores import opened, settings_on

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from kikimori_records.settings import StoreSettings
    from kikimori_records.store import Store


ENGINES = ["sqlite", "postgresql"]


@pytest.fixture(params=ENGINES)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> StoreSettings:
    """Settings of an empty database on each engine."""
    return settings_on(request.param, request, tmp_path)


@pytest_asyncio.fixture(params=ENGINES)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """An open store on each engine."""
    async with opened(settings_on(request.param, request, tmp_path, migrated=True)) as found:
        yield found
