"""Cards of the supervisor's page: what is read in two seconds is whole, and nothing covers it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect
from tests.support.axe import assert_accessible
from tests.support.full_board import LINES, LONG_CALLER, LONG_NAME, open_full_board
from tests.support.live_client import connected, live_client
from tests.support.office import CAN_EVERYTHING, words
from tests.support.peer_agent import SHOUT
from tests.support.window import box_of, choose_language, resize

from kikimori_core.wire.messages import CallStatus, LegLevel, Outcome, Party, Severity

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import FloatRect, Locator, Page
    from tests.support.peer_agent import PeerAgent

SIZES = ((1920, 1080), (1366, 768), (390, 844))
TWENTY_LETTERS = "アレクサンドラ・ゴンザレス・山本 美智子"
LOUD = "本人のふだんの声より +14 dB"

IN_SIGHT = """(fact, words) => {
  const node = [...fact.childNodes].find((each) => each.textContent.includes(words));
  const range = document.createRange();
  const at = node.textContent.indexOf(words);
  range.setStart(node, at);
  range.setEnd(node, at + words.length);
  const [text, box] = [range.getBoundingClientRect(), fact.getBoundingClientRect()];
  return text.width > 0 && text.right <= box.right + 1 && text.bottom <= box.bottom + 1;
}"""
"""True = words of an element are inside of it, and not in what is cut."""


def apart(one: FloatRect, other: FloatRect) -> bool:
    """Return whether neither box covers a part of the other."""
    beside = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
    return beside or one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]


async def cards_at_all_sizes(
    agent: PeerAgent, url: str, page: Page
) -> AsyncIterator[tuple[tuple[int, int], str, Locator]]:
    """Yield the size of the window, the call and its card, for one with three alerts and one with a single one."""
    await open_full_board(agent, calm=0, lines=1)
    await agent.call("one", operator=Party(number="250", name="佐藤 美咲"), **CAN_EVERYTHING)
    async with live_client(url) as live:
        await live.until(lambda picture: connected(picture) and len(picture["calls"]) == 7)
    for number in range(3, 7):
        await agent.end_call(f"c-{number}")
    await agent.alert("one", evidence=(SHOUT,))
    await page.goto(url)
    for size in SIZES:
        await resize(page, size)
        for call_id in ("c-1", "one"):
            card = page.locator(f".card[data-call={call_id}]")
            await card.scroll_into_view_if_needed()
            yield size, call_id, card


async def full_card(agent: PeerAgent, url: str, page: Page, language: str) -> Locator:
    """Open a full board in a language; return the card of the call with three alerts."""
    await choose_language(page, language)
    await open_full_board(agent, calm=0, lines=1)
    await page.goto(url)
    return page.locator(".card[data-call=c-1]")


async def test_the_button_for_the_last_seconds_covers_nothing(agent: PeerAgent, url: str, page: Page) -> None:
    """Neither the picture of the voices nor their names, on a card with three alerts and on one with one."""
    async for size, call_id, card in cards_at_all_sizes(agent, url, page):
        await expect(card.locator(".rewind")).to_be_in_viewport(ratio=1)
        button = await box_of(card.locator(".rewind"))
        whole = await box_of(card)
        assert button["y"] + button["height"] <= whole["y"] + whole["height"]
        covered = [card.locator(each) for each in (".voice-picture", ".why", ".quotes", ".buttons")]
        names = await card.locator(".meter-name").all()
        for other in (*covered, *names):
            if await other.is_visible():
                assert apart(button, await box_of(other)), (size, call_id, await other.inner_text())


async def test_how_loud_a_voice_is_now_covers_nothing(agent: PeerAgent, url: str, page: Page) -> None:
    """Neither what was said a minute ago, nor the button; with one alert and with three."""
    async for size, call_id, card in cards_at_all_sizes(agent, url, page):
        over = card.locator('.meter[data-role="customer"] .meter-over')
        loud = LegLevel(level_db=-12, speaking=True, over_calm_db=14, effort=0.9)
        await agent.levels(**{call_id: (loud, loud)})
        await expect(over).to_have_text("ふだんより +14 dB")
        if not await over.is_visible():
            assert call_id == "c-1"  # so many reasons that the picture has no room
            continue
        figure, whole = await box_of(over), await box_of(card.locator(".voices"))
        assert whole["y"] - 1 <= figure["y"]
        assert figure["y"] + figure["height"] <= whole["y"] + whole["height"] + 1
        covered = [card.locator(each) for each in (".voice-picture", ".rewind", ".why", ".quotes")]
        for other in (*covered, *await card.locator(".meter-name").all()):
            if await other.is_visible():
                assert apart(figure, await box_of(other)), (size, call_id, await other.inner_text())
        await assert_accessible(page)


NUMBERS = {"named": "048-5555-0127", "alone": "+81 90-5555-0199"}


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_a_number_is_whole_beside_the_button_to_take_the_call(
    agent: PeerAgent, url: str, page: Page, language: str
) -> None:
    """With a long name before it and without one; what is cut for it stands in the tooltip."""
    await choose_language(page, language)
    for call_id, digits in NUMBERS.items():
        name = LONG_CALLER if call_id == "named" else None
        await agent.call(call_id, caller=Party(number=digits, name=name), queue="総合窓口")
        await agent.alert(call_id)
    await page.goto(url)
    for size in SIZES:
        await resize(page, size)
        for call_id, digits in NUMBERS.items():
            about = page.locator(f".card[data-call={call_id}] .about")
            number = about.locator(".party .number")
            await expect(number).to_have_text(digits)
            await expect(about.locator(".since")).not_to_be_empty()
            assert await number.evaluate("each => each.scrollWidth <= each.clientWidth"), (size, call_id)
            whole, line = await box_of(number), await box_of(about)
            assert line["y"] - 1 <= whole["y"], (size, call_id)
            assert whole["y"] + whole["height"] <= line["y"] + line["height"] + 1, (size, call_id)
            assert whole["x"] + whole["width"] <= line["x"] + line["width"] + 1, (size, call_id)
            for other in (".claim button", ".handling"):
                assert apart(whole, await box_of(about.locator(other))), (size, call_id, other)
        told = await page.locator(".card[data-call=named] .caller").get_attribute("title")
        assert told is not None
        assert all(each in told for each in (LONG_CALLER, NUMBERS["named"], "総合窓口"))
    await assert_accessible(page)


@pytest.mark.parametrize(
    ("language", "next_step"),
    [
        ("ja", "オペレーターに電話機での保留・転送を頼んでください"),
        ("en", "Ask the operator to hold or transfer by phone"),
    ],
)
async def test_a_press_while_the_pbx_is_away_says_what_to_do_next(
    agent: PeerAgent, url: str, page: Page, language: str, next_step: str
) -> None:
    """In the place of the voices: the newest words and the worst alert stay in sight, and so do the buttons."""
    card = await full_card(agent, url, page, language)
    await card.locator(".primary").click()
    await agent.answer(await agent.command(), Outcome.FAILED, "pbx_away", "Connection refused")
    result = card.locator(".result")
    await expect(result.locator(".next")).to_have_text(next_step)
    await expect(result).not_to_contain_text("接続を拒否")
    await expect(result).not_to_contain_text("refused")
    for size in SIZES:
        await resize(page, size)
        await card.scroll_into_view_if_needed()
        assert await result.evaluate("each => each.scrollHeight <= each.clientHeight + 1"), size
        shown = await box_of(result)
        parts = [
            card.locator(each)
            for each in (".quotes > li:last-child", ".alert:first-child strong", ".buttons")
        ]
        for part in parts:
            await expect(part).to_be_in_viewport(ratio=1)
            assert apart(shown, await box_of(part)), size
    await assert_accessible(page)


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_the_newest_words_have_room_in_the_panel_on_a_telephone(
    agent: PeerAgent, url: str, page: Page, language: str
) -> None:
    """Above the buttons, however many alerts there are."""
    await choose_language(page, language)
    await open_full_board(agent, calm=0)
    await agent.alert(
        "c-1", rule="demand", severity=Severity.WARNING, title=("土下座の要求", "Kneeling demanded")
    )
    await resize(page, SIZES[2])
    await page.goto(url)
    await page.locator(".card[data-call=c-1] .about").click(position={"x": 3, "y": 3})
    panel = page.locator("#panel")
    await expect(panel.locator(".line")).to_have_count(LINES)
    words_box, heads = await box_of(panel.locator(".lines")), await box_of(panel.locator(".heads"))
    assert words_box["height"] >= 6 * 16
    assert apart(heads, await box_of(panel.locator(".panel-actions")))
    assert apart(words_box, await box_of(panel.locator(".panel-actions")))
    newest = panel.locator(".line").last
    await newest.scroll_into_view_if_needed()
    line = await box_of(newest)
    words_box = await box_of(panel.locator(".lines"))
    assert line["y"] + line["height"] <= words_box["y"] + words_box["height"] + 1
    await assert_accessible(page)


async def test_a_row_with_a_notice_is_whole_where_there_is_room(
    agent: PeerAgent, url: str, page: Page
) -> None:
    """Caller and notice stand beside an empty stretch, not cut."""
    title = ("繰り返しお電話のお客様", "Calls again and again")
    await agent.call("c", caller=Party(number="0300000105"), queue="総合窓口")
    await agent.call("d")
    await resize(page, SIZES[0])
    await page.goto(url)
    await expect(page.locator(".row[data-call=c]")).to_be_visible()
    await agent.alert("c", rule="repeat-caller", severity=Severity.NOTICE, title=title, suggestion=None)
    row = page.locator(".row[data-call=c]")
    await expect(row.locator(".row-about")).to_have_text(title[0])
    parts = (".caller", ".row-about", ".queue")
    for part in parts:
        assert await row.locator(part).evaluate("each => each.scrollWidth <= each.clientWidth"), part
    # Narrower: the number has the room that it needs, and no more.
    await agent.call("d", caller=Party(name="小林 節子 様"), queue="総合窓口")
    await agent.alert("d", rule="detention", severity=Severity.NOTICE, title=("長時間の通話", "Long call"))
    await resize(page, (1600, 900))
    row = page.locator(".row[data-call=d]")
    await expect(row.locator(".row-about")).to_have_text("長時間の通話")
    for part in parts:
        assert await row.locator(part).evaluate("each => each.scrollWidth <= each.clientWidth"), part
    await assert_accessible(page)


async def test_a_name_of_twenty_letters_is_whole(agent: PeerAgent, url: str, page: Page) -> None:
    """A longer one is cut after two lines; its title and the card's name hold it."""
    for number, name in enumerate((TWENTY_LETTERS, LONG_NAME), start=1):
        await agent.call(f"c{number}", operator=Party(number=f"20{number}", name=name), **CAN_EVERYTHING)
        await agent.alert(f"c{number}", evidence=(SHOUT,))
    await page.goto(url)
    for size in SIZES:
        await resize(page, size)
        for who in (page.locator(".card[data-call=c1] .who"), page.locator("#panel .who")):
            await who.scroll_into_view_if_needed()
            await expect(who).to_contain_text(TWENTY_LETTERS)
            assert await who.locator("b").evaluate(
                "name => name.getBoundingClientRect().bottom <= name.parentElement.getBoundingClientRect().bottom + 1"
            ), size
        longer = page.locator(".card[data-call=c2]")
        await expect(longer.locator(".who")).to_have_attribute("title", f"{LONG_NAME} 内線 202")
        await expect(longer).to_have_accessible_name(f"{LONG_NAME} 内線 202")


