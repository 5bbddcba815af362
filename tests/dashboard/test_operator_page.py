"""The operator's page in a real browser: the own call, one button, the next sentence, the help on its way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.async_api import expect
from tests.support.browser import dashboard, dashboard_settings
from tests.support.peer_agent import PeerAgent

from kikimori_wire.messages import Action, ButtonEvidence, CallStatus, Outcome, Party, Severity

if TYPE_CHECKING:
    from playwright.async_api import Page
    from tests.support.brokers import AnyBroker

SATO = Party(number="204", name="佐藤 美咲")


async def test_from_the_button_to_the_superior(broker: AnyBroker, page: Page) -> None:
    async with (
        PeerAgent(broker.settings).running() as agent,
        dashboard(dashboard_settings(broker.settings)) as url,
    ):
        await agent.call("of-another", operator=Party(number="201", name="鈴木"))
        await page.goto(f"{url}/operator?ext=204")
        await expect(page.locator(".idle")).to_contain_text("通話を待っています")
        await agent.call("c", operator=SATO)
        button = page.get_by_role("button", name="応援を呼ぶ")
        await expect(button).to_be_enabled()

        await agent.alert("c")
        await expect(page.locator(".say")).to_contain_text("少し落ち着いてお聞かせください")

        await button.click()
        command = await agent.command()
        assert (command.call_id, command.action, command.issued_by) == ("c", Action.ESCALATE, "operator 204")
        await agent.answer(command)
        await agent.alert(
            "c",
            rule="escalate",
            kind="escalate",
            severity=Severity.CRITICAL,
            evidence=(ButtonEvidence(start_s=211, end_s=211, source="page", pressed_by="operator"),),
            raised_s=211,
        )
        await expect(page.locator("[data-state=now]")).to_contain_text("呼び出し中")
        await expect(page.locator(".say")).to_contain_text("少々お待ちください")
        await agent.call("c", status=CallStatus.ON_HOLD)
        await expect(page.locator("[data-state=now]")).to_contain_text("保留中")
        await expect(page.locator(".say")).to_contain_text("お客様には聞こえていません")
        await agent.call("c", status=CallStatus.TRANSFERRED)
        await expect(page.locator(".say")).to_contain_text("上席が引き継ぎました")
        await agent.end_call("c")
        await expect(page.locator(".idle")).to_be_visible()


async def test_enter_calls_for_help_once(agent: PeerAgent, url: str, page: Page) -> None:
    await agent.call("c", operator=SATO)
    await page.goto(f"{url}/operator?ext=204")
    await expect(page.get_by_role("button", name="応援を呼ぶ")).to_be_enabled()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await agent.answer(await agent.command())
    await expect(page.locator("[data-state=now]")).to_contain_text("呼び出し中")
    assert agent.commands.empty()


async def test_help_that_cannot_be_called_is_said_aloud(agent: PeerAgent, url: str, page: Page) -> None:
    """The operator must know at once that nobody heard it."""
    await agent.call("c", operator=SATO)
    await page.goto(f"{url}/operator?ext=204")
    await page.get_by_role("button", name="応援を呼ぶ").click()
    await agent.answer(await agent.command(), Outcome.REFUSED, "no_such_call")
    await expect(page.get_by_role("alert")).to_contain_text("直接上席に声をかけてください")
    await expect(page.get_by_role("button", name="応援を呼ぶ")).to_be_enabled()


async def test_telephone_without_control_shows_what_to_press(agent: PeerAgent, url: str, page: Page) -> None:
    await agent.call("c", operator=SATO)
    await agent.alert("c")
    await page.goto(f"{url}/operator?ext=204")
    supervisor = await page.context.new_page()
    await supervisor.goto(url)
    await expect(supervisor.locator("[data-call=c]")).to_have_attribute("data-settled", "yes")
    await supervisor.locator("[data-call=c] .primary").click()
    await agent.answer(await agent.command(), Outcome.INSTRUCTED, detail="保留ボタンを押してください")
    await expect(page.locator(".say")).to_contain_text("電話機での操作保留ボタンを押してください")
    await expect(supervisor.locator("[data-call=c] .result")).to_contain_text("電話機での操作が必要です")


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


async def test_the_button_is_big_on_a_telephone(agent: PeerAgent, url: str, page: Page) -> None:
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
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
