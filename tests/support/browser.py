"""Debian's Chromium, headless, driven by Playwright; and a dashboard to look at."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from playwright.async_api import async_playwright, expect
from tests.support.signing import dashboard_identity

from kikimori_dashboard import DashboardSettings, serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser

    from kikimori_core.wire.key_store import Identity
    from kikimori_core.wire.settings import BrokerSettings
    from kikimori_dashboard.connection_limiter import PortLimits

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

expect.set_options(timeout=60_000)
"""Milliseconds. A busy machine draws late; a page that never does what is expected fails all the same."""


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


def dashboard_settings(broker: BrokerSettings, **fields: object) -> DashboardSettings:
    return DashboardSettings.model_validate(
        {"mqtt": broker, "port": 0, "client_id": "dashboard-test", **fields}
    )


@asynccontextmanager
async def dashboard(
    settings: DashboardSettings, limits: PortLimits | None = None, identity: Identity | None = None
) -> AsyncIterator[str]:
    """A running dashboard; gives its address without the slash at the end."""
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(
        serve(settings, ready.set_result, limits=limits, identity=identity or dashboard_identity())
    )
    try:
        task.add_done_callback(lambda _: ready.cancel())
        try:
            await ready
        except asyncio.CancelledError:
            await task
            raise
        yield ready.result().rstrip("/")
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