async def test_how_loud_it_was_is_in_sight(agent: PeerAgent, url: str, page: Page) -> None:
    """Against this voice's own calm, on the card and in the panel; and the reason before the rest of a long name."""
    await open_full_board(agent, calm=0, lines=1)
    await page.goto(url)
    await expect(page.locator(".card[data-call=c-1] .alert")).to_have_count(3)
    await page.locator(".card[data-call=c-1] .who").click()
    await expect(page.locator("#panel .alert")).to_have_count(3)
    await expect(page.locator("#strip .reasons")).to_contain_text("お断り後")
    for size in SIZES:
        await resize(page, size)
        for fact in (page.locator(".card[data-call=c-1] .fact"), page.locator("#panel .fact")):
            await expect(fact.first).to_contain_text(LOUD)
            assert await fact.first.evaluate(IN_SIGHT, LOUD), size
        reasons = page.locator("#strip .reasons")
        assert await reasons.evaluate(IN_SIGHT, "大声・怒声"), size


async def test_no_line_of_a_full_card_is_cut_in_half(agent: PeerAgent, url: str, page: Page) -> None:
    """Of a call that came back from hold, with a press that failed: what has no room is not there."""
    await open_full_board(agent, calm=0, lines=1)
    await page.goto(url)
    card = page.locator(".card[data-call=c-1]")
    await expect(card.locator(".alert")).to_have_count(3)
    await card.locator(".primary").click()
    command = await agent.command()
    await agent.call("c-1", status=CallStatus.ON_HOLD)
    await expect(card).to_have_attribute("data-status", "on_hold")
    await agent.call("c-1", status=CallStatus.TALKING)
    await agent.answer(command, Outcome.FAILED, "no_answer")
    await expect(card.locator(".came-back strong")).to_be_visible()
    await expect(card.locator(".result")).to_contain_text("誰も出ませんでした")
    for size in (*SIZES, (1280, 800)):
        await resize(page, size)
        await card.scroll_into_view_if_needed()
        back = card.locator(".came-back strong")
        whole = await box_of(card.locator(".why"))
        line = await box_of(back)
        assert line["x"] + line["width"] <= whole["x"] + whole["width"] + 1, size
        quotes = await box_of(card.locator(".quotes"))
        for quote in await card.locator(".quotes li:visible").all():
            box = await box_of(quote)
            beside = box["x"] >= quotes["x"] + quotes["width"] - 1
            assert beside or box["y"] + box["height"] <= quotes["y"] + quotes["height"] + 1, size
        await assert_accessible(page)


