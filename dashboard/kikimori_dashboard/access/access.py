"""The parts of login and rights put together for one dashboard."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from kikimori_core.wire.peers import AllowedPeers
from kikimori_dashboard.access.audit_trail import AuditTrail
from kikimori_dashboard.access.browser_address import browser_address
from kikimori_dashboard.access.cookies import device_token
from kikimori_dashboard.access.delays import LoginDelays
from kikimori_dashboard.access.logins import Browser, Logins
from kikimori_dashboard.access.passwords import Passwords
from kikimori_dashboard.access.people_book import PeopleBook
from kikimori_dashboard.access.session_desk import SessionDesk
from kikimori_records.upkeep import StoreUpkeep

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from aiohttp import web

    from kikimori_dashboard.access.extension_teams import ExtensionTeams
    from kikimori_dashboard.access.roles import PersonRole
    from kikimori_records.store import Store


class Access:
    """Sessions, logins and the audit of one dashboard."""

    def __init__(
        self,
        store: Store,
        teams: ExtensionTeams,
        *,
        second_factor: frozenset[PersonRole] = frozenset(),
        proxies: Sequence[str] = (),
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """`second_factor`: roles whose people need one; `proxies`: trusted reverse proxies; `changed`: called when the problems of `upkeep` change."""
        self.store = store
        self.upkeep = StoreUpkeep(store, changed)
        self.teams = teams
        self.book = PeopleBook(teams, second_factor=second_factor)
        self.desk = SessionDesk(store, self.book)
        self.passwords = Passwords()
        self.trail = AuditTrail(store)
        self.logins = Logins(store, self.desk, self.passwords, LoginDelays(), self.trail)
        self._proxies = AllowedPeers(proxies)

    def browser_of(self, request: web.Request) -> Browser:
        """Return the browser of a request; behind one of the proxies its address is the one that the proxy tells."""
        address = browser_address(request, self._proxies)
        return Browser(address, request.headers.get("User-Agent", ""), device_token(request))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Confirm sessions and write the audit, as long as the context is open."""
        tasks = [
            asyncio.create_task(self.desk.keep(), name="sessions"),
            asyncio.create_task(self.trail.write(), name="audit"),
            asyncio.create_task(self.upkeep.run(), name="store"),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.trail.finish()
            self.passwords.close()
