"""The supervisor's page while nobody answers: it rings again and again, louder, and says so."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from playwright.async_api import expect
from tests.support.browser import dashboard, dashboard_settings
from tests.support.live_client import connected, live_client
from tests.support.tones import COUNT_TONES

from kikimori_core.wire.messages import Party
from kikimori_core.wire.unanswered import UnansweredTable

if TYPE_CHECKING:
    from playwright.async_api import Page
    from tests.support.mosquitto import Mosquitto
    from tests.support.peer_agent import PeerAgent

    from kikimori_records.store import Store


async def test_a_page_rings_on_until_somebody_answers(
    real: Mosquitto, store: Store, agent: PeerAgent, page: Page
) -> None:
    steps = UnansweredTable(louder_after_s=1, hold_after_s=0, ring_after_s=0)
    settings = dashboard_settings(real.settings).model_copy(update={"unanswered": steps})
    async with dashboard(settings, store=store) as url:
        await page.add_init_script(COUNT_TONES)
        await page.goto(url)
        await agent.call("c", operator=Party(number="204", name="佐藤 美咲"))
        async with live_client(url) as live:
            await live.until(lambda picture: connected(picture) and "c" in picture["calls"])
        await expect(page.locator("[data-call=c]").first).to_be_visible()
        await agent.alert("c")
        handling = page.locator("#cards [data-call=c] .handling")
        await expect(handling).to_have_text("まだ誰も応じていません")
        await expect(page).to_have_title(re.compile("応答なし"))
        # Three soft tones as it came, then nine and nine again.
        async with asyncio.timeout(60):
            while await page.evaluate("window.tones.length") < 21:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        await page.locator("#cards [data-call=c]").get_by_role("button", name="私が対応").click()
        await expect(handling).to_have_text("あなたが対応中")
        await expect(page).not_to_have_title(re.compile("応答なし"))
