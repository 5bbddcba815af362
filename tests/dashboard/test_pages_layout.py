"""All pages where a thumb presses, with long names, and with the system's colours alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect
from tests.dashboard.recorded.conftest import history_office
from tests.dashboard.test_callers_page import known_customer
from tests.dashboard.test_supervisor_layout import card, show
from tests.support.axe import assert_accessible
from tests.support.browser import chromium
from tests.support.full_board import LONG_NAME, open_full_board
from tests.support.heard_calls import add_heard
from tests.support.sign_in import sign_in_browser, sign_in_page

from kikimori_core.wire.messages import CallStatus, Party

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Page
    from tests.support.peer_agent import PeerAgent

PHONE = (390, 844)

TOO_LOW = """() => [...document.querySelectorAll("button, select, summary, a.quiet, a.secondary, a.primary, input:not([type=checkbox], [type=radio])")]
  .filter((each) => each.checkVisibility() && !each.closest(".row"))
  .filter((each) => {
    const box = each.getBoundingClientRect();
    const around = getComputedStyle(each, "::after");
    const more = around.position === "absolute" ? -2 * Number.parseFloat(around.top) : 0;
    return box.height > 0 && box.height + more < 43.5;
  })
  .map((each) => `${each.outerHTML.slice(0, 80)} ${each.getBoundingClientRect().height}`)"""
"""Elements that a thumb misses: pressed, and lower than 44 px, with the room around it that takes presses."""

NAMES = (
    "佐々木 真由美",
    "長谷川 健太郎",
    "アレクサンドラ 小林",
    "勅使河原 小百合",
    "小鳥遊 龍之介",
    "Olivia Featherstone",
)
CUT_NAMES = """() => [...document.querySelectorAll(".attention .card .who b")]
  .filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.textContent)"""


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("size", [PHONE, (1366, 768), (1920, 1080)])
async def test_the_name_of_an_operator_is_whole(
    agent: PeerAgent, url: str, page: Page, size: tuple[int, int], language: str
) -> None:
    """Six letters and more, with the extension beside it where there is room; the time is never pushed out."""
    await open_full_board(agent, calm=0, lines=1)
    for number, name in enumerate(NAMES, 1):
        await agent.call(f"c-{number}", operator=Party(number=str(200 + number), name=name))
    await show(page, url, size, language)
    await expect(card(page, "c-1").locator(".who b")).to_have_text(NAMES[0])
    await expect(page.locator(".attention .card .who b").filter(has_text=LONG_NAME)).to_have_count(0)
    assert await page.evaluate(CUT_NAMES) == []
    for timer in await page.locator(".attention .card .timer").all():
        assert await timer.is_visible()
    edge = await card(page, "c-1").bounding_box()
    timer_box = await card(page, "c-1").locator(".timer").bounding_box()
    assert edge is not None
    assert timer_box is not None
    assert timer_box["x"] + timer_box["width"] <= edge["x"] + edge["width"]


async def test_a_thumb_finds_every_button_of_the_supervisors_page(
    agent: PeerAgent, url: str, page: Page
) -> None:
    await open_full_board(agent, lines=4)
    await show(page, url, PHONE, "ja")
    await page.locator("#panel .panel-body").wait_for()
    assert await page.evaluate(TOO_LOW) == []
    await card(page, "c-1").locator(".opener").click()
    assert await page.evaluate(TOO_LOW) == []
    # What is pressed around "ほか5件" is that button.
    box = await page.locator("#strip .others").bounding_box()
    assert box is not None
    for y in (box["y"] - 7, box["y"] + box["height"] + 7):
        found = "([x, y]) => document.elementFromPoint(x, y).className"
        assert await page.evaluate(found, [box["x"] + box["width"] / 2, y]) == "others"
    await assert_accessible(page)


async def test_the_second_press_on_a_row_is_whole(agent: PeerAgent, url: str, page: Page) -> None:
    """It asks in more words than the button has, on the narrowest row too; the times stand one below the other."""
    for number, name in enumerate(NAMES, 1):
        caller = Party(number="03-5555-0142", name="山田 一郎 様")
        await agent.call(
            f"c{number}", operator=Party(number=str(200 + number), name=name), caller=caller, queue="窓口"
        )
    await page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    await page.goto(url)
    rows = page.locator("#rows .row")
    await expect(rows).to_have_count(len(NAMES))
    edges = await page.evaluate(
        "() => [...document.querySelectorAll('.row .timer')].map((each) => each.getBoundingClientRect().right)"
    )
    assert max(edges) - min(edges) < 4
    await rows.last.hover()
    button = rows.last.locator(".primary")
    await button.click()
    await expect(button).to_have_attribute("data-asked", "yes")
    await expect(button).to_be_in_viewport(ratio=1)
    assert await button.evaluate("(each) => each.scrollWidth <= each.clientWidth")


async def test_the_call_for_help_is_as_large_as_on_a_desk(agent: PeerAgent, url: str, page: Page) -> None:
    await agent.call("c", operator=Party(number="301", name="松本 彩"))
    await page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    await page.goto(f"{url}/operator?ext=301")
    await expect(page.locator(".help")).to_be_enabled()
    box = await page.locator(".help").bounding_box()
    assert box is not None
    assert box["height"] > 250
    assert await page.evaluate(TOO_LOW) == []


async def test_a_thumb_finds_every_button_of_the_other_pages(tmp_path: Path) -> None:
    async with history_office(tmp_path) as office, chromium() as browser:
        uid = await add_heard(office.store, tmp_path, seconds=30)
        customer = await known_customer(office.store, tmp_path)
        pages = {
            "records": ("/history", f"/history/{uid}"),
            "supervisor": (
                f"/callers/{customer.numbers[0].caller_key}",
                "/customers",
                "/false-alarms",
                "/account",
            ),
            "admin": ("/recording", "/people", "/audit"),
            "operator": ("/my-record", "/operator"),
        }
        for login, paths in pages.items():
            context = await browser.new_context(viewport={"width": PHONE[0], "height": PHONE[1]})
            await sign_in_browser(context, login)
            page = await context.new_page()
            for path in paths:
                await page.goto(office.url + path)
                await page.wait_for_load_state("networkidle")
                assert await page.evaluate(TOO_LOW) == [], path
                assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE[0], path
            await context.close()


async def test_a_table_is_not_broken_into_letters(tmp_path: Path) -> None:
    """On a phone it is moved sideways: no word of a customer's list or of their calls stands in a column of one letter."""
    async with history_office(tmp_path) as office, chromium() as browser:
        customer = await known_customer(office.store, tmp_path)
        context = await browser.new_context(viewport={"width": PHONE[0], "height": PHONE[1]})
        await sign_in_browser(context)
        page = await context.new_page()
        for path in ("/customers", f"/callers/{customer.numbers[0].caller_key}"):
            await page.goto(office.url + path)
            await expect(page.locator("td").first).to_be_visible()
            tall = "() => [...document.querySelectorAll('th, td')].filter((each) => each.clientWidth < 60).map((each) => each.textContent)"
            assert [each for each in await page.evaluate(tall) if len(each) > 3] == []
            await assert_accessible(page)
        await page.goto(f"{office.url}/customers")
        number = page.locator("td .number").first
        box = await number.bounding_box()
        assert box is not None
        assert box["height"] < 30  # in one line


