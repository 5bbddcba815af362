"""Supervisor's page with calls as long as real ones: alerts have slots, buttons stay in sight, nothing moves under a hand."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect
from tests.support.axe import assert_accessible
from tests.support.full_board import ALERTS, open_full_board
from tests.support.live_client import connected, live_client
from tests.support.office import CAN_EVERYTHING, words
from tests.support.window import box_of, choose_language, resize

from kikimori_core.wire.messages import Action, ButtonEvidence, Outcome, Party, Problem, Role, Severity

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from playwright.async_api import Locator, Page
    from tests.support.peer_agent import PeerAgent

TWO_BANNERS = (Problem.of("pbx_no_music", music="default"), Problem.of("mirror-drops"))
SMALL_WINDOWS = ((1366, 768), (390, 844), (960, 540))
"""A laptop, a telephone, and a full HD screen at 200 %."""


def card(page: Page, call_id: str) -> Locator:
    return page.locator(f".card[data-call={call_id}]")


async def show(page: Page, url: str, size: tuple[int, int], language: str) -> None:
    """Open the page with the full board on it, all alerts drawn."""
    await resize(page, size)
    await choose_language(page, language)
    async with live_client(url) as live:
        await live.until(lambda picture: connected(picture) and len(picture["alerts"]) == 3 * ALERTS)
    await page.goto(url)
    await expect(page.locator(".attention .card").first.locator(".alert")).to_have_count(3)


async def ask_for_help(agent: PeerAgent, call_id: str) -> None:
    pressed = ButtonEvidence(start_s=211, end_s=211, source="page", pressed_by="operator 201")
    await agent.alert(
        call_id,
        rule="escalate",
        severity=Severity.CRITICAL,
        title=("オペレーターが応援を求めています", "The operator asks for help"),
        suggestion=None,
        evidence=(pressed,),
    )


async def places(page: Page) -> dict[str, Any]:
    """Return the place of each card on the screen."""
    found: dict[str, Any] = json.loads(
        await page.evaluate(
            "JSON.stringify(Object.fromEntries([...document.querySelectorAll('.attention .card')].map("
            "(each) => [each.dataset.call, each.getBoundingClientRect()])))"
        )
    )
    return found


SLOTS = """async () => {
  const { Slots } = await import("/static/js/store/slots.js");
  const call = (callId, more = {}) => ({ callId, order: callId, wants: true, keeps: true, help: false, ...more });
  const story = [];
  const slots = new Slots(3);
  const step = (calls, hands = []) => {
    slots.update(calls, (callId) => hands.includes(callId));
    story.push([[...slots.places], [...slots.waiting]]);
  };
  step([call("c"), call("a"), call("b")]);
  step([call("c", { order: "0" }), call("a"), call("b"), call("d", { order: "00" })]);
  step([call("c"), call("a", { wants: false, keeps: false }), call("b"), call("d"), call("e")], ["a"]);
  step([call("c"), call("a", { wants: false, keeps: false }), call("b"), call("d"), call("e")]);
  step([call("c"), call("d"), call("b"), call("h", { help: true })], ["d"]);
  step([call("c"), call("d"), call("b"), call("h", { help: true }), call("i", { help: true })], ["d", "b"]);
  step([call("c"), call("d"), call("h", { help: true }), call("i", { help: true })], ["d", "b"]);
  slots.resize(2);
  step([call("c"), call("d"), call("h", { help: true }), call("i", { help: true })]);
  return story;
}"""


async def test_a_call_keeps_its_slot_and_only_a_request_for_help_takes_one(url: str, page: Page) -> None:
    await page.goto(f"{url}/login")
    assert await page.evaluate(SLOTS) == [
        [["a", "b", "c"], []],
        # Another is more urgent now, and one comes that is still more so: it waits.
        [["a", "b", "c"], ["d"]],
        # One that is over keeps its slot while a hand is on it; then who needs a decision most takes it.
        [["a", "b", "c"], ["d", "e"]],
        [["d", "b", "c"], ["e"]],
        # Help takes the least urgent slot, never one that a hand is on.
        [["d", "b", "h"], ["c"]],
        # Nor one with a request for help: the second waits, before the others.
        [["d", "b", "h"], ["i", "c"]],
        [["d", "b", "h"], ["i", "c"]],
        # The window became smaller.
        [["i", "h"], ["c", "d"]],
    ]


async def test_an_empty_row_above_a_call_is_closed(agent: PeerAgent, url: str, page: Page) -> None:
    """On a telephone it would be all of the screen; where a hand is on a card, or the page is scrolled, nothing moves."""
    for number in (1, 2, 3):
        await agent.call(f"c{number}", operator=Party(number=f"20{number}", name="佐藤 美咲"))
        await agent.alert(f"c{number}")
    await resize(page, (390, 844))
    await page.goto(url)
    cards = page.locator(".attention .card")
    await expect(cards).to_have_count(3)
    first, second, third = [str(await each.get_attribute("data-call")) for each in await cards.all()]
    await card(page, third).locator(".primary").focus()
    await page.evaluate("scrollTo(0, 40)")
    before = await places(page)
    await agent.end_call(first)
    await expect(cards).to_have_count(2)
    assert (await places(page))[second]["y"] == before[second]["y"]
    await page.evaluate("scrollTo(0, 0)")
    at_top = page.locator(".attention .slot").first
    await expect(at_top.locator(".card")).to_have_attribute("data-call", second)
    await expect(page.locator(".attention .slot").nth(1).locator(".card")).to_have_attribute(
        "data-call", third
    )


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_the_buttons_are_in_sight(agent: PeerAgent, url: str, page: Page, language: str) -> None:
    """Six of six on a large screen, the worst call's on small ones, below two banners; and no alert without its title."""
    await open_full_board(agent)
    await agent.health(problems=TWO_BANNERS)
    await show(page, url, (1920, 1080), language)
    await expect(page.locator("#banners .banner")).to_have_count(2)
    for number in range(1, ALERTS + 1):
        button = card(page, f"c-{number}").locator(".primary")
        await expect(button).to_be_enabled()
        await expect(button).to_be_in_viewport(ratio=1)
    heights = {round(each["height"]) for each in (await places(page)).values()}
    assert len(heights) == 1
    assert await page.evaluate("scrollY") == 0
    assert await page.evaluate(HIDDEN) == []
    for size in SMALL_WINDOWS:
        await resize(page, size)
        worst = page.locator(".attention .card").first
        await expect(worst).to_have_attribute("data-call", "c-1")
        await expect(worst.locator(".primary")).to_be_in_viewport(ratio=1)
        await expect(page.locator("#strip .primary")).to_be_in_viewport(ratio=1)
        assert await page.evaluate("document.documentElement.scrollWidth") <= size[0]
        assert await page.evaluate(HIDDEN) == []


