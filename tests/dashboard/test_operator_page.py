"""The operator's page in a real browser: the own call, one button, the next sentence, the help on its way."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect
from tests.support.axe import assert_accessible
from tests.support.browser import dashboard, dashboard_settings
from tests.support.json_requests import post
from tests.support.office import CAN_EVERYTHING, words
from tests.support.peer_agent import SHOUT, PeerAgent
from tests.support.ports import free_port
from tests.support.sign_in import client

from kikimori_core.wire.messages import (
    Action,
    ButtonEvidence,
    CallStatus,
    ClosedBecause,
    Command,
    Outcome,
    Party,
    Problem,
    Severity,
    WordsEvidence,
)

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Page
    from tests.support.brokers import AnyBroker
    from tests.support.mosquitto import Mosquitto

SATO = Party(number="204", name="佐藤 美咲")


async def test_a_page_whose_extension_was_never_heard_says_so(agent: PeerAgent, url: str, page: Page) -> None:
    """Else a wrong number looks like a quiet morning for ever."""
    await agent.call("of-another", operator=Party(number="201", name="鈴木"))
    await page.goto(f"{url}/operator?ext=2044")
    never = page.locator(".idle[data-state=never]")
    await expect(never).to_contain_text("内線 2044 の通話は、まだ一度も聞こえていません")
    await expect(never).to_contain_text("から待っています")
    await expect(never).to_contain_text("?ext=")
    await expect(never).to_contain_text("聞こえた内線: 201")
    await expect(never).to_contain_text("kikimori tap watch")
    await expect(page.locator("#mine")).to_have_text("内線 2044")
    await expect(page.locator("#watch")).to_have_text("待機中")
    await page.set_viewport_size({"width": 390, "height": 844})
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390

    await agent.call("own", operator=Party(number="2044"))
    await expect(page.get_by_role("button", name="応援を呼ぶ")).to_be_enabled()
    await agent.end_call("own")
    for _ in range(2):
        await expect(page.locator(".idle[data-state=heard]")).to_contain_text("通話を待っています")
        await expect(page.locator(".idle[data-state=heard]")).to_contain_text("最後に聞こえた通話")
        await page.reload()


async def try_until(page: Page, outcome: str) -> None:
    """Try the way of the button until this comes of it: what the agents say is on its way."""
    button, tried = page.get_by_role("button", name="試す"), page.locator(".tried")
    async with asyncio.timeout(60):
        while True:
            await button.click()
            await expect(button).to_be_visible()  # it says so meanwhile
            if await tried.get_attribute("data-outcome") == outcome:
                return


async def test_the_way_of_the_button_is_tried_without_alarming_anybody(
    real: Mosquitto, agent: PeerAgent, url: str, page: Page
) -> None:
    stranger = Problem(code="unknown_dashboard_key", detail="", remedy="")
    async with PeerAgent(real.settings, agent_id="agent-2").running() as other:
        await page.goto(f"{url}/operator?ext=204")
        tried, button = page.locator(".tried"), page.get_by_role("button", name="試す")
        await try_until(page, "good")
        await expect(tried).to_contain_text("届きました")
        await expect(tried.locator("[data-reached=yes]")).to_have_count(4)
        await assert_accessible(page)
        await other.health(problems=(stranger,))
        await try_until(page, "refuses")
        await expect(tried).to_contain_text("agent-2")
        await other.health(online=False)
        await try_until(page, "some_silent")
        await page.route("**/api/reach", lambda route: route.abort())
        await button.click()
        await expect(tried).to_contain_text("ネットワークを確かめてください")
        await expect(tried.locator("[data-reached=yes]")).to_have_count(1)
    await real.stop()
    await page.unroute("**/api/reach")
    await expect(page.locator(".banner")).to_contain_text("この画面では分かりません")
    await button.click()
    await expect(tried).to_contain_text("MQTT ブローカーに届きません")
    await real.start()
    assert agent.commands.empty()
    assert other.commands.empty()


async def test_after_a_restart_of_the_dashboard_nothing_is_claimed_of_the_time_before(
    real: Mosquitto, agent: PeerAgent, page: Page
) -> None:
    settings = dashboard_settings(real.settings, port=free_port())
    await agent.call("c", operator=SATO)
    async with dashboard(settings) as url:
        await page.goto(f"{url}/operator?ext=204")
        await expect(page.get_by_role("button", name="応援を呼ぶ")).to_be_enabled()
        await agent.end_call("c")
        await expect(page.locator(".idle[data-state=heard]")).to_be_visible()
    async with dashboard(settings):
        await expect(page.locator(".idle[data-state=never]")).to_contain_text("から待っています")


async def test_a_dashboard_that_is_away_is_not_an_unwatched_call(real: Mosquitto, page: Page) -> None:
    """The agents listen as before; only this page cannot tell."""
    async with PeerAgent(real.settings).running() as agent:
        await agent.call("c", operator=SATO, help_keys="*9")
        async with dashboard(dashboard_settings(real.settings)) as url:
            await page.goto(f"{url}/operator?ext=204")
            await expect(page.get_by_role("button", name="応援を呼ぶ")).to_be_enabled()
            await expect(page.locator(".banner")).to_have_count(0)
        await expect(page.locator(".banner")).to_contain_text("この画面では分かりません")
        await expect(page.locator(".banner")).not_to_contain_text("見守られていません")
        await expect(page.locator(".help")).to_be_disabled()
        # The agent hears the telephone's keys all the same.
        await expect(page.locator("#watch")).to_contain_text("電話機の *9 でも応援を呼べます")
        await expect(page.locator(".help")).to_contain_text("直接上席に声をかけてください")


async def test_a_broker_that_is_away_is_not_an_unwatched_call(real: Mosquitto, url: str, page: Page) -> None:
    async with PeerAgent(real.settings).running() as agent:
        await agent.call("c", operator=SATO)
        await page.goto(f"{url}/operator?ext=204")
        await expect(page.get_by_role("button", name="応援を呼ぶ")).to_be_enabled()
        await real.stop()
        await expect(page.locator(".banner")).to_contain_text("この画面では分かりません")
        await expect(page.locator(".banner")).not_to_contain_text("見守られていません")
        await real.start()


async def test_only_the_agent_of_the_own_call_leaves_it_unwatched(
    real: Mosquitto, agent: PeerAgent, url: str, page: Page
) -> None:
    async with PeerAgent(real.settings, agent_id="agent-2").running() as other:
        await agent.call("c", operator=SATO)
        await page.goto(f"{url}/operator?ext=204")
        await expect(page.get_by_role("button", name="応援を呼ぶ")).to_be_enabled()
        other.abort()
        # The idle page of another operator cannot tell which agent hears their telephone.
        idle = await page.context.new_page()
        await idle.goto(f"{url}/operator?ext=299")
        await expect(idle.locator(".banner")).to_contain_text("この画面では分かりません")
        await expect(page.locator(".banner")).to_have_count(0)
        agent.abort()
        await expect(page.locator(".banner.bad")).to_contain_text("通話が見守られていません")
        await expect(idle.locator(".banner.bad")).to_contain_text("通話が見守られていません")
        await expect(idle.locator(".idle")).not_to_contain_text("通話を待っています")


def insults(*starts_s: float) -> tuple[WordsEvidence, ...]:
    return tuple(words("ふざけるな", "ふざけるな", "insult", each) for each in starts_s)


async def test_the_request_to_stop_comes_before_the_warning_that_the_call_ends(
    agent: PeerAgent, url: str, page: Page
) -> None:
    """One outburst is one occasion, however many words: the operator must have had time to ask."""
    await agent.call("c", operator=SATO)
    await page.goto(f"{url}/operator?ext=204")
    await expect(page.get_by_role("button", name="応援を呼ぶ")).to_be_enabled()
    say = page.locator(".say")
    for starts_s, step, text in (
        ((100,), "1／3", "お控えいただけますでしょうか"),
        ((100, 105, 112), "1／3", "お控えいただけますでしょうか"),
        ((100, 105, 112, 130), "2／3", "重ねてのお願い"),
        ((100, 105, 112, 130, 135, 160), "3／3", "お電話を終えさせていただくことがございます"),
    ):
        await agent.alert(
            "c",
            rule="phrase-insult",
            kind="phrase",
            severity=Severity.CRITICAL,
            evidence=insults(*starts_s),
            raised_s=100,
        )
        await expect(say).to_contain_text(f"次のひとこと（{step}）")
        await expect(say).to_contain_text(text)
    # The firmest one is proposed; whoever wants another gets gentler ones, and comes back to it.
    other = page.get_by_role("button", name="ほかの言い方")
    for step, text in (
        ("2／3", "重ねてのお願い"),
        ("2／3", "先ほどもお願い"),
        ("1／3", "お控えいただけますでしょうか"),
    ):
        await other.click()
        await expect(say).to_contain_text(f"次のひとこと（{step}）")
        await expect(say).to_contain_text(text)


async def test_the_sentence_answers_what_was_said_before_how_loud_it_was(
    agent: PeerAgent, url: str, page: Page
) -> None:
    """Of alerts that weigh the same: the customer shouted first, and threatens now."""
    await agent.call("c", operator=SATO)
    await page.goto(f"{url}/operator?ext=204")
    say = page.locator(".say")
    shout = SHOUT.model_copy(update={"start_s": 100.0, "end_s": 105.0})
    await agent.alert("c", severity=Severity.CRITICAL, evidence=(shout,), raised_s=100)
    await expect(say).to_contain_text("お話を伺っております")
    for category, at, text in (
        ("threat", 130, "安心してお話を伺うことができません"),
        ("insult", 150, "お控えいただけますでしょうか"),
        ("threat", 170, "安心してお話を伺うことができません"),
    ):
        await agent.alert(
            "c",
            rule=f"phrase-{category}",
            kind="phrase",
            severity=Severity.CRITICAL,
            evidence=(words("ただで済むと思うな、この野郎", "ただで済むと思うな", category, at),),
            raised_s=at,
        )
        await expect(say).to_contain_text(text)


async def test_a_very_small_telephone_shows_all_of_a_call_for_help(
    agent: PeerAgent, url: str, page: Page
) -> None:
    """320 px, which is also a page of 1280 px at 400 %: nothing lies beyond the edge, the sentence least of all."""
    await page.set_viewport_size({"width": 320, "height": 640})
    await agent.call("c", operator=SATO, **CAN_EVERYTHING)
    await agent.alert("c", **HELP, evidence=pressed(comment="折り返しにしたいです" * 6))
    await page.goto(f"{url}/operator?ext=204")
    await expect(page.locator(".say")).to_contain_text("ただいま確認しております")
    await expect(page.locator(".told")).to_contain_text("折り返しに")
    beyond = """() => [...document.querySelectorAll("#desk *")]
      .filter((each) => each.checkVisibility() && each.getBoundingClientRect().right > 320).map((each) => each.outerHTML)"""
    assert await page.evaluate(beyond) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320


async def test_the_offices_own_sentences_are_shown_after_a_restart(
    real: Mosquitto, page: Page, tmp_path: Path
) -> None:
    own = tmp_path / "own.toml"
    form = 'language = "ja"\n[[sentence]]\nwhen = "shouting"\nsay = "{}"\nsource = "own"\n'
    port = free_port()
    settings = dashboard_settings(real.settings, sentences=(own,), port=port)
    async with PeerAgent(real.settings).running() as agent:
        await agent.call("c", operator=SATO)
        await agent.alert("c")
        own.write_text(form.format("弊社の決まり文句です。"), encoding="utf-8")
        async with dashboard(settings) as url:
            await page.goto(f"{url}/operator?ext=204")
            await expect(page.locator(".say")).to_contain_text("弊社の決まり文句です。")
        own.write_text(form.format("新しい決まり文句です。"), encoding="utf-8")
        async with dashboard(settings):
            await expect(page.locator(".say")).to_contain_text("新しい決まり文句です。")


HELP: dict[str, Any] = {
    "rule": "escalate",
    "kind": "escalate",
    "severity": Severity.CRITICAL,
    "raised_s": 205,
}


def pressed(**said: str) -> tuple[ButtonEvidence, ...]:
    return (ButtonEvidence(start_s=205, end_s=205, source="page", pressed_by="operator", **said),)


async def test_from_the_button_to_the_superior(broker: AnyBroker, page: Page) -> None:
    async with (
        PeerAgent(broker.settings).running() as agent,
        dashboard(dashboard_settings(broker.settings)) as url,
        client(url, "both") as kimura,
    ):
        await agent.call("of-another", operator=Party(number="201", name="鈴木"))
        await page.goto(f"{url}/operator?ext=204")
        await expect(page.locator(".idle")).to_contain_text("まだ一度も聞こえていません")
        await agent.call("c", operator=SATO, **CAN_EVERYTHING)
        button = page.get_by_role("button", name="応援を呼ぶ")
        await expect(button).to_be_enabled()
        await expect(page.locator("#head")).to_contain_text("内線 204・佐藤 美咲")
        await expect(page.locator("#watch")).to_have_text("見守り中")
        await expect(page.locator("#timer")).to_have_text(re.compile(r"^0[3-9]:\d\d$"))

        await agent.alert("c")
        await expect(page.locator(".say")).to_contain_text("お話を伺っております")

        await button.click()
        command = await agent.command()
        assert (command.call_id, command.action, command.issued_by) == ("c", Action.ESCALATE, "高橋 課長")
        await agent.answer(command)
        await agent.alert("c", **HELP, evidence=pressed())
        now = page.locator(".steps [data-state=now]")
        await expect(now).to_contain_text("呼びました")
        await expect(now.locator(".since")).to_contain_text(re.compile(r"\d:\d\d"))
        await expect(page.locator(".say")).to_contain_text("少々お待ちください")

        # Why, with a tap; what is wished, in a line: each arrives, and stands there once it has.
        await page.get_by_role("button", name="脅し・身の危険").click()
        command = await agent.command()
        assert (command.action, command.reason, command.comment) == (Action.ESCALATE, "threat", None)
        await agent.answer(command)
        await page.get_by_label("上席に伝えたいこと").fill("折り返しにしたいです")
        await page.keyboard.press("Enter")
        command = await agent.command()
        assert (command.reason, command.comment) == ("threat", "折り返しにしたいです")
        await agent.answer(command)
        await agent.alert("c", **HELP, evidence=pressed(reason="threat", comment="折り返しにしたいです"))
        await expect(page.locator(".told")).to_have_text("伝えました: 脅し・身の危険　折り返しにしたいです")

        await post(kimura, "/api/alerts/c.escalate.1/claim")
        await expect(now).to_have_text("▶木村 さくらさんが見ています")
        await expect(page.locator("[data-action=escalate_cancel]")).to_have_count(0)
        moving = asyncio.create_task(post(kimura, "/api/calls/c/commands", {"action": "hold_transfer"}))
        command = await agent.command()
        await expect(page.locator(".say")).to_contain_text("確認いたしますので")
        await agent.call("c", status=CallStatus.ON_HOLD)
        await expect(now).to_contain_text("保留になりました")
        await expect(page.locator(".say")).to_contain_text("お客様には聞こえていません")
        await agent.call("c", status=CallStatus.TRANSFERRED, keep_operator=None)
        await agent.answer(command)
        await moving
        await expect(now).to_contain_text("高橋 課長が代わりました")
        await expect(page.locator(".steps [data-state=past]")).to_have_count(3)
        await expect(page.locator(".say")).to_contain_text("上席が引き継ぎました")
        await agent.end_call("c")
        await expect(page.locator(".idle")).to_be_visible()


async def help_called(agent: PeerAgent, url: str, page: Page) -> Command:
    """Press the button in a call; return what the agent is told."""
    await agent.call("c", operator=SATO, **CAN_EVERYTHING)
    await page.goto(f"{url}/operator?ext=204")
    await page.get_by_role("button", name="応援を呼ぶ").click()
    return await agent.command()


async def test_what_is_told_while_the_last_is_on_its_way_follows_it(
    agent: PeerAgent, url: str, page: Page
) -> None:
    called = await help_called(agent, url, page)
    await agent.alert("c", **HELP, evidence=pressed())
    await page.get_by_role("button", name="脅し・身の危険").click()
    await agent.answer(called)
    first = await agent.command()
    await page.get_by_label("上席に伝えたいこと").fill("折り返しにしたいです")
    await page.keyboard.press("Enter")
    await agent.answer(first)
    second = await agent.command()
    assert (first.reason, first.comment) == ("threat", None)
    assert (second.reason, second.comment) == ("threat", "折り返しにしたいです")
    await agent.answer(second)
    await expect(page.get_by_role("alert")).to_have_count(0)


async def test_a_call_for_help_is_taken_back_until_somebody_acts(
    agent: PeerAgent, url: str, page: Page
) -> None:
    await agent.call("c", operator=SATO, **CAN_EVERYTHING)
    alert = await agent.alert("c", **HELP, evidence=pressed())
    await page.goto(f"{url}/operator?ext=204")
    cancel = page.get_by_role("button", name="応援の呼び出しを取り消す")
    await expect(cancel).to_be_enabled()
    await assert_accessible(page)
    await cancel.click()
    command = await agent.command()
    assert command.action is Action.ESCALATE_CANCEL
    await agent.answer(command, Outcome.REFUSED, "help_under_way")
    await expect(page.get_by_role("alert")).to_contain_text("すでに対応が始まっているため")
    await cancel.click()
    await agent.answer(await agent.command())
    await agent.close_alert(alert, ClosedBecause.HELP_CANCELLED)
    await expect(page.get_by_role("button", name="応援を呼ぶ")).to_be_enabled()
    # An agent of the release before takes nothing back, and no reason.
    await agent.call("c", capabilities=())
    await agent.alert("c", **{**HELP, "rule": "escalate-again"}, evidence=pressed())
    await expect(page.locator(".steps")).to_be_visible()
    await expect(cancel).to_have_count(0)
    await expect(page.locator(".note")).to_be_hidden()
    supervisor = await page.context.new_page()
    await supervisor.goto(url)
    await expect(supervisor.locator("body")).to_contain_text("オペレーターが呼び出しを取り消し")


async def test_its_key_calls_for_help_once(agent: PeerAgent, url: str, page: Page) -> None:
    await agent.call("c", operator=SATO)
    await page.goto(f"{url}/operator?ext=204")
    await expect(page.get_by_role("button", name="応援を呼ぶ")).to_be_enabled()
    await page.keyboard.press("F9")
    await page.keyboard.press("F9")
    await agent.answer(await agent.command())
    await expect(page.locator("[data-state=now]")).to_contain_text("呼びました")
    assert agent.commands.empty()


async def test_enter_presses_the_button_only_where_it_has_the_focus(
    agent: PeerAgent, url: str, page: Page
) -> None:
    """Whoever types in another window, or ends a note with Enter, calls nobody."""
    await page.goto(f"{url}/operator?ext=204")
    await expect(page.locator(".idle")).to_be_visible()
    await agent.call("c", operator=SATO)
    button = page.get_by_role("button", name="応援を呼ぶ")
    await expect(button).to_be_enabled()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Space")
    await agent.alert("c", rule="overlap", kind="overlap", severity=Severity.NOTICE)
    await expect(page.locator(".say")).to_contain_text("最後まで")
    await page.keyboard.press("Enter")
    await expect(button).to_be_enabled()
    await expect(button).not_to_be_focused()
    assert agent.commands.empty()

    await button.focus()
    await agent.alert("c")
    await expect(page.locator(".say")).to_contain_text("お話を伺っております")
    await expect(button).to_be_focused()
    await page.keyboard.press("Enter")
    assert (await agent.command()).action is Action.ESCALATE


async def test_help_that_cannot_be_called_is_said_aloud(agent: PeerAgent, url: str, page: Page) -> None:
    """The operator must know at once that nobody heard it."""
    await agent.call("c", operator=SATO)
    await page.goto(f"{url}/operator?ext=204")
    await page.get_by_role("button", name="応援を呼ぶ").click()
    await agent.answer(await agent.command(), Outcome.REFUSED, "no_such_call")
    said = page.get_by_role("alert")
    await expect(said).to_contain_text("直接上席に声をかけてください")
    button = page.locator(".help")
    await expect(button).to_be_enabled()
    # Beside the button on every screen, with a call so bad that the end of it is offered.
    await agent.call("c", operator=SATO, **CAN_EVERYTHING)
    await agent.alert("c")
    await expect(page.get_by_role("button", name="終話を提案")).to_be_visible()
    for language in ("日本語", "English"):
        for width, height in ((1366, 640), (390, 844), (320, 160)):
            await page.set_viewport_size({"width": width, "height": height})
            await expect(said.locator("strong")).to_be_in_viewport(ratio=1)
            await expect(button).to_be_in_viewport(ratio=1)
            overflow = await said.evaluate("each => each.scrollHeight > each.clientHeight + 1")
            assert not overflow, (language, width)
        await page.set_viewport_size({"width": 1366, "height": 768})
        await assert_accessible(page)
        await page.locator("#language").click()


async def test_telephone_without_control_shows_what_to_press(agent: PeerAgent, url: str, page: Page) -> None:
    await agent.call("c", operator=SATO)
    await agent.alert("c")
    await page.goto(f"{url}/operator?ext=204")
    supervisor = await page.context.new_page()
    await supervisor.goto(url)
    await supervisor.locator(".card[data-call=c] .primary").click()
    await agent.answer(await agent.command(), Outcome.INSTRUCTED, detail="保留ボタンを押してください")
    await expect(page.locator(".say")).to_contain_text("電話機での操作保留ボタンを押してください")
    await expect(supervisor.locator(".card[data-call=c] .result")).to_contain_text("電話機での操作が必要です")


async def test_the_extension_is_chosen_once(agent: PeerAgent, url: str, page: Page) -> None:
    await agent.call("c", operator=SATO)
    await page.goto(f"{url}/operator")
    await page.get_by_role("button", name="204").click()
    await expect(page.get_by_role("button", name="応援を呼ぶ")).to_be_enabled()
    await page.goto(f"{url}/operator")
    await expect(page.get_by_role("button", name="応援を呼ぶ")).to_be_enabled()
    await page.get_by_role("button", name="内線を変更").click()
    await page.get_by_placeholder("ほかの番号").fill("299")
    await page.keyboard.press("Enter")
    await expect(page.locator(".idle")).to_be_visible()


async def test_the_button_is_big_on_a_telephone_and_whole_in_a_small_window(
    agent: PeerAgent, url: str, page: Page
) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})
    await agent.call("c", operator=SATO)
    await agent.alert("c")
    await page.goto(f"{url}/operator?ext=204")
    button = page.get_by_role("button", name="応援を呼ぶ")
    await expect(button).to_be_in_viewport(ratio=1)
    box = await button.bounding_box()
    assert box is not None
    assert box["width"] > 300
    assert box["height"] > 120
    for language in ("日本語", "English"):
        for width, height in ((390, 844), (320, 160)):
            await page.set_viewport_size({"width": width, "height": height})
            for each in (page.locator(".help"), page.locator("#watch"), page.locator(".say .big")):
                await expect(each).to_be_in_viewport(ratio=1)
            overflow = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
            found = await page.evaluate(overflow)
            assert found[0] <= width, language
            assert found[1] <= height, language
        await assert_accessible(page)
        await page.set_viewport_size({"width": 390, "height": 844})
        await page.locator("#language").click()


async def test_the_small_window_stays_on_top_or_is_a_popup(agent: PeerAgent, url: str, page: Page) -> None:
    await agent.call("c", operator=SATO)
    await page.goto(f"{url}/operator?ext=204")
    async with page.context.expect_page() as opening:
        await page.get_by_role("button", name="小さい窓で表示").click()
    small = await opening.value
    await expect(small.get_by_role("button", name="応援を呼ぶ")).to_be_enabled()
    await expect(page.locator("#place")).to_have_text("小さい窓に表示しています。")
    await agent.alert("c")
    await expect(small.locator(".say")).to_contain_text("お話を伺っております")
    await small.keyboard.press("F9")
    await agent.answer(await agent.command())
    await expect(small.locator(".steps [data-state=now]")).to_contain_text("呼びました")
    await page.get_by_role("button", name="小さい窓を閉じる").click()
    await expect(page.locator(".steps [data-state=now]")).to_contain_text("呼びました")

    await page.evaluate(
        "delete Window.prototype.documentPictureInPicture; delete window.documentPictureInPicture"
    )
    async with page.context.expect_page() as opening:
        await page.get_by_role("button", name="小さい窓で表示").click()
    popup = await opening.value
    await expect(popup.locator("#head")).to_contain_text("内線 204")
    assert popup.url.endswith("/operator?ext=204")


async def test_while_the_superior_is_rung_the_operator_knows_who_hears_what(
    agent: PeerAgent, url: str, page: Page
) -> None:
    await agent.call("c", operator=SATO, **CAN_EVERYTHING)
    await agent.alert("c")
    await page.goto(f"{url}/operator?ext=204")
    supervisor = await page.context.new_page()
    await supervisor.goto(url)
    card = supervisor.locator(".card[data-call=c]")
    await card.locator(".primary").click()
    command = await agent.command()
    await expect(page.locator("[data-state=now]")).to_contain_text("高橋 課長が見ています")
    await agent.call("c", status=CallStatus.ON_HOLD)
    await expect(page.locator(".say")).to_contain_text("上席を呼び出しています")
    await expect(page.locator(".say")).to_contain_text("お客様には聞こえていません")

    # Nobody answers: the customer is back, and help can be called again.
    await agent.call("c", status=CallStatus.TALKING)
    await agent.answer(command, Outcome.FAILED, "no_superior_answered")
    await expect(page.locator(".say")).to_contain_text("上席が出られませんでした。お客様とつながっています")
    await expect(page.locator(".say")).to_contain_text("お待たせいたしました")
    await expect(page.get_by_role("button", name="応援を呼ぶ")).to_be_enabled()


async def test_a_failed_call_for_help_says_why_in_the_operators_language(
    agent: PeerAgent, url: str, page: Page
) -> None:
    """The agent's English is for whoever mends it, and stands in the record."""
    await agent.answer(await help_called(agent, url, page), Outcome.FAILED, "pbx_error", "Originate failed")
    failed = page.locator(".failed")
    await expect(failed).to_contain_text("電話設備（PBX）がエラーを返しました")
    await expect(failed).not_to_contain_text("Originate")


