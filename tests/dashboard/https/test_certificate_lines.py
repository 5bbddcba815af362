"""Lines about the certificate on the supervisor's and the administrators' page, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect
from tests.dashboard.https.test_pages import trusting_chromium
from tests.support.browser import dashboard, dashboard_settings
from tests.support.sign_in import sign_in_page

if TYPE_CHECKING:
    from tests.support.https import OfficeCertificate
    from tests.support.mosquitto import Mosquitto
    from tests.support.peer_agent import PeerAgent


@pytest.mark.parametrize(
    ("days", "mood", "ja", "en"),
    [
        (12, "warn", "証明書の期限が近づいています", "ends soon"),
        (-1, "bad", "証明書の期限が切れています", "has expired"),
    ],
)
async def test_an_end_is_shown_amber_before_and_red_after(
    real: Mosquitto, pair: OfficeCertificate, agent: PeerAgent, days: int, mood: str, ja: str, en: str
) -> None:
    await agent.call("c")
    pair.renew(days=days)
    settings = dashboard_settings(real.settings, **pair.settings())
    async with dashboard(settings) as url, trusting_chromium(pair) as page:
        for login, path in (("supervisor", "/"), ("admin", "/people")):
            await page.context.clear_cookies()
            await sign_in_page(page, login)
            await page.goto(f"{url}{path}")
            line = page.locator(f"#banners .banner.{mood}")
            await expect(line).to_contain_text(ja)
            await expect(line.locator("code")).not_to_be_empty()
            await page.get_by_role("button", name="English").click()
            await expect(line).to_contain_text(en)
            await expect(line).to_contain_text("kikimori certificate renew")
            await page.get_by_role("button", name="日本語").click()
            await expect(line).to_contain_text(ja)
