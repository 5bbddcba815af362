"""People of a test's dashboard, signed in: cookies for clients and browser pages, without the login page.

Every dashboard of a test has the same people with the same tokens, so that one browser may visit several of them.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
from sqlalchemy import update

from kikimori_dashboard.access.cookies import SESSION
from kikimori_dashboard.access.tokens import hash_of
from kikimori_records import sessions
from kikimori_records.people import NewPerson, add, list_people
from kikimori_records.schema import sessions as table
from kikimori_records.settings import StoreSettings
from kikimori_records.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from playwright.async_api import BrowserContext, Page

    from kikimori_records.people import Person

PASSWORD = "correct horse battery"
SUPERVISOR = "supervisor"
"""The person whom tests sign in where it makes no difference who it is."""

PEOPLE: Mapping[str, NewPerson] = {
    SUPERVISOR: NewPerson("高橋 課長", SUPERVISOR, frozenset({"supervisor"})),
    "operator": NewPerson("鈴木 大輔", "operator", frozenset({"operator"}), frozenset({"201"})),
    "both": NewPerson("木村 さくら", "both", frozenset({"operator", "supervisor"}), frozenset({"205"})),
    "records": NewPerson("相談 窓口", "records", frozenset({"records"})),
    "admin": NewPerson("山田 管理", "admin", frozenset({"admin"})),
    "wall": NewPerson("壁", "wall", frozenset({"wall"})),
}


def token_of(login: str) -> str:
    """Return the token of a person's session: 43 characters, as real ones."""
    return hashlib.sha256(f"session of {login}".encode()).hexdigest()[:43]


def cookie(login: str = SUPERVISOR) -> dict[str, str]:
    """Return the cookie header of somebody who is signed in."""
    return {"Cookie": f"{SESSION}={token_of(login)}"}


def headers(url: str, login: str = SUPERVISOR) -> dict[str, str]:
    """Return cookie and origin, as a page of the dashboard sends them."""
    return {"Origin": url.rstrip("/"), **cookie(login)}


def client(url: str, login: str = SUPERVISOR, **more: Any) -> aiohttp.ClientSession:
    """Return a client of somebody who is signed in; paths are relative to `url`."""
    return aiohttp.ClientSession(
        url, headers=headers(url, login), cookie_jar=aiohttp.DummyCookieJar(), **more
    )


async def sign_in_browser(context: BrowserContext, login: str = SUPERVISOR, token: str | None = None) -> None:
    """Give a browser the session of somebody, at every dashboard of this machine; `token`: of another one of theirs."""
    for name in ("127.0.0.1", "localhost"):
        await context.add_cookies(
            [
                {
                    "name": SESSION,
                    "value": token or token_of(login),
                    "url": f"https://{name}/",
                    "secure": True,
                    "httpOnly": True,
                    "sameSite": "Strict",
                }
            ]
        )


async def sign_in_page(page: Page, login: str = SUPERVISOR) -> None:
    """Give a page's browser the session of somebody."""
    await sign_in_browser(page.context, login)


async def add_people(store: Store) -> dict[str, Person]:
    """Add everybody of `PEOPLE` with an open session, unless they are there; return them by login."""
    known = {each.login: each for each in await list_people(store)}
    found = {}
    for login, new in PEOPLE.items():
        if login in known:
            found[login] = known[login]
            continue
        found[login] = await add(store, new)
        await add_session(store, found[login].id, token_of(login))
    return found


async def add_session(store: Store, person_id: str, token: str, **fields: Any) -> None:
    """Open a session with a token that is known."""
    now = datetime.now(UTC)
    row: dict[str, Any] = {
        "person_id": person_id,
        "kiosk_id": None,
        **_times(now),
        "idle_s": None,
        "address": "127.0.0.1",
        "browser": "test",
    }
    await sessions.add_session(store, sessions.Session(token_hash=hash_of(token), **(row | fields)))


async def begin_sessions_now(store: Store) -> None:
    """Set the times of all sessions anew, in a copy of a database that is older."""
    async with store.begin() as connection:
        await connection.execute(update(table).values(_times(datetime.now(UTC))))


def _times(now: datetime) -> dict[str, datetime]:
    return {"created_at": now, "used_at": now, "expires_at": now + timedelta(days=1)}


async def people_in(settings: StoreSettings) -> None:
    """Add the people to the store of a program that is running, or will be."""
    store = await Store.open(settings, beside=True)
    try:
        await add_people(store)
    finally:
        await store.close()


async def people_in_folder(folder: Path) -> None:
    """Add the people to the SQLite store in a folder."""
    await people_in(StoreSettings(dir=folder))
