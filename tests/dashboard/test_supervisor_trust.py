"""Trust in the supervisor's page: it says so when it cannot know, and how old its content is."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect
from tests.support.browser import dashboard, dashboard_settings
from tests.support.mosquitto import Mosquitto
from tests.support.peer_agent import PeerAgent

from kikimori_core.wire.connection import connect
from kikimori_core.wire.messages import Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.async_api import Locator, Page, WebSocketRoute

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
    await page.add_init_script(f"localStorage.setItem('kikimori.language', '{language}')")
    await page.goto(url)
    await expect(strip(page)).to_contain_text(text)
