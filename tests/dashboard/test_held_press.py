"""A press is not lost because what is pressed was drawn anew between the pointer's down and up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.async_api import expect
from tests.support.json_requests import post
from tests.support.sign_in import client

from kikimori_core.wire.messages import Action, Party, Severity

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page
    from tests.support.peer_agent import PeerAgent

SATO = Party(number="204", name="佐藤 美咲")
HANAKO = Party(number="204", name="佐藤 花子")


async def hold_down(page: Page, button: Locator) -> None:
    await button.hover()
    await page.mouse.down()


async def claim(url: str, alert_id: str) -> None:
    async with client(url, "both") as other:
        assert (await post(other, f"/api/alerts/{alert_id}/claim"))[0] == 200


async def test_help_is_called_though_a_supervisor_claims_an_alert_under_the_press(
    agent: PeerAgent, url: str, page: Page
) -> None:
    await agent.call("c", operator=SATO)
    alert = await agent.alert("c")
    await page.goto(f"{url}/operator?ext=204")
    button = page.get_by_role("button", name="応援を呼ぶ")
    await expect(button).to_be_enabled()
    await hold_down(page, button)
    await claim(url, alert.alert_id)
    await agent.call("c", operator=HANAKO)
    await expect(page.locator("#mine")).to_contain_text("佐藤 花子")
    await page.mouse.up()
    assert (await agent.command()).action is Action.ESCALATE


async def test_an_alert_that_grows_under_the_press_is_opened(agent: PeerAgent, url: str, page: Page) -> None:
    await agent.call("c", operator=SATO)
    await agent.alert("c", severity=Severity.WARNING)
    await page.goto(url)
    item = page.locator("#inbox .inbox-item")
    card = page.locator(".card[data-call=c]")
    await expect(item.locator(".reviewed")).to_be_visible()
    await hold_down(page, item.locator(".inbox-call"))
    await agent.alert("c", title=("もっと大きな声", "Louder still"))
    await expect(card).to_contain_text("もっと大きな声")
    await expect(item).to_contain_text("大声・怒声")
    await page.mouse.up()
    await expect(card).to_be_focused()
    await expect(item).to_contain_text("もっと大きな声")

    # Also where the press ends elsewhere.
    await hold_down(page, item.locator(".inbox-call"))
    await claim(url, "c.shouting.1")
    await expect(card.locator(".handling")).to_contain_text("木村 さくら")
    await expect(item).not_to_contain_text("木村 さくら")
    await page.mouse.move(0, 0)
    await page.mouse.up()
    await expect(item).to_contain_text("木村 さくら")
