"""Pages that no picture of calls reaches: they know the office's language and time zone all the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect
from tests.support.axe import assert_accessible
from tests.support.browser import dashboard, dashboard_settings
from tests.support.sign_in import client, sign_in_page

from kikimori_records.audit import log
from kikimori_records.audit.entry import ActorKind, AuditEntry

if TYPE_CHECKING:
    from playwright.async_api import Page
    from tests.support.mosquitto import Mosquitto

    from kikimori_records.store import Store


@pytest.mark.parametrize(
    ("language", "zone", "sign_in", "shown"),
    [
        ("ja", "Asia/Tokyo", "ログイン", "2025/1/1 00:30"),
        ("en", "America/New_York", "Sign in", "12/31/2024, 10:30"),
        ("en", "Europe/London", "Sign in", "12/31/2024, 15:30"),
    ],
)
async def test_pages_begin_in_the_offices_language_and_tell_its_time(
    real: Mosquitto, store: Store, page: Page, language: str, zone: str, sign_in: str, shown: str
) -> None:
    at = datetime(2024, 12, 31, 15, 30, tzinfo=UTC)
    await log.append(store, AuditEntry("session.begin", ActorKind.PERSON, "佐藤", at=at))
    settings = dashboard_settings(real.settings, language=language, time_zone=zone)
    async with dashboard(settings, store=store) as url:
        await page.context.clear_cookies()
        await page.goto(f"{url}/login")
        await expect(page.locator("#title")).to_have_text(sign_in)
        await sign_in_page(page, "admin")
        await page.goto(f"{url}/audit")
        await expect(page.locator("[data-number='1'] time")).to_have_text(shown)


async def test_a_language_chosen_in_a_browser_wins(real: Mosquitto, page: Page) -> None:
    async with dashboard(dashboard_settings(real.settings, language="en")) as url:
        await sign_in_page(page, "both")
        await page.goto(f"{url}/account")
        await expect(page.locator("#person")).to_contain_text("Operator, Supervisor")
        await page.get_by_role("button", name="日本語").click()
        await expect(page.locator("#person")).to_contain_text("オペレーター・監督者")
        await page.goto(f"{url}/my-record")
        await expect(page.get_by_role("heading", name="私の記録")).to_be_visible()
        assert await page.locator("html").get_attribute("lang") == "ja"


async def test_a_page_that_is_not_there_says_so_and_leads_on(url: str, page: Page) -> None:
    """In the language of the browser, for a person; a program gets what it got before."""
    answer = await page.goto(f"{url}/nowhere")
    assert answer is not None
    assert answer.status == 404
    await expect(page.get_by_role("heading")).to_have_text(["この画面はありません", "There is no such page"])
    await assert_accessible(page)
    await page.evaluate("localStorage.setItem('kikimori.language', 'en')")
    await page.reload()
    await expect(page.get_by_role("heading")).to_have_text(["There is no such page"])
    await page.get_by_role("link", name="To the start page").click()
    await expect(page.locator("#link")).to_have_attribute("data-mood", "good")
    async with client(url) as http:
        for path in ("/api/nowhere", "/nowhere"):
            async with http.get(path) as plain:
                assert (plain.status, plain.content_type) == (404, "text/plain"), path


async def test_a_page_that_a_role_may_not_open_says_who_can_change_that(url: str, page: Page) -> None:
    await sign_in_page(page, "operator")
    answer = await page.goto(f"{url}/people")
    assert answer is not None
    assert answer.status == 403
    await expect(page.get_by_role("heading").first).to_have_text("あなたの役割では、この画面を開けません")
    await expect(page.locator("[lang=ja] p").first).to_contain_text("管理者に役割の変更を頼んで")
    await assert_accessible(page)
