"""The menu of pages: what a person may open, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect
from tests.support.axe import assert_accessible
from tests.support.browser import chromium, dashboard, dashboard_settings
from tests.support.sign_in import client, sign_in_browser

from kikimori_core.journal.settings import RecordsTable

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.mosquitto import Mosquitto

    from kikimori_records.store import Store


@pytest.mark.parametrize("login", ["operator", "supervisor", "admin", "records"])
async def test_every_page_of_the_menu_opens_and_no_other_is_named(
    login: str, real: Mosquitto, store: Store, tmp_path: Path
) -> None:
    settings = dashboard_settings(real.settings, records=RecordsTable(dir=tmp_path / "records"))
    async with dashboard(settings, store=store) as url, client(url, login=login) as http:
        async with http.get("/api/me") as answer:
            pages = (await answer.json())["pages"]
        assert "/account" in pages
        for page in pages:
            async with http.get(page) as answer:
                assert answer.status == 200, page
                assert answer.url.path == page
        for page in {"/", "/history", "/customers", "/people", "/recording", "/audit"} - set(pages):
            async with http.get(page) as answer:
                assert answer.status == 403 or answer.url.path != page, page


@pytest.mark.parametrize("width", [1366, 390])
async def test_the_menu_leads_from_page_to_page_in_both_languages(
    width: int, real: Mosquitto, store: Store, tmp_path: Path
) -> None:
    settings = dashboard_settings(real.settings, records=RecordsTable(dir=tmp_path / "records"))
    async with dashboard(settings, store=store) as url, chromium() as browser:
        context = await browser.new_context(viewport={"width": width, "height": 844})
        await sign_in_browser(context, "supervisor")
        page = await context.new_page()
        await page.goto(f"{url}/account")
        menu = page.get_by_role("navigation", name="画面の一覧")
        for name, path in (("履歴", "/history"), ("誤検知", "/false-alarms"), ("アカウント", "/account")):
            await menu.get_by_role("link", name=name).click()
            await expect(page).to_have_url(f"{url}{path}")
            await expect(menu.locator("[aria-current=page]")).to_have_text(name)
            await expect(menu.locator("[aria-current=page]")).to_be_in_viewport(ratio=1)
            await assert_accessible(page)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await page.get_by_role("button", name="English").click()
        await expect(page.get_by_role("navigation", name="Pages").get_by_role("link")).to_contain_text(
            ["Live calls", "History", "False alarms", "Account"]
        )