async def test_held_without_a_transfer(agent: PeerAgent, url: str, page: Page) -> None:
    await agent.call("c", operator=SATO, status=CallStatus.ON_HOLD, **CAN_EVERYTHING)
    await page.goto(f"{url}/operator?ext=204")
    await expect(page.locator(".say")).to_contain_text("保留音が流れています")
    await expect(page.locator(".say")).not_to_contain_text("呼び出して")
    # Perhaps by the operator's own key, to get help: nobody has been asked, and nobody's instruction will come.
    await expect(page.locator(".say")).to_contain_text("応援が要るときは、下のボタンで呼べます")
    await expect(page.locator(".say")).not_to_contain_text("指示があるまで")
    await page.get_by_role("button", name="応援を呼ぶ").click()
    assert (await agent.command()).action is Action.ESCALATE
    await expect(page.locator(".say")).to_contain_text("上席の指示があるまで、そのままお待ちください")


@pytest.mark.parametrize(
    ("stays", "text"), [(True, "あなたの声もまだお客様に聞こえます"), (False, "受話器を置いて")]
)
async def test_after_a_transfer_the_operator_knows_whether_they_are_still_in_the_call(
    agent: PeerAgent, url: str, page: Page, *, stays: bool, text: str
) -> None:
    await agent.call(
        "c", operator=SATO, **{**CAN_EVERYTHING, "keep_operator": stays}, status=CallStatus.TRANSFERRED
    )
    await agent.alert("c")
    await page.goto(f"{url}/operator?ext=204")
    await expect(page.locator(".say")).to_contain_text(text)
    # Who is out of the call proposes no end of it.
    await expect(page.get_by_role("button", name="やめるようお願いした")).to_have_count(int(stays))


