"""The people's part of one dashboard put together: directory, kiosks, marks and reviews of alerts, notes on calls, and their routes."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from kikimori_core.wire.messages import Party
from kikimori_dashboard.people.alert_routes import AlertRoutes
from kikimori_dashboard.people.directory_desk import DirectoryDesk
from kikimori_dashboard.people.kiosk_routes import KioskRoutes
from kikimori_dashboard.people.mark_desk import MarkDesk
from kikimori_dashboard.people.note_desk import NoteDesk
from kikimori_dashboard.people.note_routes import NoteRoutes
from kikimori_dashboard.people.people_routes import PeopleRoutes
from kikimori_dashboard.people.review_desk import ReviewDesk
from kikimori_dashboard.people.seating_plan import SeatingPlanRoutes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import web

    from kikimori_dashboard.access.access import Access
    from kikimori_dashboard.broker.directory_outlet import DirectoryOutlet
    from kikimori_dashboard.config import DashboardSettings
    from kikimori_dashboard.live.live import Live
    from kikimori_dashboard.live.sights import Sights
    from kikimori_dashboard.site.state import SiteState


class OfficePeople:
    """People and their doings at one dashboard."""

    def __init__(
        self,
        settings: DashboardSettings,
        access: Access,
        state: SiteState,
        sights: Sights,
        live: Live,
        outlet: DirectoryOutlet,
    ) -> None:
        former = settings.pbx
        self._directory = DirectoryDesk(
            access.store,
            settings.site,
            settings.time_zone,
            state,
            outlet,
            former=Party(number=former.superior, name=former.superior_name) if former.superior else None,
            changed=live.changed,
        )
        self._marks = MarkDesk(access.store, state, live.changed, live.watching)
        self._notes = NoteDesk(access.store, state, live.changed)
        self._reviews = ReviewDesk(access.store, state, live.changed)
        sights.reviewed_by = self._reviews.of
        self._routes = (
            PeopleRoutes(access),
            KioskRoutes(access),
            SeatingPlanRoutes(access.store),
            AlertRoutes(self._marks, self._reviews, state, sights, access.trail),
            NoteRoutes(self._notes, state, sights, access.trail),
        )

    def add_to(self, app: web.Application) -> None:
        for each in self._routes:
            each.add_to(app)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Follow the database as long as the context is open."""
        tasks = [
            asyncio.create_task(self._directory.keep(), name="directory"),
            asyncio.create_task(self._marks.keep(), name="marks"),
            asyncio.create_task(self._notes.keep(), name="notes"),
            asyncio.create_task(self._reviews.keep(), name="reviews"),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
