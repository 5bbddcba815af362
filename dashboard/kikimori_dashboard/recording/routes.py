"""Routes of the page with the state of the record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from kikimori_dashboard.access.answering import answering
from kikimori_dashboard.access.roles import Right
from kikimori_dashboard.access.rules import add_route, needs, page_for
from kikimori_dashboard.pages.pages import html_page
from kikimori_dashboard.recording.record_state import RecordState

if TYPE_CHECKING:
    from kikimori_dashboard.config import DashboardSettings
    from kikimori_dashboard.recording.service_watch import ServiceWatch
    from kikimori_dashboard.site.state import SiteState
    from kikimori_records.store import Store


class RecordingRoutes:
    """Page and its content, for administrators."""

    def __init__(
        self, settings: DashboardSettings, store: Store, state: SiteState, service: ServiceWatch
    ) -> None:
        self._record = RecordState(settings, store, state, service)

    def add_to(self, app: web.Application) -> None:
        add_route(app, "GET", "/recording", html_page("recording.html"), page_for(Right.SETTINGS))
        add_route(app, "GET", "/api/recording", answering(self._view), needs(Right.SETTINGS))

    async def _view(self, _request: web.Request) -> web.Response:
        """Return whether calls are recorded, for how long the disk lasts, and what agents say of it."""
        return web.json_response(await self._record.view())