@pytest.mark.parametrize("size", SIZES[1:])
async def test_what_came_of_a_press_moves_no_button(
    agent: PeerAgent, url: str, page: Page, size: tuple[int, int]
) -> None:
    """On a full card with a long name, in a low window."""
    await open_full_board(agent, calm=0, lines=1)
    await resize(page, size)
    await page.goto(url)
    card = page.locator(".card[data-call=c-1]")
    await expect(card.locator(".alert")).to_have_count(3)
    before = await box_of(card.locator(".primary"))
    await card.locator(".primary").click()
    await agent.answer(await agent.command(), Outcome.FAILED, "no_answer")
    await expect(card.locator(".result")).to_contain_text("誰も出ませんでした")
    after = await box_of(card.locator(".primary"))
    assert (after["x"], after["y"]) == (before["x"], before["y"])


async def test_five_alerts_and_a_long_name_leave_the_buttons_in_their_card(
    agent: PeerAgent, url: str, page: Page
) -> None:
    for call_id, name, alerts in (("c", LONG_NAME, 5), ("other", "佐藤 美咲", 1)):
        await agent.call(call_id, operator=Party(number="201", name=name), **CAN_EVERYTHING)
        for number in range(alerts):
            title = f"お断り後も通話が続いている {number}"
            said = words(f"{number}回目のひどい言葉", "ひどい言葉", "insult", 60.0 * number)
            await agent.alert(call_id, rule=f"rule-{number}", title=(title, title), evidence=(said,))
    await page.goto(url)
    card = page.locator(".card[data-call=c]")
    await expect(card.locator(".why strong")).to_have_count(5)
    await expect(page.locator(".card")).to_have_count(2)
    for size in SIZES:
        await resize(page, size)
        whole, button = await box_of(card), await box_of(card.locator(".primary"))
        assert button["y"] + button["height"] <= whole["y"] + whole["height"], size
        for title_box in [await box_of(each) for each in await card.locator(".why strong").all()]:
            assert title_box["y"] + title_box["height"] <= button["y"] + 1, size


