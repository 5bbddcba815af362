"""Actions of a supervisor besides the big button, in a real browser, with a PBX that can do everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect
from tests.support.office import CAN_EVERYTHING
from tests.support.unhurried import look_first, take_time

from kikimori.integrations.manual.control import ManualControl
from kikimori_core.wire.messages import Action, Announcement, CallStatus, Outcome, Party

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page
    from tests.support.peer_agent import PeerAgent

SATO = Party(number="204", name="佐藤 美咲")


async def shown(agent: PeerAgent, url: str, page: Page, **fields: Any) -> Locator:
    """The card of a call with an alert, its buttons at rest."""
    await agent.call("c", operator=SATO, **{**CAN_EVERYTHING, **fields})
    await agent.alert("c")
    await page.goto(url)
    card = page.locator(".card[data-call=c]")
    await expect(card.locator(".primary")).to_be_enabled()
    return card


def actions(card: Locator) -> Locator:
    return card.locator("button[data-action]")


async def offered(card: Locator, part: str) -> list[str | None]:
    """Return the actions in `part`: the row of buttons, or the menu."""
    return [await each.get_attribute("data-action") for each in await actions(card.locator(part)).all()]


async def open_menu(card: Locator) -> None:
    await card.locator(".opener").click()
    await expect(card.locator(".menu")).to_be_visible()


async def test_one_action_is_obvious_and_the_further_ones_are_quiet(
    agent: PeerAgent, url: str, page: Page
) -> None:
    card = await shown(agent, url, page)
    await expect(card.locator(".primary")).to_have_count(1)
    assert await offered(card, ".buttons") == ["hold_transfer", "hold", "listen"]
    await expect(card.locator(".menu")).to_be_hidden()
    big = await card.locator(".primary").bounding_box()
    assert big is not None
    for each in await card.locator(".buttons .secondary, .opener").all():
        box = await each.bounding_box()
        assert box is not None
        assert box["width"] * box["height"] < big["width"] * big["height"]
    await open_menu(card)
    assert await offered(card, ".aside") == [
        "whisper",
        "barge",
        "announce",
        "accommodate",
        "stop_recording",
        "hang_up",
    ]
    await page.keyboard.press("Escape")
    await expect(card.locator(".menu")).to_be_hidden()
    await expect(card.locator(".opener")).to_be_focused()


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        ((Action.HOLD,), (["hold"], [])),
        ((Action.TRANSFER, Action.LISTEN), (["transfer", "listen"], [])),
        ((Action.HOLD_TRANSFER, Action.ANNOUNCE), (["hold_transfer"], ["announce"])),
    ],
)
async def test_only_what_the_pbx_can_do_is_offered(
    agent: PeerAgent,
    url: str,
    page: Page,
    capabilities: tuple[Action, ...],
    expected: tuple[list[str], list[str]],
) -> None:
    card = await shown(agent, url, page, capabilities=capabilities, keep_operator=None)
    assert (await offered(card, ".buttons"), await offered(card, ".aside")) == expected
    await expect(card.locator(".keep")).to_have_count(0)


CUT = """() => [...document.querySelectorAll(".keys-to-press")].filter((each) => each.checkVisibility())
  .filter((each) => {
    const { left, right } = each.getBoundingClientRect();
    return left < 0 || right > innerWidth || each.scrollHeight > each.clientHeight + 1;
  }).map((each) => each.closest("[data-call]")?.className ?? each.className)"""
"""Keys to press that do not stand there whole."""


async def test_a_person_reads_the_keys_where_the_buttons_are(agent: PeerAgent, url: str, page: Page) -> None:
    """Behind a PBX without an interface, before any press; with the number of the superior who would be asked."""
    by_hand = ManualControl()
    card = await shown(
        agent, url, page, capabilities=by_hand.capabilities, keys=by_hand.keys, keep_operator=None
    )
    keys = card.locator(".keys-to-press")
    await expect(keys).to_contain_text("電話機で: お客様に断らず保留ボタンを押してください。")
    await expect(keys).to_contain_text("内線 200 を押し")
    # On a row there is less room than the keys need, on a phone less than on a line: all of them are read all the same.
    await agent.call(
        "calm",
        operator=Party(number="207", name="松本 彩"),
        capabilities=by_hand.capabilities,
        keys=by_hand.keys,
    )
    for size in ((1920, 1080), (1366, 768), (390, 844)):
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        if size[0] > 760:
            await page.locator("#rows [data-call=calm]").focus()
            await expect(page.locator("#rows [data-call=calm] .keys-to-press")).to_be_in_viewport(ratio=1)
        assert await page.evaluate(CUT) == []
    await card.locator(".primary").click()
    await agent.answer(await agent.command(), Outcome.INSTRUCTED, detail="保留ボタンを押してください")
    await expect(card.locator(".result")).to_contain_text("電話機での操作が必要です")
    await expect(card.locator(".primary")).to_be_in_viewport(ratio=1)


async def test_the_own_telephone_is_asked_once_and_kept(agent: PeerAgent, url: str, page: Page) -> None:
    card = await shown(agent, url, page)
    await card.locator("[data-action=listen]").click()
    await expect(page.get_by_role("dialog")).to_contain_text("お手元の電話")
    await page.keyboard.type("210")
    await page.keyboard.press("Enter")
    command = await agent.command()
    assert (command.action, command.target) == (Action.LISTEN, "210")
    await agent.answer(command)
    await expect(card.locator(".result")).to_have_text("お手元の電話でモニタリングできます")
    await page.reload()
    await open_menu(card)
    await card.locator("[data-action=barge]").click()
    command = await agent.command()
    assert (command.action, command.target) == (Action.BARGE, "210")
    await agent.answer(command, Outcome.FAILED, "busy")
    await expect(card.locator(".result")).to_contain_text("話し中")
    # And it can be changed.
    await page.get_by_role("button", name="お手元の電話 210").click()
    await page.keyboard.type("211")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="お手元の電話 211")).to_be_visible()


async def test_thinking_better_of_the_telephone_sends_nothing(agent: PeerAgent, url: str, page: Page) -> None:
    card = await shown(agent, url, page)
    await open_menu(card)
    await card.locator("[data-action=whisper]").click()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await card.locator("[data-action=whisper]").click()
    await page.keyboard.type("two hundred")
    await page.keyboard.press("Enter")  # no extension: the browser does not let it pass
    await page.get_by_role("button", name="やめる").click()
    await expect(card.locator("[data-action=whisper]")).to_be_enabled()
    assert agent.commands.empty()


async def test_hanging_up_begins_a_proposal_and_ends_nothing(agent: PeerAgent, url: str, page: Page) -> None:
    card = await shown(agent, url, page)
    button = card.locator("[data-action=hang_up]")
    await open_menu(card)
    await expect(button).to_have_text("終話を提案…")
    await button.click()
    form = page.locator("#panel .ending")
    await expect(form.locator("[data-act=reason-abuse]")).to_be_visible()
    await expect(form.locator("[data-act=propose]")).to_be_disabled()
    await page.keyboard.press("Escape")
    await expect(form).to_be_hidden()
    assert agent.commands.empty()


async def test_an_announcement_is_chosen_and_then_played(agent: PeerAgent, url: str, page: Page) -> None:
    card = await shown(agent, url, page)
    await open_menu(card)
    await card.locator("[data-action=announce]").click()
    assert agent.commands.empty()
    choice = card.locator(".choices").get_by_role("button", name="終話の予告")
    await choice.click()
    command = await agent.command()
    assert (command.action, command.announcement) == (Action.ANNOUNCE, "closing")
    await expect(card.locator(".aside [aria-busy]")).to_have_text("案内を流しています…")
    # The customer can be put on hold while it plays.
    await expect(card.locator(".primary")).to_be_enabled()
    await agent.answer(command)
    await expect(card.locator(".result")).to_have_text("案内を流しました")


async def test_taking_back_while_the_superior_is_rung(agent: PeerAgent, url: str, page: Page) -> None:
    card = await shown(agent, url, page)
    await card.locator(".primary").click()
    transfer = await agent.command()
    await agent.call("c", status=CallStatus.ON_HOLD)
    await expect(card.locator(".primary[aria-busy]")).to_have_text("保留中です。上席を呼び出しています…")
    # Somebody who looks in from another screen sees the same.
    other = await page.context.new_page()
    await other.goto(url)
    await expect(other.locator("#panel .primary[aria-busy]")).to_contain_text("呼び出しています")
    await look_first(page)
    await card.locator("[data-action=take_back]").click()
    command = await agent.command()
    assert command.action is Action.TAKE_BACK
    await agent.call("c", status=CallStatus.TALKING)
    await agent.answer(command)
    await agent.answer(transfer, Outcome.FAILED, "taken_back")
    await expect(card.locator(".result")).to_have_text("オペレーターへ戻しました")
    await expect(other.locator("#panel .result")).to_have_text("オペレーターへ戻しました")
    await expect(card.locator(".came-back")).to_have_count(0)


async def test_taking_back_from_the_superior_asks_first(agent: PeerAgent, url: str, page: Page) -> None:
    await agent.call("c", operator=SATO, status=CallStatus.TRANSFERRED, **CAN_EVERYTHING)
    await take_time(page)
    await page.goto(url)
    card = page.locator("#panel")
    await expect(page.locator("#lane [data-call=c]")).to_be_visible()
    await expect(card.locator(".primary")).to_have_count(0)
    button = card.locator("[data-action=take_back]")
    await button.click()
    await expect(button).to_contain_text("もう一度押すと")
    await button.click()
    assert (await agent.command()).action is Action.TAKE_BACK


async def test_a_call_that_came_back_by_itself_asks_for_a_decision(
    agent: PeerAgent, url: str, page: Page
) -> None:
    """Nobody answered: the customer is with the operator again, and everybody sees it, also who opens the page now."""
    card = await shown(agent, url, page)
    await card.locator(".primary").click()
    command = await agent.command()
    await agent.call("c", status=CallStatus.ON_HOLD)
    await agent.close_alert(agent.alerts["c.shouting.1"])
    await expect(card).to_have_attribute("data-severity", "calm")
    await agent.call("c", status=CallStatus.TALKING)
    await agent.answer(command, Outcome.FAILED, "no_answer")
    await expect(page.locator(".attention [data-call=c] .came-back")).to_have_text("▲保留から戻りました")
    await expect(card.locator(".result")).to_contain_text("呼び出した電話に誰も出ませんでした")
    await expect(card.locator(".result .where")).to_have_text("お客様はオペレーターと通話中です")
    await expect(page.locator("#strip")).to_contain_text("保留から戻りました")
    await page.reload()
    await expect(card.locator(".came-back")).to_be_visible()
    await card.locator(".primary").click()  # one press: it was decided before
    assert (await agent.command()).action is Action.HOLD_TRANSFER
    await expect(card.locator(".came-back")).to_have_count(0)


async def test_who_stays_is_a_choice_that_costs_the_one_press_nothing(
    agent: PeerAgent, url: str, page: Page
) -> None:
    card = await shown(agent, url, page)
    await expect(card.get_by_label("通話に残る")).to_be_checked()
    await card.locator(".primary").click()
    command = await agent.command()
    assert command.keep_operator is None  # as the PBX is configured
    await agent.answer(command, Outcome.FAILED, "no_answer")
    await expect(card.locator(".result")).to_contain_text("呼び出した電話に誰も出ませんでした")
    await expect(card.locator(".primary")).to_be_enabled()
    await look_first(page)
    await open_menu(card)
    await card.get_by_label("抜ける").check()
    await card.locator(".primary").click()
    assert (await agent.command()).keep_operator is False


async def test_all_of_it_by_keyboard(agent: PeerAgent, url: str, page: Page) -> None:
    card = await shown(agent, url, page)
    await expect(card.get_by_role("button", name="私が対応")).to_be_visible()
    await page.keyboard.press("j")
    reached = []
    while not await page.evaluate("document.activeElement.matches('.opener')"):
        await page.keyboard.press("Tab")
        reached.append(
            await page.evaluate("document.activeElement.dataset.action ?? document.activeElement.name")
        )
        assert len(reached) < 12
    assert [each for each in reached if each] == ["hold_transfer", "hold", "listen"]
    await page.keyboard.press("Enter")  # 「…」
    await expect(card.locator(".menu")).to_be_visible()
    await page.keyboard.press("Shift+Tab")
    while await page.evaluate("document.activeElement.dataset.action") != "whisper":
        await page.keyboard.press("Tab")
    await page.keyboard.press("Escape")
    await expect(card.locator(".opener")).to_be_focused()


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
async def test_nothing_sticks_out_on_a_small_screen(
    agent: PeerAgent, url: str, page: Page, size: tuple[int, int]
) -> None:
    width, height = size
    await page.set_viewport_size({"width": width, "height": height})
    many = tuple(Announcement(name=f"a{n}", title=f"とても長い名前のお知らせ その{n}") for n in range(8))
    card = await shown(agent, url, page, announcements=many)
    await page.get_by_role("button", name="English").click()
    await open_menu(card)
    await card.locator("[data-action=announce]").click()
    await expect(card.locator(".choices button")).to_have_count(8)
    await card.locator("[data-action=stop_recording]").click()
    await expect(card.locator(".hint")).to_be_visible()
    for each in await card.locator("button[data-action]:visible").all():
        box = await each.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