HIDDEN = """() => [...document.querySelectorAll(".attention .card")].flatMap((card) => {
  const { right, bottom } = card.getBoundingClientRect();
  return [...card.querySelectorAll(".why strong, .quotes .quote, .buttons .primary > span")].filter((each) => {
    const box = each.getBoundingClientRect();
    const cut = each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 0;
    const below = [...card.children].some((other) => !other.contains(each) && other.getBoundingClientRect().height > 0 &&
      other.compareDocumentPosition(each) & 2 && other.getBoundingClientRect().top < box.bottom - 2 && other.getBoundingClientRect().left < box.right);
    return cut || below || box.right > right || box.bottom > bottom || box.height === 0;
  }).map((each) => `${card.dataset.call}: ${each.textContent}`);
})"""
"""Titles, quotes and words on buttons that are cut, covered or outside of their card."""


async def test_a_card_shows_every_alert_and_the_newest_quotes(agent: PeerAgent, url: str, page: Page) -> None:
    """Five alerts on one card of fixed height, in the lowest window too; the quotes by their second."""
    await agent.call("c", operator=Party(number="204", name="佐藤 美咲"))
    titles = (
        "大声・怒声",
        "暴言と思われる言葉",
        "SNS・ネットへの投稿の示唆",
        "お断り後も通話が続いている",
        "「上司に代われ」の繰り返し",
    )
    for number, title in enumerate(titles):
        said = f"{number}回目のひどい言葉"
        await agent.alert(
            "c",
            rule=f"rule-{number}",
            title=(title, title),
            evidence=(words(said, said, "insult", 60.0 * number),),
        )
    await resize(page, (1366, 768))
    await page.goto(url)
    await expect(card(page, "c").locator(".why strong")).to_have_count(len(titles))
    assert await page.evaluate(HIDDEN) == []
    quotes = card(page, "c").locator(".quotes li")
    await expect(quotes).to_have_text(["03:00「3回目のひどい言葉」", "04:00「4回目のひどい言葉」"])
    await expect(card(page, "c").locator(".about")).to_contain_text("未対応")
    await expect(card(page, "c").locator(".since")).to_contain_text("経過")
    await card(page, "c").locator(".claim").get_by_role("button", name="私が対応").click()
    await expect(card(page, "c").locator(".handling")).to_have_text("あなたが対応中")