async def test_a_short_name_is_whole_in_the_strip(agent: PeerAgent, url: str, page: Page) -> None:
    """However long the reasons are."""
    await agent.call("c", operator=Party(number="206", name="渡辺"), **CAN_EVERYTHING)
    titles = ("お断り後も通話が続いている", "「上司に代われ」の繰り返し", "SNS・ネットへの投稿の示唆")
    for number, title in enumerate(titles):
        await agent.alert("c", rule=f"rule-{number}", title=(title, title))
    await page.goto(url)
    await expect(page.locator("#strip .reasons")).to_contain_text("SNS")
    for size in SIZES:
        await resize(page, size)
        assert await page.locator("#strip .whom").evaluate("each => each.scrollWidth <= each.clientWidth"), (
            size
        )


async def test_a_card_alone_takes_the_empty_places_of_its_row(agent: PeerAgent, url: str, page: Page) -> None:
    """For the picture of its voices alone: what can be pressed stays where it was when another comes."""
    await agent.call("c1", operator=Party(number="201", name="佐藤 美咲"), **CAN_EVERYTHING)
    await agent.alert("c1", evidence=(SHOUT,))
    await page.goto(url)
    card, grid = page.locator(".card[data-call=c1]"), page.locator(".attention .grid")
    await expect(page.locator(".slot[data-alone=yes]")).to_have_count(1)
    for size in SIZES:
        await resize(page, size)
        await expect(card.locator(".primary")).to_be_in_viewport(ratio=1)
        assert (await box_of(card))["width"] == (await box_of(grid))["width"]
    await resize(page, SIZES[0])
    await expect(page.locator(".slot[data-alone=yes]")).to_have_count(1)
    wide = await box_of(card.locator(".voice-picture"))
    before = [await box_of(each) for each in await card.locator(".buttons > *:visible").all()]
    await agent.call("c2", operator=Party(number="202", name="木村 さくら"), **CAN_EVERYTHING)
    await agent.alert("c2", severity=Severity.WARNING)
    await expect(page.locator(".card[data-call=c2]")).to_be_visible()
    await expect(page.locator(".slot[data-alone=yes]")).to_have_count(0)
    assert [await box_of(each) for each in await card.locator(".buttons > *:visible").all()] == before
    assert (await box_of(card.locator(".voice-picture")))["width"] < wide["width"]


