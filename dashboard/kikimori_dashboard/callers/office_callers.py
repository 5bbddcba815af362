"""The callers' part of one dashboard put together: lookup for running calls, a caller's page, the customers' list."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from kikimori_core.wire.delivery import CallerContacts, CallerDay
from kikimori_core.wire.evidence import MOST_DAYS
from kikimori_dashboard.callers.caller_desk import CallerDesk
from kikimori_dashboard.callers.caller_routes import CallerRoutes
from kikimori_dashboard.callers.customer_numbers import CustomerNumbers
from kikimori_dashboard.callers.customer_routes import CustomerRoutes
from kikimori_records.folder import records_folder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from aiohttp import web

    from kikimori_dashboard.access.access import Access
    from kikimori_dashboard.broker.acks import AckDesk
    from kikimori_dashboard.config import DashboardSettings
    from kikimori_dashboard.site.known_caller import KnownCaller
    from kikimori_dashboard.site.state import SiteState


def tell_callers(acks: AckDesk) -> Callable[[str, str, KnownCaller], None]:
    """Return the function by which agents are told of the earlier contacts of their calls' callers."""

    def tell(agent_id: str, call_id: str, known: KnownCaller) -> None:
        days = tuple(
            CallerDay(
                days_ago=each.days_ago,
                contacts=each.contacts,
                minutes=round(each.seconds / 60, 1),
                incidents=each.incidents,
            )
            for each in known.days[:MOST_DAYS]
        )
        acks.caller(agent_id, call_id, CallerContacts(days=days))

    return tell


class OfficeCallers:
    """Callers at one dashboard."""

    def __init__(
        self,
        settings: DashboardSettings,
        access: Access,
        state: SiteState,
        changed: Callable[[], None],
        tell: Callable[[str, str, KnownCaller], None],
    ) -> None:
        """`tell`: see `CallerDesk`."""
        self._desk = CallerDesk(
            access.store,
            lambda: records_folder(settings.records, settings.store_settings()),
            state,
            changed,
            tell,
        )
        numbers = CustomerNumbers(self._desk, mask=settings.recording.mask_numbers)
        self._routes = (
            CallerRoutes(access, self._desk, numbers),
            CustomerRoutes(access, self._desk, numbers),
        )

    def add_to(self, app: web.Application) -> None:
        for each in self._routes:
            each.add_to(app)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Follow the running calls as long as the context is open."""
        task = asyncio.create_task(self._desk.keep(), name="callers")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