async def test_a_seventh_alert_waits_and_a_request_for_help_takes_a_slot(
    agent: PeerAgent, url: str, page: Page
) -> None:
    await open_full_board(agent, lines=1)
    await show(page, url, (1920, 1080), "ja")
    before = await places(page)
    await agent.alert("c-9", raised_s=1.0)
    waiting = page.locator("#waiting")
    await expect(waiting.locator("summary")).to_have_text("ほか1件◆至急 要確認 1件")
    assert await places(page) == before
    await waiting.locator("[data-call=c-9] .primary").click()
    command = await agent.command()
    assert (command.call_id, command.action) == ("c-9", Action.HOLD_TRANSFER)
    await agent.answer(command, Outcome.FAILED, "no_answer")

    # The least urgent of them is under the pointer: the next one goes.
    await card(page, "c-6").locator(".primary").hover()
    await ask_for_help(agent, "c-8")
    await expect(card(page, "c-8").locator(".alert").first).to_contain_text("応援を求めています")
    after = await places(page)
    assert after.pop("c-8") == before.pop("c-5")
    assert after == before
    await expect(waiting.locator("summary")).to_have_text("ほか2件◆至急 要確認 2件")
    await expect(page.locator("#inbox .help .inbox-item")).to_have_attribute("data-inbox-call", "c-8")

    # Raised last, and with three alerts before it: it stands first, where its reason is shown too.
    await ask_for_help(agent, "c-1")
    await expect(card(page, "c-1").locator(".alert").first).to_contain_text("応援を求めています")


async def test_critical_calls_without_a_slot_are_in_sight(agent: PeerAgent, url: str, page: Page) -> None:
    """In a low window with one row of cards; a list that somebody closed stays closed until nobody waits."""
    for number, severity in enumerate(("critical", "critical", "warning", "critical"), start=1):
        await agent.call(f"c{number}", operator=Party(number=f"20{number}", name="佐藤 美咲"))
        await agent.alert(f"c{number}", severity=Severity(severity), raised_s=float(number))
    await resize(page, (1280, 720))
    await page.goto(url)
    waiting = page.locator("#waiting")
    summary, listed = waiting.locator("summary"), waiting.locator(".waits .primary")
    await expect(page.locator(".attention .card")).to_have_count(2)
    await expect(listed).to_have_count(2)
    await expect(summary).to_contain_text("至急 要確認 1件")
    for button in await listed.all():
        await expect(button).to_be_in_viewport(ratio=1)
    await summary.focus()
    await page.keyboard.press("Enter")
    await expect(listed.first).to_be_hidden()
    await agent.call("c5")
    await agent.alert("c5", raised_s=5.0)
    await expect(summary).to_contain_text("ほか3件◆至急 要確認 2件")
    await expect(listed.first).to_be_hidden()
    await assert_accessible(page)
    for number in range(1, 6):
        await agent.end_call(f"c{number}")
    await expect(waiting).to_be_hidden()
    for number in range(6, 9):
        await agent.call(f"c{number}")
        await agent.alert(f"c{number}", raised_s=float(number))
    await expect(listed).to_have_count(1)
    await page.mouse.move(0, 0)
    await expect(listed).to_be_visible()


async def hover(page: Page) -> None:
    await card(page, "c-2").locator(".primary").hover()


async def press(page: Page) -> None:
    await card(page, "c-2").locator(".who").hover()
    await page.mouse.down()


async def focus(page: Page) -> None:
    await page.keyboard.press("j")
    await expect(card(page, "c-1")).to_be_focused()


