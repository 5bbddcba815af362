"""Debian's Chromium, headless, driven by Playwright; and a dashboard to look at."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from playwright.async_api import async_playwright, expect
from tests.support.sign_in import add_people, begin_sessions_now
from tests.support.signing import dashboard_identity
from tests.support.stores import opened

from kikimori_dashboard import DashboardSettings, serve
from kikimori_records.disk import make_private
from kikimori_records.settings import FILE, StoreSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, Locator, Playwright

    from kikimori_core.serving.connection_limiter import PortLimits
    from kikimori_core.wire.key_store import Identity
    from kikimori_core.wire.settings import BrokerSettings
    from kikimori_records.store import Store

CHROMIUM = "/usr/bin/chromium"
NO_STEPS = {"louder_after_s": 0, "hold_after_s": 0, "ring_after_s": 0}
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
async def playwright_driver() -> AsyncIterator[Playwright]:
    """Start Playwright; where that is cut off or fails, its process is ended, which Playwright itself leaves there."""
    before = {each.pid for each in psutil.Process().children()}
    driver = async_playwright()
    try:
        playwright = await driver.__aenter__()
    except BaseException:
        for each in psutil.Process().children():
            with suppress(psutil.Error):
                if each.pid not in before and "run-driver" in each.cmdline():
                    each.kill()
        raise
    try:
        yield playwright
    finally:
        await driver.__aexit__()


@asynccontextmanager
async def chromium(*arguments: str) -> AsyncIterator[Browser]:
    """Start it; `arguments`: further ones of its command line."""
    async with playwright_driver() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *arguments])
        try:
            yield browser
        finally:
            await browser.close()


async def confirm(button: Locator) -> None:
    """Press a button that asks, and answer; again where a slow browser let the seconds for the answer go by."""
    async with asyncio.timeout(60):
        await button.click()
        while await button.get_attribute("data-asked") == "yes":
            await button.click()


def dashboard_settings(broker: BrokerSettings, **fields: object) -> DashboardSettings:
    """Return settings of a dashboard that does nothing by itself for alerts that nobody answers.

    On a busy machine a test may take longer than until the first of these steps; a test of them sets their times.
    """
    return DashboardSettings.model_validate(
        {"mqtt": broker, "port": 0, "client_id": "dashboard-test", "unanswered": NO_STEPS, **fields}
    )


@asynccontextmanager
async def dashboard(
    settings: DashboardSettings,
    limits: PortLimits | None = None,
    identity: Identity | None = None,
    store: Store | None = None,
) -> AsyncIterator[str]:
    """A running dashboard with the people of `sign_in`; gives its address without the slash at the end.

    `store`: its database; without it one of its own, which ends with it.
    """
    async with AsyncExitStack() as stack:
        if store is None:
            store = await stack.enter_async_context(store_of_people())
        yield await stack.enter_async_context(_served(settings, limits, identity, store))


@asynccontextmanager
async def store_of_people() -> AsyncIterator[Store]:
    """An open database with the people of `sign_in`, in a folder that goes with it."""
    with tempfile.TemporaryDirectory(prefix="kikimori-store-") as folder:
        file = Path(folder) / FILE
        make_private(file)
        file.write_bytes(await asyncio.to_thread(_file_of_people))
        async with opened(StoreSettings(dir=Path(folder))) as store:
            await begin_sessions_now(store)
            yield store


@cache
def _file_of_people() -> bytes:
    """Return a migrated SQLite database with the people, made once a run: hundreds of tests begin with a copy of it."""

    async def make(folder: Path) -> None:
        async with opened(StoreSettings(dir=folder)) as store:
            await add_people(store)

    with tempfile.TemporaryDirectory(prefix="kikimori-people-") as folder:
        asyncio.run(make(Path(folder)))
        return (Path(folder) / FILE).read_bytes()


@asynccontextmanager
async def _served(
    settings: DashboardSettings, limits: PortLimits | None, identity: Identity | None, store: Store
) -> AsyncIterator[str]:
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(
        serve(
            settings,
            ready.set_result,
            limits=limits,
            identity=identity or dashboard_identity(),
            store=store,
        )
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
