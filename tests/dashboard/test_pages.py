"""Pages that no picture of calls reaches: they know the office's language and time zone all the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect
from tests.support.browser import dashboard, dashboard_settings
from tests.support.sign_in import sign_in_page

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