@pytest.mark.parametrize("hand", [hover, press, focus])
async def test_nothing_moves_under_a_hand(
    agent: PeerAgent, url: str, page: Page, hand: Callable[[Page], Awaitable[None]]
) -> None:
    """Neither for what became worse, nor for who comes or goes, nor for a banner; a call that is over stays meanwhile."""
    await page.clock.install()
    await open_full_board(agent, lines=1)
    await show(page, url, (1920, 1080), "ja")
    await hand(page)
    before = await places(page)
    touched = "c-1" if hand is focus else "c-2"
    await agent.end_call(touched)
    await agent.alert("c-9", raised_s=1.0)
    await agent.call("comes-now", operator=Party(number="250", name="小川 翔"))
    await agent.health(problems=(Problem(code="pbx_away", detail="127.0.0.1:5038: refused"),))
    await expect(page.locator("#waiting summary")).to_have_text("ほか1件◆至急 要確認 1件")
    await expect(card(page, touched).locator(".status")).to_have_text("終了")
    await page.clock.fast_forward(4_000)
    assert await places(page) == before

    # When the hand is gone, who waits takes the slot, and nobody else moves.
    await page.mouse.up()
    await page.mouse.move(0, 0)
    await page.clock.fast_forward(40_000)
    await expect(card(page, touched)).to_have_count(0)
    await expect(page.locator(".attention [data-call=c-9]")).to_be_visible()
    cards = await page.locator(".attention .card").all()
    assert sorted([str(await each.get_attribute("data-call")) for each in cards]) == sorted(
        {f"c-{number}" for number in range(1, ALERTS + 1)} - {touched} | {"c-9"}
    )


async def test_a_press_is_not_refused_because_of_other_calls(agent: PeerAgent, url: str, page: Page) -> None:
    """The office is busy; each press comes as soon as the page has drawn something new of the others."""
    await open_full_board(agent, lines=2)
    await page.goto(url)
    pressed = card(page, "c-5")
    button = pressed.locator(".primary")
    busy = pressed.locator(".primary[aria-busy]")
    result = pressed.locator(".result")
    for number in range(12):
        await button.hover()
        said = f"まだ待っているんですが、いつになったら分かるんですか {number}"
        await agent.say("c-1", Role.CUSTOMER, said, 300 + number)
        await agent.alert(f"c-{7 + number % 4}", rule=f"shouting-{number}", raised_s=300 + number)
        await expect(page.locator("#waiting summary")).to_contain_text(f"ほか{min(number + 1, 4)}件")
        box = await box_of(button)
        await page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        await expect(busy).to_be_visible()
        command = await agent.command()
        assert (command.call_id, command.action) == ("c-5", Action.HOLD_TRANSFER)
        await agent.answer(command, Outcome.FAILED, "no_answer")
        await expect(result).to_contain_text("誰も出ませんでした")


async def test_only_the_cards_of_changed_calls_are_drawn_again(
    agent: PeerAgent, url: str, page: Page
) -> None:
    for call_id in ("changes", "stays"):
        await agent.call(call_id)
        await agent.alert(call_id)
    await page.goto(url)
    await expect(page.locator(".attention .card")).to_have_count(2)
    # Who is signed in is known late, and draws the buttons of all cards.
    await expect(page.locator(".attention .claim button")).to_have_count(2)
    await expect(page.locator("#inbox .reviewed")).to_have_count(2)
    await page.evaluate(
        """() => {
          window.touched = [];
          new MutationObserver((found) => {
            for (const each of found) {
              const element = each.target.nodeType === 1 ? each.target : each.target.parentElement;
              if (element && !element.closest(".timer, .since")) window.touched.push(element.closest(".card")?.dataset.call);
            }
          }).observe(document.querySelector("#cards"), { subtree: true, childList: true, characterData: true, attributes: true });
        }"""
    )
    for number in range(1, 4):
        await agent.alert("changes", rule=f"shouting-{number}")
        await expect(card(page, "changes").locator(".why strong")).to_have_count(number + 1)
    touched = set(await page.evaluate("window.touched"))
    assert "changes" in touched
    assert "stays" not in touched


@pytest.mark.parametrize("size", [(1920, 1080), (1366, 768), (390, 844)])
async def test_the_proposal_to_end_a_call_is_whole(
    agent: PeerAgent, url: str, page: Page, size: tuple[int, int]
) -> None:
    """Reasons and button are in sight at once, and the card's row of buttons keeps its place in its card."""
    await open_full_board(agent, lines=1)
    await show(page, url, size, "ja")
    await card(page, "c-1").locator(".opener").click()
    await card(page, "c-1").locator("[data-action=hang_up]").click()
    form = page.locator("#panel .ending")
    await form.locator("[data-act=reason-abuse]").click()
    for act in ("stop", "reason-abuse", "reason-other", "propose", "leave"):
        await expect(form.locator(f"[data-act={act}]")).to_be_in_viewport(ratio=1)
    for part in (page.locator("#panel .transcript"), page.locator("#panel .buttons .primary")):
        box, above = await box_of(part), await box_of(form)
        assert box["y"] + box["height"] <= above["y"] or box["y"] >= above["y"] + above["height"]


