"""Made-up people with open sessions, for benches and the demo: nobody types a password there."""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from kikimori_dashboard.access.cookies import SESSION
from kikimori_dashboard.access.extension_teams import ExtensionTeams
from kikimori_dashboard.access.people_book import PeopleBook, who_of
from kikimori_dashboard.access.session_desk import OF_WALL, SessionDesk
from kikimori_records.people import NewPerson, add
from kikimori_records.settings import StoreSettings
from kikimori_records.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SUPERVISOR = NewPerson("bench", "bench", frozenset({"supervisor"}))
"""Person whom a bench signs in."""


async def token_for(store: Store, new: NewPerson) -> str:
    """Add a person; return the token of a session that does not end by itself."""
    person = await add(store, new)
    desk = SessionDesk(store, PeopleBook(ExtensionTeams()))
    token, _ = await desk.begin(who_of(person), address="127.0.0.1", browser="bench", lifetime=OF_WALL)
    return token


def cookie_of(token: str) -> str:
    """Return the `Cookie` header of a client with this session."""
    return f"{SESSION}={token}"


@asynccontextmanager
async def store_for_a_while() -> AsyncIterator[Store]:
    """Give an open database that goes with the context."""
    with TemporaryDirectory(prefix="kikimori-store-") as folder:
        async with opened_store(StoreSettings(dir=Path(folder))) as store:
            yield store


@asynccontextmanager
async def opened_store(settings: StoreSettings) -> AsyncIterator[Store]:
    """Give an open database; raises StoreError."""
    store = await Store.open(settings)
    try:
        yield store
    finally:
        await store.close()
