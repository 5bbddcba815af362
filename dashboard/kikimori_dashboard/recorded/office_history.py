"""Pages of recorded calls and false alarms at one dashboard put together."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from kikimori_dashboard.recorded.false_alarm_routes import FalseAlarmRoutes
from kikimori_dashboard.recorded.routes import RecordedCallRoutes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import web

    from kikimori_core.wire.keys import SigningKey
    from kikimori_dashboard.access.access import Access
    from kikimori_dashboard.config import DashboardSettings


class OfficeHistory:
    """Routes of recorded calls, and the watch over those that are open."""

    def __init__(self, settings: DashboardSettings, access: Access, key: SigningKey) -> None:
        """`key`: this dashboard's."""
        self._calls = RecordedCallRoutes(settings, access, key)
        self._false_alarms = FalseAlarmRoutes(access)

    def add_to(self, app: web.Application) -> None:
        self._calls.add_to(app)
        self._false_alarms.add_to(app)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Watch over the open calls as long as the context is open."""
        task = asyncio.create_task(self._calls.open_calls.keep(), name="open calls")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self._calls.sound.close()