async def test_a_call_whose_card_goes_when_the_hand_is_gone_becomes_a_row(
    agent: PeerAgent, url: str, page: Page
) -> None:
    """Nothing more is heard of the call in the meantime."""
    await page.clock.install()
    await agent.call("c")
    alert = await agent.alert("c")
    await page.goto(url)
    await card(page, "c").locator(".who").hover()
    await agent.close_alert(alert)
    await expect(card(page, "c").locator(".alert")).to_have_count(0)
    await expect(page.locator("#rows .row")).to_have_count(0)
    await page.mouse.move(0, 0)
    await page.clock.fast_forward(4_000)
    await expect(card(page, "c")).to_have_count(0)
    await expect(page.locator("#rows [data-call=c]")).to_be_visible()


LONG_TITLES = (
    ("大声・怒声", "Raised voice"),
    ("脅迫と思われる言葉", "Words that may be a threat"),
    ("暴言と思われる言葉", "Words that may be abuse"),
    ("「上司に代われ」の繰り返し", "Demands a superior again and again"),
    ("お断り後も通話が続いている", "Goes on after the refusal"),
)
OWN_RULE = "An alert of the office's own rule with a very long title (as: the same demand five times or more)"


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_five_titles_have_a_line_each(agent: PeerAgent, url: str, page: Page, language: str) -> None:
    """In the lowest window all five stand in the panel, above every one of its buttons; a call that waits has one line."""
    for number in range(1, 4):
        operator = Party(number=f"20{number}", name="佐藤 美咲")
        await agent.call(f"c{number}", operator=operator, **CAN_EVERYTHING)
        for at, title in enumerate(LONG_TITLES):
            await agent.alert(f"c{number}", rule=f"rule-{at}", title=title, raised_s=100.0 + number)
    await resize(page, (1280, 720))
    await choose_language(page, language)
    await page.goto(url)
    titles = page.locator("#panel .alert strong")
    await expect(titles).to_have_count(len(LONG_TITLES))
    why = await box_of(page.locator("#panel .why"))
    for each in await titles.all():
        box = await box_of(each)
        assert box["y"] + box["height"] <= why["y"] + why["height"] + 1, await each.inner_text()
        assert box["height"] < 26, await each.inner_text()
    for button in await page.locator("#panel .panel-actions button:visible").all():
        await expect(button).to_be_in_viewport(ratio=1)
    waits = page.locator("#waiting .waits")
    await expect(waits).to_have_count(1)
    await expect(waits).to_have_attribute("title", re.compile(re.escape(LONG_TITLES[-1][language == "en"])))
    assert (await box_of(waits))["height"] < 52
    await waits.locator(".who").click()
    await expect(waits).to_have_attribute("data-selected", "yes")
    assert await waits.evaluate("each => getComputedStyle(each).boxShadow") != "none"
    await assert_accessible(page)


async def test_a_title_longer_than_its_card_is_cut_in_it(agent: PeerAgent, url: str, page: Page) -> None:
    """Also on a card that is alone in its row, beside the picture of the voices."""
    await agent.call("c", operator=Party(number="204", name="佐藤 美咲"), **CAN_EVERYTHING)
    await agent.alert("c")
    await agent.alert("c", rule="own", title=(OWN_RULE, OWN_RULE))
    await page.goto(url)
    own = card(page, "c").locator(".why strong", has_text="own rule")
    await expect(own).to_have_attribute("title", OWN_RULE)
    for size in ((1920, 1080), (1280, 720), (390, 844)):
        await resize(page, size)
        title, about = await box_of(own), await box_of(card(page, "c").locator(".about"))
        assert title["x"] + title["width"] <= about["x"] + about["width"] + 1, size


async def test_the_menu_of_a_card_is_whole_in_the_lowest_window(
    agent: PeerAgent, url: str, page: Page
) -> None:
    await agent.call("c", operator=Party(number="204", name="佐藤 美咲"), **CAN_EVERYTHING)
    await agent.call("d", operator=Party(number="205", name="佐藤 美咲"), **CAN_EVERYTHING)
    for call_id in ("c", "d"):
        await agent.alert(call_id)
    await choose_language(page, "en")
    await resize(page, (1280, 720))
    await page.goto(url)
    await card(page, "c").locator(".opener").click()
    menu = card(page, "c").locator(".menu")
    await expect(menu).to_be_visible()
    assert await menu.evaluate("each => each.scrollHeight <= each.clientHeight")
