"""The way of alerts from calls to the outbox, one after another."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from kikimori.errors import place_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from kikimori_core.wire.messages import Alert

log = structlog.get_logger()

ALERT_RETRIES_S = (0.1, 0.5, 2.0)
"""Delays in s between attempts to write an alert; after the last one it is lost, which is counted and
reported."""


class AlertWriter:
    """Alerts that wait to be written."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[Alert] = asyncio.Queue()
        self.lost = 0

    def put(self, alert: Alert) -> None:
        """Have an alert written."""
        self._waiting.put_nowait(alert)

    async def written(self) -> None:
        """Return when all that wait were written, or lost."""
        await self._waiting.join()

    async def run(self, write: Callable[[Alert], Awaitable[None]]) -> None:
        """Write them by `write`, until cancelled."""
        while True:
            alert = await self._waiting.get()
            try:
                await self._try(alert, write)
            finally:
                self._waiting.task_done()

    async def _try(self, alert: Alert, write: Callable[[Alert], Awaitable[None]]) -> None:
        for wait_s in ALERT_RETRIES_S:
            try:
                await write(alert)
            except Exception as error:  # noqa: BLE001 - the alerts behind it must not be lost for this one
                log.error(
                    "alert_not_written", call_id=alert.call_id, error=type(error).__name__, at=place_of(error)
                )
                await asyncio.sleep(wait_s)
            else:
                return
        self.lost += 1
