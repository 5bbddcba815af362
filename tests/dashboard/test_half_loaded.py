"""A page of which a file does not come loads itself again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect
from tests.support.browser import chromium, dashboard, dashboard_settings
from tests.support.sign_in import sign_in_browser

from kikimori_dashboard.pages.pages import STATIC

if TYPE_CHECKING:
    from playwright.async_api import Route
    from tests.support.mosquitto import Mosquitto

    from kikimori_records.store import Store


@pytest.mark.parametrize("file", ["components/board.js", "css/supervisor.css"])
async def test_it_is_loaded_again_until_all_of_it_is_there(file: str, real: Mosquitto, store: Store) -> None:
    refused = 0

    async def refuse_twice(route: Route) -> None:
        nonlocal refused
        refused += 1
        if refused <= 2:
            await route.abort()
        else:
            await route.continue_()

    async with dashboard(dashboard_settings(real.settings), store=store) as url, chromium() as browser:
        context = await browser.new_context()
        await sign_in_browser(context)
        page = await context.new_page()
        await page.route(f"**/{file}", refuse_twice)
        # It waits for as long as the test looks at it.
        await page.clock.install()
        await page.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))
        await page.goto(url, wait_until="commit")
        said = page.get_by_role("alert").filter(has_text="自動で読み込み直します")
        for within_ms in (1500, 3000):
            await expect(said).to_be_visible()
            async with page.expect_navigation():
                await page.clock.run_for(within_ms)
        await page.clock.resume()
        await expect(page.locator("#strip")).to_contain_text("確認できません")
        await expect(said).to_have_count(0)
        await page.wait_for_load_state("load")
        assert refused == 3
        assert await page.evaluate("sessionStorage.getItem('kikimori.loaded_again')") == "0"


def test_every_page_has_it_before_all_other_files() -> None:
    for page in STATIC.glob("*.html"):
        text = page.read_text("utf-8")
        assert text.index("/static/js/boot.js") < text.index("/static/css/"), page.name
