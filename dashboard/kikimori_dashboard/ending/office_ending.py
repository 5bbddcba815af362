"""Ending calls with two people, put together for one dashboard."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from kikimori_dashboard.ending.deciders import EndingDeciders
from kikimori_dashboard.ending.desk import EndingDesk
from kikimori_dashboard.ending.reasons import read_ending_reasons
from kikimori_dashboard.ending.routes import EndingRoutes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from aiohttp import web

    from kikimori_dashboard.access.access import Access
    from kikimori_dashboard.actions.commands import CommandSender
    from kikimori_dashboard.broker.subscriber import Subscriber
    from kikimori_dashboard.config import DashboardSettings
    from kikimori_dashboard.live.sights import Sights
    from kikimori_dashboard.site.state import SiteState


class OfficeEnding:
    """Proposals to end calls, and their routes; raises ConfigError for a wrong file of reasons."""

    def __init__(
        self,
        settings: DashboardSettings,
        access: Access,
        state: SiteState,
        sights: Sights,
        changed: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._access = access
        self._state = state
        self._sights = sights
        reasons = read_ending_reasons(settings.ending.reasons)
        deciders = EndingDeciders(access)
        self._desk = EndingDesk(access.store, state, sights, deciders, settings.ending, reasons, changed)

    def add_to(self, app: web.Application, commands: CommandSender, subscriber: Subscriber) -> None:
        parts = (self._desk, self._state, self._sights, commands, subscriber)
        EndingRoutes(*parts, self._access.trail, self._settings).add_to(app)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Follow the database as long as the context is open."""
        task = asyncio.create_task(self._desk.keep(), name="endings")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
