"""「この通話は録音しない」 on both pages: shown where it can be done, asked for twice, sent once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.async_api import expect
from tests.support.browser import chromium, confirm, dashboard, dashboard_settings
from tests.support.sign_in import sign_in_browser

from kikimori_core.wire.messages import Action, Party
from kikimori_core.wire.values import CallRecording

if TYPE_CHECKING:
    from playwright.async_api import Page
    from tests.support.mosquitto import Mosquitto
    from tests.support.peer_agent import PeerAgent

    from kikimori_records.store import Store

MINE = Party(number="201", name="佐藤 美咲")
CAN = (Action.HOLD, Action.STOP_RECORDING)
ON, STOPPED, EXCLUDED = CallRecording.ON, CallRecording.STOPPED, CallRecording.EXCLUDED


async def test_a_supervisor_presses_twice(agent: PeerAgent, url: str, page: Page) -> None:
    await agent.call("c", operator=MINE, capabilities=CAN, recording=ON)
    await agent.alert("c")
    await page.goto(url)
    card = page.locator(".card[data-call=c]")
    await expect(card.locator(".recording")).to_have_text("録音中")
    await expect(page.locator(".panel .recording")).to_have_text("録音中")
    await card.locator(".opener").click()
    button = card.locator("[data-action=stop_recording]")
    await button.click()
    await expect(button).to_contain_text("もう一度押すと")
    await expect(card.locator(".hint")).to_contain_text("元には戻せません")
    await page.keyboard.press("Escape")
    await expect(card.locator(".hint")).to_be_hidden()
    assert agent.commands.empty()
    await confirm(button)
    command = await agent.command()
    assert (command.action, command.role, command.issued_by) == (
        Action.STOP_RECORDING,
        "supervisor",
        "高橋 課長",
    )
    await agent.answer(command)
    await agent.call("c", operator=MINE, capabilities=CAN[:1], recording=STOPPED)
    await expect(card.locator(".recording")).to_contain_text("希望により消去")
    await expect(button).to_have_count(0)
    await expect(card.locator(".result")).to_contain_text("最初から消しました")


async def test_a_call_that_is_over_is_recorded_no_longer(agent: PeerAgent, url: str, page: Page) -> None:
    await agent.call("c", operator=MINE, capabilities=CAN, recording=ON)
    await agent.alert("c")
    await page.goto(url)
    mark = page.locator(".panel .recording")
    await expect(mark).to_have_text("録音中")
    await agent.end_call("c")
    await expect(mark).to_have_text("録音済み")


async def test_nobody_knows_whether_a_call_that_is_not_heard_is_recorded(
    agent: PeerAgent, url: str, page: Page
) -> None:
    await agent.call("c", operator=MINE, capabilities=CAN, recording=ON)
    await agent.call("d", operator=Party(number="202"), capabilities=CAN, recording=EXCLUDED)
    for each in ("c", "d"):
        await agent.alert(each)
    await page.goto(url)
    marks = [page.locator(f".card[data-call={each}] .recording") for each in ("c", "d")]
    await expect(marks[0]).to_have_text("録音中")
    await agent.health(online=False)
    await expect(page.locator(".card[data-call=c] .stale")).to_be_visible()
    await expect(marks[0]).to_have_count(0)
    await expect(marks[1]).to_have_text("録音の対象外")
    await agent.health()
    await expect(marks[0]).to_have_text("録音中")


async def test_operators_press_twice_for_their_own_calls(
    real: Mosquitto, store: Store, agent: PeerAgent
) -> None:
    async with dashboard(dashboard_settings(real.settings), store=store) as url, chromium() as browser:
        context = await browser.new_context()
        await sign_in_browser(context, "operator")
        page = await context.new_page()
        await page.goto(f"{url}/operator?ext=201")
        await agent.call("c", operator=MINE, capabilities=(Action.HOLD,), recording=EXCLUDED)
        await expect(page.locator(".offers .recording")).to_have_text("録音の対象外")
        button = page.locator("[data-action=stop_recording]")
        await expect(button).to_have_count(0)
        await agent.call("c", operator=MINE, capabilities=CAN, recording=ON)
        await button.dblclick()
        await expect(button).to_contain_text("もう一度押すと、この通話の録音を最初から消します")
        assert agent.commands.empty()
        await confirm(button)
        command = await agent.command()
        assert (command.action, command.role) == (Action.STOP_RECORDING, "operator")
        await agent.answer(command)
        await agent.call("c", operator=MINE, capabilities=CAN[:1], recording=STOPPED)
        await expect(page.locator(".offers .recording")).to_contain_text("希望により消去")
        await expect(button).to_have_count(0)
        await agent.call("c", operator=MINE, capabilities=CAN, recording=ON)
        await expect(button).to_be_visible()
        await agent.health(online=False)
        await expect(page.locator(".offers .recording")).to_have_count(0)
        await expect(button).to_have_count(0)
        # Calls of others are not theirs to decide on.
        await agent.call("d", operator=Party(number="202"), capabilities=CAN, recording=ON)
        answer = await page.request.post(
            f"{url}/api/calls/d/commands", data={"action": "stop_recording", "page": "operator"}
        )
        assert answer.status == 403
    assert agent.commands.empty()
