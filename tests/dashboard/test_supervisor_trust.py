"""Trust in the supervisor's page: it says so when it cannot know, and how old its content is."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect
from tests.support.axe import assert_accessible
from tests.support.browser import dashboard, dashboard_settings
from tests.support.mosquitto import Mosquitto
from tests.support.peer_agent import PeerAgent
from tests.support.window import choose_language

from kikimori_core.wire.connection import connect
from kikimori_core.wire.messages import Party, Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.async_api import Locator, Page, WebSocketRoute

    from kikimori_records.store import Store

CALM = "要確認の通話はありません"
UNKNOWN = "確認できません"


def strip(page: Page) -> Locator:
    return page.locator("#strip")


async def is_calm(page: Page) -> None:
    await expect(strip(page)).to_contain_text(f"✓{CALM}")
    await expect(strip(page)).to_have_attribute("data-severity", "calm")


async def is_unknown(page: Page) -> None:
    await expect(strip(page)).to_contain_text(UNKNOWN)
    await expect(strip(page)).to_have_attribute("data-severity", "unknown")
    await expect(strip(page)).not_to_contain_text("✓")


async def test_while_an_agent_is_away_nothing_is_said_to_be_calm(
    agent: PeerAgent, url: str, page: Page
) -> None:
    await agent.call("c")
    await page.goto(url)
    await is_calm(page)
    await agent.health(online=False)
    await is_unknown(page)
    await agent.health()
    await is_calm(page)


async def test_one_agent_of_two_that_is_away_is_enough(
    agent: PeerAgent, real: Mosquitto, url: str, page: Page
) -> None:
    async with PeerAgent(real.settings, agent_id="agent-2").running() as other:
        await agent.call("c")
        await page.goto(url)
        await is_calm(page)
        await other.health(online=False)
        await is_unknown(page)


async def test_what_only_the_brokers_memory_tells_is_marked_and_can_be_pressed(
    real: Mosquitto, page: Page
) -> None:
    """The agent ended, and the broker does not know: as after the start of a broker with an old save."""
    peer = PeerAgent(real.settings)
    await peer.health()
    await peer.call("c")
    async with connect(real.settings, "memory") as memory:
        for topic, payload in peer.retained.items():
            await memory.publish(topic, payload, qos=1, retain=True)
    card = page.locator("[data-call=c]")
    async with dashboard(dashboard_settings(real.settings)) as url:
        await page.goto(url)
        await expect(card).to_have_attribute("data-stale", "yes")
        await expect(card).to_contain_text("確認中")
        await expect(page.locator("#panel button.primary")).to_be_enabled()
        await is_unknown(page)
        await expect(page.locator("#banners")).to_contain_text("確認中")
        async with peer.running():
            await expect(card).to_have_attribute("data-stale", "no")
            await is_calm(page)
            await expect(page.locator("#banners")).not_to_contain_text("確認中")


async def test_without_any_agent_nothing_is_said_to_be_calm(url: str, page: Page) -> None:
    await page.goto(url)
    await expect(page.locator("#link")).to_have_attribute("data-mood", "good")
    await is_unknown(page)


async def test_while_the_broker_is_away_nothing_is_said_to_be_calm(real: Mosquitto, page: Page) -> None:
    async with (
        PeerAgent(real.settings).running() as agent,
        dashboard(dashboard_settings(real.settings)) as url,
    ):
        await agent.call("c")
        await page.goto(url)
        await is_calm(page)
        await real.stop()
        await is_unknown(page)
        await real.start()
        await is_calm(page)


async def test_while_the_feed_is_away_nothing_is_said_to_be_calm(
    agent: PeerAgent, real: Mosquitto, page: Page
) -> None:
    await agent.call("c")
    async with dashboard(dashboard_settings(real.settings)) as url:
        await page.goto(url)
        await is_calm(page)
    await is_unknown(page)


async def test_what_needs_a_decision_is_shown_though_not_all_is_known(
    agent: PeerAgent, real: Mosquitto, url: str, page: Page
) -> None:
    async with PeerAgent(real.settings, agent_id="agent-2").running() as other:
        await agent.call("c")
        await agent.alert("c")
        await other.health(online=False)
        await page.goto(url)
        await expect(page.locator(".banner.bad")).to_be_visible()
        await expect(strip(page)).to_have_attribute("data-severity", "critical")


class SlowFeed:
    """Stands between a page and its dashboard; every message to the page is late by `late_s`, and none is lost."""

    def __init__(self) -> None:
        self.late_s = 0.0

    async def route(self, page: Page) -> None:
        await page.route_web_socket(re.compile("/live"), self._connect)

    def _connect(self, page_side: WebSocketRoute) -> None:
        server = page_side.connect_to_server()
        server.on_message(self._later(page_side))

    def _later(self, page_side: WebSocketRoute) -> Callable[[str | bytes], None]:
        loop = asyncio.get_running_loop()

        def send(message: str | bytes) -> None:
            loop.call_later(self.late_s, page_side.send, message)

        return send


async def test_a_page_that_is_behind_says_how_far(agent: PeerAgent, url: str, page: Page) -> None:
    """Also while messages keep coming, each of them late: their own clock would call every one of them new."""
    feed = SlowFeed()
    await feed.route(page)
    await agent.call("c")
    await page.goto(url)
    link = page.locator("#link")
    await expect(link).to_have_text("受信中")
    await is_calm(page)
    feed.late_s = 5.0
    speaking = asyncio.create_task(_talk(agent))
    try:
        await expect(link).to_have_text(re.compile(r"^表示は([4-9]|[1-9]\d)秒前$"))
        await expect(link).to_have_attribute("data-mood", "late")
        await is_unknown(page)
        await expect(page.locator("#panel .lines")).to_contain_text("まだですか 20")
        await expect(link).to_have_attribute("data-mood", "late")
    finally:
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)
    feed.late_s = 0.0
    await expect(link).to_have_text("受信中")
    await is_calm(page)


async def _talk(agent: PeerAgent) -> None:
    for number in range(1000):
        await agent.say("c", Role.CUSTOMER, f"まだですか {number}", number)
        await asyncio.sleep(0.2)


@pytest.mark.parametrize(("language", "text"), [("ja", UNKNOWN), ("en", "Cannot be checked")])
async def test_it_says_so_in_both_languages(url: str, page: Page, language: str, text: str) -> None:
    await choose_language(page, language)
    await page.goto(url)
    await expect(strip(page)).to_contain_text(text)


LOST = {"ja": "から情報なし。オペレーターに直接確認を。", "en": "No news since"}
LAST = {
    "ja": "最後の情報：お客様はオペレーターと通話中",
    "en": "Last known: The customer is talking to the operator",
}


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_a_call_out_of_reach_says_since_when_and_what_to_do(
    agent: PeerAgent, url: str, page: Page, language: str
) -> None:
    """Strip, card, panel and row say the same; no button is offered that reaches nobody, and those that work are named."""
    await choose_language(page, language)
    await page.set_viewport_size({"width": 1280, "height": 720})
    await agent.call("c", operator=Party(number="204", name="佐藤 美咲"))
    await agent.call("calm", operator=Party(number="205", name="勅使河原 小百合"), queue="料金・契約変更窓口")
    await agent.alert("c")
    await page.goto(url)
    await expect(strip(page)).to_have_attribute("data-severity", "critical")
    await expect(strip(page).locator(".ask-operator")).to_be_hidden()
    agent.abort()
    await is_out_of_reach(strip(page), language)
    lost = strip(page).locator(".ask-operator")
    await expect(lost).to_contain_text(LOST[language])
    assert await lost.evaluate("each => each.scrollWidth <= each.clientWidth")
    since = await lost.inner_text()
    await expect(page.locator(".card[data-call=c] .stale")).to_have_text(since)
    await expect(page.locator("#panel .stale")).to_have_text(since)
    await expect(page.locator("#panel .place, #panel .where")).to_contain_text(LAST[language])
    row = page.locator(".row[data-call=calm]")
    await expect(row.locator(".shape")).to_have_text("？")
    about = row.locator(".row-about")
    await expect(about).to_have_text({"ja": "情報なし", "en": "no news"}[language])
    assert await about.evaluate("each => each.scrollWidth <= each.clientWidth")
    await expect(page.locator("#rows h2")).to_have_text(
        {"ja": "通話（1件、うち情報なし 1件）", "en": "Calls (1, no news of 1)"}[language]
    )
    await assert_accessible(page)

    # What the page says that works, works.
    works = {"ja": "「私が対応」とメモは使えます。", "en": "“Take this” and notes do."}[language]
    await expect(page.locator("#panel .limits")).to_contain_text(works)
    await page.locator(".card[data-call=c] .claim button").click()
    await expect(page.locator(".card[data-call=c] .handling")).to_have_text(
        {"ja": "あなたが対応中", "en": "You are on it"}[language]
    )
    await row.click()
    await expect(page.locator("#panel .badge")).to_have_text({"ja": "？不明", "en": "？Unknown"}[language])


async def is_out_of_reach(shown: Locator, language: str) -> None:
    await expect(shown).to_have_attribute("data-severity", "unknown")
    await expect(shown).to_contain_text({"ja": UNKNOWN, "en": "Cannot be checked"}[language])
    await expect(shown.locator(".primary")).to_be_hidden()


async def test_a_call_that_a_press_reaches_comes_before_one_out_of_reach(
    agent: PeerAgent, real: Mosquitto, url: str, page: Page
) -> None:
    async with PeerAgent(real.settings, agent_id="agent-2").running() as other:
        await other.call("away", operator=Party(number="401", name="高田 誠"))
        await agent.call("here", operator=Party(number="204", name="佐藤 美咲"))
        await other.alert("away", raised_s=10.0)
        await agent.alert("here", raised_s=100.0)
        await page.goto(url)
        await expect(strip(page)).to_contain_text("高田 誠")
        await other.health(online=False)
        await expect(strip(page)).to_contain_text("佐藤 美咲")
        await expect(strip(page)).to_have_attribute("data-severity", "critical")
        await expect(strip(page).locator(".primary")).to_be_enabled()
        await expect(page.locator("#panel .who")).to_contain_text("佐藤 美咲")


async def test_without_the_dashboard_no_mark_is_offered(
    agent: PeerAgent, real: Mosquitto, store: Store, page: Page
) -> None:
    await agent.call("c")
    await agent.alert("c")
    marks = page.locator(".claim button, #panel .marks button, #inbox :is(.marks button, .reviewed)")
    async with dashboard(dashboard_settings(real.settings), store=store) as url:
        await page.goto(url)
        await expect(marks).to_have_count(6)
        for each in await marks.all():
            await expect(each).to_be_enabled()
    for each in await marks.all():
        await expect(each).to_be_disabled()
    await expect(page.locator("#panel .limits")).to_contain_text("つながるまで、どの操作もできません。")
