"""The pages at the first ring: who is calling, the last contacts, and one call when it is answered."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect
from tests.dashboard.test_callers_page import MINE, known_customer
from tests.support.axe import assert_accessible
from tests.support.browser import chromium, dashboard, dashboard_settings
from tests.support.sign_in import sign_in_browser

from kikimori_core.journal.settings import RecordsTable
from kikimori_core.wire.messages import Party, Severity
from kikimori_core.wire.ringing_calls import RingingCall

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Page
    from tests.support.mosquitto import Mosquitto
    from tests.support.peer_agent import PeerAgent

    from kikimori_records.store import Store


def rings(call_id: str = "c1", *phones: str, ago_s: float = 4, **fields: object) -> RingingCall:
    since = datetime.now(UTC) - timedelta(seconds=ago_s)
    given = {"caller": Party(number="+81312345678"), "phones": phones or ("201", "202")}
    return RingingCall.model_validate(
        {"call_id": call_id, "tap": "asterisk", "since": since, **(given | fields)}
    )


async def test_both_pages_say_who_is_calling_while_it_rings(
    real: Mosquitto, store: Store, agent: PeerAgent, tmp_path: Path
) -> None:
    await known_customer(store, tmp_path)
    settings = dashboard_settings(real.settings, records=RecordsTable(dir=tmp_path))
    async with dashboard(settings, store=store) as url, chromium() as browser:
        context = await browser.new_context(viewport={"width": 1366, "height": 768})
        await sign_in_browser(context, "both")
        operator, colleague, supervisor = [await context.new_page() for _ in range(3)]
        faults: list[str] = []
        for page in (operator, colleague, supervisor):
            page.on("pageerror", lambda error: faults.append(str(error)))
        await operator.goto(f"{url}/operator?ext=201")
        await colleague.goto(f"{url}/operator?ext=205")
        await supervisor.goto(url)
        await agent.ring(rings("c1", queue="受付"), rings("w", "209", caller=Party(withheld="anonymous")))

        own = operator.locator(".ringing")
        await expect(own).to_contain_text("着信中")
        await expect(own).to_contain_text("山田 太郎 様")
        await expect(own).to_contain_text("+81312345678")
        await expect(own).to_contain_text("5回目のお電話（")
        await expect(own).to_contain_text("お話しのしかた: 結論から話す")
        await expect(own).to_contain_text("内線 202 でも鳴っています")
        said = await own.inner_text()
        assert "警告" not in said
        assert "要確認" not in said
        await expect(operator.locator("#announcer")).to_contain_text("着信中 山田 太郎 様 5回目")
        await assert_accessible(operator)
        await expect(colleague.locator(".ringing")).to_have_count(0)

        line = supervisor.locator("#ringing")
        await expect(line.locator("h2")).to_have_text("着信中 2件")
        ring = line.locator("[data-ring=c1]")
        await expect(ring.locator(".caller")).to_have_text("山田 太郎 様")
        await expect(ring).to_contain_text("内線 201、202")
        await expect(line.locator("[data-ring=w] .caller")).to_have_text("非通知")
        await expect(ring.locator(".ring-more")).to_be_hidden()
        await ring.focus()
        await expect(ring.locator(".ring-more")).to_be_visible()
        await expect(ring.locator(".ring-more")).to_contain_text("佐々木・要確認")
        await expect(ring.get_by_role("link", name="これまでのお電話")).to_be_visible()
        await assert_accessible(supervisor)

        # One card: the same call, answered.
        await agent.call("c1", operator=MINE, caller=Party(number="+81312345678"))
        await agent.ring(rings("w", "209", caller=Party(withheld="anonymous")))
        await expect(operator.locator(".known")).to_contain_text("5回目のお電話（")
        await expect(operator.locator(".ringing")).to_have_count(0)
        await expect(line.locator("[data-ring=c1]")).to_have_count(0)
        await expect(supervisor.locator("[data-call=c1]")).to_have_count(1)
        await agent.ring()
        await expect(line.locator("h2")).to_have_text("着信中の電話はありません")
        assert faults == []


async def test_a_repeat_caller_who_rings_stands_first_and_is_prominent(
    url: str, agent: PeerAgent, page: Page
) -> None:
    await page.goto(url)
    await agent.ring(rings("c1", "201", ago_s=30), rings("c2", "202"))
    alert = await agent.alert(
        "c2",
        rule="repeat-caller",
        kind="repeat_caller",
        severity=Severity.NOTICE,
        title=("繰り返しのお電話", "Repeat caller"),
        evidence=(),
        suggestion=None,
        raised_s=0.0,
    )
    first = page.locator("#ringing .ring").first
    await expect(first).to_have_attribute("data-ring", "c2")
    await expect(first).to_have_attribute("data-severity", "notice")
    await expect(first).to_contain_text("繰り返しのお電話")
    item = page.locator("#inbox [data-alert]")
    await expect(item).to_contain_text("着信中 +81312345678")
    await item.locator(".inbox-call").click()
    await expect(first).to_be_focused()
    await assert_accessible(page)

    await agent.call("c2", operator=MINE)
    await agent.ring(rings("c1", "201", ago_s=30))
    await expect(item).to_have_count(1)
    await expect(item).to_contain_text("佐藤")
    await expect(page.locator("[data-call=c2]").first).to_contain_text("繰り返しのお電話")
    await agent.close_alert(alert)
    await expect(item).to_have_count(0)


async def test_a_flood_is_one_line(url: str, agent: PeerAgent, page: Page) -> None:
    await page.goto(url)
    await agent.call("c", operator=MINE)
    await agent.ring(rings("r0", "201"))
    await expect(page.locator("#ringing .ring")).to_have_count(1)
    row = page.locator("[data-call=c]").first
    before = await row.bounding_box()
    await agent.ring(*(rings(f"r{each}", f"{300 + each}") for each in range(150)), more=50)
    await expect(page.locator("#ringing h2")).to_have_text("着信中 200件")
    await expect(page.locator("#ringing .ring-rest")).to_have_text(re.compile(r"ほか \d+件"))
    shown = await page.locator("#ringing .ring").count()
    await expect(page.locator("#ringing .ring-rest")).to_have_text(f"ほか {200 - shown}件")
    await expect(page.locator("#ringing .ring").last).to_be_in_viewport(ratio=1)
    assert await row.bounding_box() == before
    await agent.ring()
    await expect(page.locator("#ringing .ring")).to_have_count(0)
    assert await row.bounding_box() == before


@pytest.mark.parametrize("size", [(320, 160), (390, 844)])
async def test_the_operators_page_has_room_for_it(url: str, agent: PeerAgent, size: tuple[int, int]) -> None:
    async with chromium() as browser:
        context = await browser.new_context(viewport={"width": size[0], "height": size[1]})
        await sign_in_browser(context, "operator")
        page = await context.new_page()
        await page.goto(f"{url}/operator?ext=201")
        await agent.ring(rings("c1", caller=Party(number="0355550100", name="髙橋 商店 本店 仕入れ部")))
        await expect(page.locator(".ringing .big")).to_be_in_viewport(ratio=1)
        await expect(page.locator(".ringing .number")).to_be_in_viewport(ratio=1)
        await expect(page.locator("#watch")).to_have_text("着信中")
        wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not wide


async def test_a_call_on_the_callers_page_leads_to_its_record_where_one_may_read_it(
    real: Mosquitto, store: Store, tmp_path: Path
) -> None:
    customer = await known_customer(store, tmp_path)
    settings = dashboard_settings(real.settings, records=RecordsTable(dir=tmp_path))
    async with dashboard(settings, store=store) as url, chromium() as browser:
        context = await browser.new_context(viewport={"width": 1366, "height": 768})
        await sign_in_browser(context, "both")
        page = await context.new_page()
        await page.goto(f"{url}/callers/{customer.keys[0]}")
        rows = page.locator("#contacts tbody tr")
        await expect(rows).to_have_count(4)
        await rows.first.get_by_role("link").click()
        await expect(page).to_have_url(f"{url}/history/c0.r1")


async def test_the_history_is_one_key_away_from_the_supervisors_page(
    url: str, page: Page, agent: PeerAgent
) -> None:
    await page.goto(url)
    await agent.call("c")
    link = page.get_by_role("link", name="履歴")
    await expect(link).to_be_visible()
    async with page.expect_popup() as opened:
        await page.keyboard.press("h")
    await expect(await opened.value).to_have_url(f"{url}/history")
    await page.keyboard.press("?")
    await expect(page.locator("dialog.key-list")).to_contain_text("履歴を別のタブで開く")
