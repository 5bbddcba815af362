"""Supervisor's page with calls as long as real ones: buttons stay in sight, nothing moves under a hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect
from tests.support.full_board import ALERTS, LINES, open_full_board
from tests.support.office import CAN_EVERYTHING

from kikimori_core.wire.messages import Action, CallStatus, Outcome, Party, Problem, Role

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from playwright.async_api import Locator, Page
    from tests.support.peer_agent import PeerAgent

SIX_LINES_PX = 6 * 1.4 * 0.9 * 16 + 8
LAST_WORDS = "もういい"
TOP = "(element) => element.getBoundingClientRect().top"


def card(page: Page, call_id: str) -> Locator:
    return page.locator(f"[data-call={call_id}]")


async def show(page: Page, url: str, size: tuple[int, int], language: str) -> None:
    """Open the page with the full board on it, all lines drawn."""
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    await page.add_init_script(f"localStorage.setItem('kikimori.language', '{language}')")
    await page.goto(url)
    for number in range(1, ALERTS + 1):
        await expect(card(page, f"c-{number}").locator(".line")).to_have_count(LINES)
        await expect(card(page, f"c-{number}").locator(".alert")).to_have_count(3)


CUT_LINES = """(box) => {
  const { left, right, top, bottom } = box.getBoundingClientRect();
  const lines = [...box.querySelectorAll(".evidence span, strong")].flatMap((each) => {
    const range = document.createRange();
    range.selectNodeContents(each);
    return [...range.getClientRects()];
  });
  return lines.filter((line) => line.left >= left && line.left < right && line.top < bottom - 1 &&
    (line.bottom > bottom + 1 || line.top < top - 1)).length;
}"""
"""Lines of evidence that are neither whole in sight nor out of sight."""
ELLIPSIS = "(box) => getComputedStyle(box, '::after').content"


async def places(page: Page) -> dict[str, Any]:
    """Return the place of each card on the screen."""
    found: dict[str, Any] = json.loads(
        await page.evaluate(
            "JSON.stringify(Object.fromEntries([...document.querySelectorAll('.board .card')].map("
            "(each) => [each.dataset.call, each.getBoundingClientRect()])))"
        )
    )
    return found


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_six_buttons_are_in_sight_on_a_large_screen(
    agent: PeerAgent, url: str, page: Page, language: str
) -> None:
    await open_full_board(agent)
    await show(page, url, (1920, 1080), language)
    for number in range(1, ALERTS + 1):
        button = card(page, f"c-{number}").locator(".primary")
        await expect(button).to_be_enabled()
        await expect(button).to_be_in_viewport(ratio=1)
    assert await page.evaluate("scrollY") == 0
    assert await page.evaluate("document.documentElement.scrollWidth") <= 1920


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("size", [(1366, 768), (390, 844)])
async def test_the_worst_calls_button_is_in_sight_on_a_small_screen(
    agent: PeerAgent, url: str, page: Page, size: tuple[int, int], language: str
) -> None:
    await open_full_board(agent)
    await show(page, url, size, language)
    worst = page.locator(".attention .card").first
    assert await worst.get_attribute("data-call") == "c-1"
    await expect(worst.locator(".primary")).to_be_in_viewport(ratio=1)
    assert await page.evaluate("document.documentElement.scrollWidth") <= size[0]


async def test_a_transcript_is_six_lines_high_at_most_and_shows_the_newest(
    agent: PeerAgent, url: str, page: Page
) -> None:
    await open_full_board(agent)
    await show(page, url, (1920, 1080), "ja")
    boxes = page.locator(".card .lines")
    for box in await boxes.all():
        assert await box.evaluate("(box) => box.clientHeight") <= SIX_LINES_PX
    await expect(card(page, "c-1").locator(".line").last).to_contain_text(LAST_WORDS)
    await expect(card(page, "c-1").locator(".line").last).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_evidence_ends_at_a_whole_line_and_says_that_there_is_more(
    agent: PeerAgent, url: str, page: Page, language: str
) -> None:
    await open_full_board(agent)
    await show(page, url, (1920, 1080), language)
    box = card(page, "c-1").locator(".why")
    for width, height in ((1920, 1080), (1366, 768), (390, 844)):
        await page.set_viewport_size({"width": width, "height": height})
        await expect(box).to_have_attribute("data-more", "yes")
        assert await box.evaluate(ELLIPSIS) == '"…"'
        for number in range(1, ALERTS + 1):
            assert await card(page, f"c-{number}").locator(".why").evaluate(CUT_LINES) == 0
        await expect(box.locator(".evidence li").first).to_be_in_viewport()

    await page.set_viewport_size({"width": 1366, "height": 768})
    last = box.locator(".evidence li").last
    await expect(last).not_to_be_in_viewport()
    await box.hover()
    await page.mouse.wheel(0, 2_000)
    await expect(last).to_be_in_viewport()
    await expect(box).to_have_attribute("data-more", "no")
    assert await box.evaluate(ELLIPSIS) == "none"


async def test_evidence_that_fits_has_no_ellipsis(agent: PeerAgent, url: str, page: Page) -> None:
    """It takes its room from the transcript, to the last pixel."""
    await agent.call("short", operator=Party(number="204", name="佐藤 美咲"), **CAN_EVERYTHING)
    await agent.alert("short")
    await page.set_viewport_size({"width": 1366, "height": 768})
    await page.add_init_script("localStorage.setItem('kikimori.language', 'en')")
    await page.goto(url)
    box = card(page, "short").locator(".why")
    await expect(box.locator(".fact")).to_contain_text("straining the voice")
    await expect(box).to_have_attribute("data-more", "no")
    assert await box.evaluate(ELLIPSIS) == "none"


async def test_who_scrolled_up_in_a_transcript_stays_there_while_new_lines_come(
    agent: PeerAgent, url: str, page: Page
) -> None:
    await open_full_board(agent)
    await show(page, url, (1920, 1080), "ja")
    box = card(page, "c-1").locator(".lines")
    middle = card(page, "c-1").locator(".line", has_text="01:40")
    await box.hover()
    await middle.evaluate("(line) => line.scrollIntoView({ block: 'center' })")
    before = await middle.evaluate(TOP)
    for number in range(4):
        await agent.say("c-1", Role.OPERATOR, f"かしこまりました {number}", 300 + number)
    await expect(card(page, "c-1").locator(".line").last).to_contain_text("かしこまりました 3")
    await expect(middle).to_be_in_viewport()
    assert await middle.evaluate(TOP) == pytest.approx(before, abs=2)


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
    """Neither for what became worse, nor for who comes or goes, nor for a banner."""
    await page.clock.install()
    await open_full_board(agent)
    await show(page, url, (1920, 1080), "ja")
    await expect(card(page, "c-2")).to_have_attribute("data-settled", "yes")
    await hand(page)
    before = await places(page)
    await agent.end_call("c-3")
    await agent.alert("c-9", raised_s=1.0)
    await agent.call("comes-now", operator=Party(number="250", name="小川 翔"))
    await agent.say("c-1", Role.CUSTOMER, "まだですか " * 60, 400)
    await agent.health(problems=(Problem(code="pbx_away", detail="127.0.0.1:5038: refused"),))
    await expect(card(page, "c-9")).to_have_attribute("data-severity", "critical")
    await expect(card(page, "c-3").locator(".status")).to_have_text("終了")
    await expect(card(page, "comes-now")).to_have_count(1)
    await page.clock.fast_forward(4_000)
    after = await places(page)
    assert {each: after[each] for each in before} == before

    # When the hand is gone everything gets its place.
    await page.mouse.up()
    await page.mouse.move(0, 0)
    await page.clock.fast_forward(40_000)
    await expect(page.locator(".attention .card").first).to_have_attribute("data-call", "c-9")
    await expect(card(page, "c-3")).to_have_count(0)


async def test_a_press_is_not_refused_because_of_other_calls(agent: PeerAgent, url: str, page: Page) -> None:
    """The office is busy; each press comes as soon as the page has drawn something new of the others."""
    await open_full_board(agent, lines=2)
    await page.goto(url)
    pressed = card(page, "c-5")
    await expect(pressed).to_have_attribute("data-settled", "yes")
    button = pressed.locator(".primary")
    busy = pressed.locator(".primary[aria-busy]")
    result = pressed.locator(".result")
    refused = 0
    for number in range(12):
        await button.hover()
        said = f"まだ待っているんですが、いつになったら分かるんですか {number}"
        await agent.say("c-1", Role.CUSTOMER, said, 300 + number)
        await agent.alert(f"c-{7 + number % 4}", rule=f"shouting-{number}", raised_s=300 + number)
        await expect(card(page, "c-1").locator(".lines")).to_contain_text(said)
        box = await button.bounding_box()
        assert box is not None
        await page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        await expect(result.filter(has_text="画面が動いた").or_(busy).first).to_be_visible()
        if await busy.count():
            command = await agent.command()
            assert (command.call_id, command.action) == ("c-5", Action.HOLD_TRANSFER)
            await agent.answer(command, Outcome.FAILED, "no_answer")
            await expect(result).to_contain_text("誰も出ませんでした")
        else:
            refused += 1
            await expect(pressed).to_have_attribute("data-settled", "yes")
    assert refused == 0


async def test_only_the_cards_of_changed_calls_are_drawn_again(
    agent: PeerAgent, url: str, page: Page
) -> None:
    await agent.call("changes")
    await agent.call("stays")
    await page.goto(url)
    await expect(card(page, "stays")).to_have_attribute("data-settled", "yes")
    await page.evaluate(
        """() => {
          window.touched = [];
          new MutationObserver((found) => {
            for (const each of found) {
              const element = each.target.nodeType === 1 ? each.target : each.target.parentElement;
              if (element && !element.closest(".timer")) window.touched.push(element.closest(".card")?.dataset.call);
            }
          }).observe(document.querySelector("main"), { subtree: true, childList: true, characterData: true, attributes: true });
        }"""
    )
    for number in range(5):
        await agent.say("changes", Role.CUSTOMER, f"まだですか {number}", 10 + number)
        await expect(card(page, "changes").locator(".lines")).to_contain_text(f"まだですか {number}")
    touched = set(await page.evaluate("window.touched"))
    assert "changes" in touched
    assert "stays" not in touched


async def test_the_button_of_a_small_card_stays_in_it_whatever_it_says(
    agent: PeerAgent, url: str, page: Page
) -> None:
    """A call with a superior, what came of the press, why it alarmed, and its agent away: all on one small card."""
    await agent.call(
        "c", operator=Party(number="204", name="佐藤 美咲"), status=CallStatus.TRANSFERRED, **CAN_EVERYTHING
    )
    await agent.alert("c")
    await page.goto(url)
    await page.get_by_role("button", name="English").click()
    box = page.locator(".calls [data-call=c]")
    await expect(box).to_have_attribute("data-settled", "yes")
    button = box.locator("[data-action=take_back]")
    await button.click()
    await button.click()
    await agent.answer(await agent.command(), Outcome.FAILED, "no_answer")
    await expect(box.locator(".result")).to_be_visible()
    await expect(button).to_be_in_viewport(ratio=1)
    await agent.health(online=False)
    await expect(box.locator(".stale")).to_be_visible()
    await expect(button).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("size", [(1920, 1080), (1366, 768), (390, 844)])
async def test_the_second_press_of_ending_a_call_is_whole_on_its_card(
    agent: PeerAgent, url: str, page: Page, size: tuple[int, int]
) -> None:
    """The reason and the warning above the buttons once pushed the red one half off the card."""
    await open_full_board(agent)
    await show(page, url, size, "ja")
    button = card(page, "c-1").locator("[data-action=hang_up]")
    while await button.get_attribute("data-asked") != "yes":
        await button.click()  # refused for a moment after what is under the pointer has moved
    inside = "(each) => each.getBoundingClientRect().bottom <= each.closest('.card').getBoundingClientRect().bottom"
    assert await button.evaluate(inside)
    await expect(card(page, "c-1").locator("select")).to_be_in_viewport(ratio=1)
    await expect(card(page, "c-1").locator(".primary")).to_be_in_viewport(ratio=1)
