"""Index filled with the calls that were recorded before there was one, in small pieces, the newest first."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import delete, exists, insert, select

from kikimori_core.cancellation import run_cancellable
from kikimori_records.calls.tables import recorded_calls
from kikimori_records.errors import StoreError
from kikimori_records.search.engines import index_of
from kikimori_records.search.indexing import put_recorded
from kikimori_records.search.tables import search_calls, search_state
from kikimori_records.search.terms import VERSION

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.store import Store

log = structlog.get_logger()

AT_ONCE = 10
"""Calls in one transaction, for which others that write wait."""
PAUSE_S = 0.05
RETRY_S = 10.0
STATE, FULL = "state", f"{VERSION} full"


async def keep_filled(store: Store) -> None:
    """Fill the index until every call is in; what fails is tried again. Then wait for the end of the process."""
    filling = IndexFilling(store)
    while True:
        try:
            if await run_cancellable(filling.fill_some):
                await asyncio.sleep(PAUSE_S)
                continue
            await asyncio.Event().wait()
        except StoreError as error:
            log.warning("search_not_filled", error=type(error).__name__)
            await asyncio.sleep(RETRY_S)


class IndexFilling:
    """One pass over the calls that are missing."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._until: datetime | None = None
        """Begin of the last call that was put in: later ones were all there."""

    async def fill_some(self) -> bool:
        """Put the newest calls that are missing into the index; return whether more may be missing. Raises StoreError."""
        async with self._store.read() as connection:
            state = await _state(connection)
            if state == FULL:
                return False
            filling = state is not None and state.startswith(f"{VERSION} ")
            missing = await _missing(connection, self._until) if filling else []
        async with self._store.begin() as connection:
            if not filling:
                await _begin_anew(connection)
            for uid, _ in missing:
                await put_recorded(connection, uid)
            if filling and not missing and self._until is None:
                await _write_state(connection, FULL)
                log.info("search_filled")
                return False
        self._until = missing[-1][1] if missing else None
        return True


async def is_full(connection: AsyncConnection) -> bool:
    """Return whether every call is in the index."""
    return await _state(connection) == FULL


async def _missing(connection: AsyncConnection, until: datetime | None) -> list[tuple[str, datetime]]:
    c = recorded_calls.c
    there = exists(select(search_calls.c.number).where(search_calls.c.uid == c.uid))
    query = select(c.uid, c.started_at).where(c.erased_at.is_(None), ~there)
    if until is not None:
        query = query.where(c.started_at <= until)
    found = await connection.execute(query.order_by(c.started_at.desc()).limit(AT_ONCE))
    return [(uid, started_at) for uid, started_at in found]


async def _begin_anew(connection: AsyncConnection) -> None:
    """Empty the index: its terms are of another version, or nobody knows of which."""
    await index_of(connection).clear()
    await connection.execute(delete(search_calls))
    await _write_state(connection, f"{VERSION} filling")


async def _state(connection: AsyncConnection) -> str | None:
    found = await connection.execute(select(search_state.c.value).where(search_state.c.name == STATE))
    return found.scalar_one_or_none()


async def _write_state(connection: AsyncConnection, value: str) -> None:
    await connection.execute(delete(search_state).where(search_state.c.name == STATE))
    await connection.execute(insert(search_state).values(name=STATE, value=value))
