"""Callers who are not named, on the supervisor's page in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect
from tests.support.browser import dashboard, dashboard_settings
from tests.support.peer_agent import PeerAgent

from kikimori_core.wire.messages import Party, Problem

if TYPE_CHECKING:
    from playwright.async_api import Page
    from tests.support.mosquitto import Mosquitto


async def test_why_a_caller_is_not_named_and_that_one_is_uncertain(real: Mosquitto, page: Page) -> None:
    async with (
        PeerAgent(real.settings).running() as agent,
        dashboard(dashboard_settings(real.settings)) as url,
    ):
        for reason in ("anonymous", "payphone", "unavailable"):
            await agent.call(reason, caller=Party(withheld=reason))
        await agent.call("twins", caller=Party(), identity="uncertain", capabilities=())
        await agent.health(problems=(Problem.of("mirror-codec", calls="G729"),))
        await page.goto(url)
        for call_id, name in (
            ("anonymous", "非通知"),
            ("payphone", "公衆電話"),
            ("unavailable", "表示圏外"),
            ("twins", "発信者を特定できません"),
        ):
            await expect(page.locator(f"[data-call={call_id}] .caller")).to_contain_text(name)
        await page.locator("[data-call=twins]").hover()
        await expect(page.locator("[data-call=twins] button:visible")).to_have_count(0)
        banner = page.locator(".banner", has_text="コーデックが対応していないため")
        await expect(banner).to_contain_text("G729")


@pytest.mark.parametrize("path", ["/"])
async def test_the_page_says_so_in_english_too(real: Mosquitto, page: Page, path: str) -> None:
    async with (
        PeerAgent(real.settings).running() as agent,
        dashboard(dashboard_settings(real.settings)) as url,
    ):
        await agent.call("payphone", caller=Party(withheld="payphone"))
        await page.goto(url + path)
        await page.get_by_role("button", name="English").click()
        await expect(page.locator("[data-call=payphone] .caller")).to_contain_text("Payphone")