async def test_the_supervisors_choice_beats_the_configuration(agent: PeerAgent, url: str, page: Page) -> None:
    await agent.call("c", operator=SATO, **CAN_EVERYTHING)
    await agent.alert("c")
    await page.goto(f"{url}/operator?ext=204")
    supervisor = await page.context.new_page()
    await supervisor.goto(url)
    card = supervisor.locator(".card[data-call=c]")
    await card.locator(".opener").click()
    await card.get_by_label("抜ける").check()
    await card.locator(".primary").click()
    command = await agent.command()
    await agent.call("c", status=CallStatus.TRANSFERRED)
    await agent.answer(command)
    await expect(page.locator(".say")).to_contain_text("受話器を置いて")


async def test_a_supervisor_who_whispers_is_announced(agent: PeerAgent, url: str, page: Page) -> None:
    """A voice in the ear out of nowhere would be the last straw."""
    await agent.call("c", operator=SATO, **CAN_EVERYTHING)
    await agent.alert("c")
    await page.goto(f"{url}/operator?ext=204")
    supervisor = await page.context.new_page()
    await supervisor.add_init_script("localStorage.setItem('kikimori.telephone', '210')")
    await supervisor.goto(url)
    card = supervisor.locator(".card[data-call=c]")
    await card.locator(".opener").click()
    await card.locator("[data-action=whisper]").click()
    await agent.answer(await agent.command())
    await expect(page.locator(".say")).to_contain_text("お客様には聞こえません")
    await expect(page.get_by_role("button", name="応援を呼ぶ")).to_be_enabled()
