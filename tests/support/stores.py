"""Stores for tests: SQLite in a folder of the test's, PostgreSQL on the run's server."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from tests.support.postgres import Postgres

from kikimori_records.schema import audit
from kikimori_records.settings import StoreSettings
from kikimori_records.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import pytest


def settings_on(
    engine: str, request: pytest.FixtureRequest, folder: Path, *, migrated: bool = False
) -> StoreSettings:
    """Return settings of an empty database. `engine`: sqlite or postgresql; the server is started only for the latter."""
    if engine == "sqlite":
        return StoreSettings(dir=folder)
    server = request.getfixturevalue("postgres")
    assert isinstance(server, Postgres)
    return server.settings(folder, migrated=migrated)


@asynccontextmanager
async def opened(settings: StoreSettings) -> AsyncIterator[Store]:
    """Open a store, for as long as the `async with` lasts."""
    store = await Store.open(settings)
    try:
        yield store
    finally:
        await store.close()


async def audited(store: Store, action: str = "") -> list[Any]:
    """Return the rows of the audit in their order; with `action` those of actions that begin so."""
    query = select(audit).where(audit.c.action.startswith(action, autoescape=True))
    async with store.read() as connection:
        return list((await connection.execute(query.order_by(audit.c.number))).mappings())


async def audited_until(store: Store, action: str, count: int) -> list[Any]:
    """Return the rows as `audited` does, once there are so many: a dashboard writes them behind the presses."""
    async with asyncio.timeout(60):
        while len(found := await audited(store, action)) < count:  # noqa: ASYNC110  (a table tells nobody)
            await asyncio.sleep(0.05)
    return found