async def test_what_matters_stands_out_without_the_pages_colours(
    agent: PeerAgent, url: str, page: Page
) -> None:
    await page.emulate_media(forced_colors="active")
    await open_full_board(agent, lines=1)
    await show(page, url, (1920, 1080), "ja")
    colour = "(each) => getComputedStyle(each).backgroundColor"
    plain = await page.locator("body").evaluate(colour)
    plain_button = await page.locator(".attention [data-action=hold]").first.evaluate(colour)
    for loud in ("#strip", ".attention .card header", "#switch [aria-pressed=true]"):
        assert await page.locator(loud).first.evaluate(colour) != plain, loud
    assert await page.locator(".attention .primary").first.evaluate(colour) != plain_button


async def test_a_call_that_a_superior_has_is_not_called_unattended(
    agent: PeerAgent, url: str, page: Page
) -> None:
    await agent.call("c", operator=Party(number="204", name="佐藤 美咲"))
    await agent.alert("c")
    await sign_in_page(page, "supervisor")
    await page.goto(url)
    await expect(card(page, "c").locator(".handling")).to_have_text("未対応")
    await card(page, "c").locator(".who").hover()  # the card stays
    await agent.call("c", status=CallStatus.TRANSFERRED)
    await expect(card(page, "c").locator(".status")).to_have_text("上席対応中")
    await expect(card(page, "c").locator(".handling")).to_be_empty()