@pytest.mark.parametrize(
    ("language", "next_step"),
    [
        ("ja", re.compile(r"^\d\d:\d\d:\d\dから情報なし。オペレーターに直接確認を。$")),
        ("en", re.compile(r"^No news since \d\d:\d\d:\d\d. Ask the operator.$")),
    ],
)
async def test_a_call_without_news_says_what_to_do_and_keeps_its_newest_words(
    agent: PeerAgent, url: str, page: Page, language: str, next_step: re.Pattern[str]
) -> None:
    """The agent is away: on a full card what was said last stays, and an older quote gives way."""
    card = await full_card(agent, url, page, language)
    await expect(card.locator(".alert")).to_have_count(3)
    await agent.health(online=False)
    stale = card.locator(".stale")
    await expect(stale).to_have_text(next_step)
    for size in (*SIZES, (1280, 720)):
        await resize(page, size)
        await card.scroll_into_view_if_needed()
        assert await stale.evaluate("each => each.scrollWidth <= each.clientWidth"), size
        quotes, newest = card.locator(".quotes"), card.locator(".quotes > li:last-child")
        frame, line = await box_of(quotes), await box_of(newest)
        assert frame["y"] - 1 <= line["y"], size
        assert line["x"] < frame["x"] + frame["width"], size
        assert line["y"] + line["height"] <= frame["y"] + frame["height"] + 1, size
        assert apart(line, await box_of(card.locator(".why"))), size
        assert apart(line, await box_of(card.locator(".buttons"))), size
    await expect(page.locator("#panel .stale")).to_have_text(next_step)
    await expect(page.locator("#banners .remedy code")).to_have_text("systemctl status kikimori-agent")
    await assert_accessible(page)


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_a_customers_number_is_whole_in_rows_and_panel(
    agent: PeerAgent, url: str, page: Page, language: str
) -> None:
    """In the narrowest window of two columns; the queue gives way for it, then the customer's name."""
    queue = "料金・契約変更窓口"
    operator = Party(number="204", name="勅使河原 小百合")
    await agent.call("row", operator=operator, queue=queue, caller=Party(number="03-5555-0142"))
    caller = Party(number="080-5555-0153", name="株式会社北関東総合リフォームサービス")
    await agent.call("shown", queue=queue, recording="on", caller=caller)
    await agent.alert("shown")
    await choose_language(page, language)
    await page.goto(url)
    row, panel = page.locator(".row[data-call=row] .caller"), page.locator("#panel .caller")
    await expect(row).to_have_text("03-5555-0142")
    await expect(panel.locator(".number")).to_have_text("080-5555-0153")
    for size in (*SIZES, (1280, 720)):
        await resize(page, size)
        assert await row.evaluate("each => each.scrollWidth <= each.clientWidth"), size
        line, number = await box_of(panel), await box_of(panel.locator(".number"))
        assert number["x"] + number["width"] <= line["x"] + line["width"] + 1, size
    await expect(panel).to_have_attribute("title", re.compile(f"北関東.+080-5555-0153.+{queue}"))
