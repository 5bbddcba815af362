"""States of the supervisor's and the operator's page, held against axe-core."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.async_api import expect
from tests.support.accessibility_tree import (
    OUT_OF_REACH,
    accessibility_tree,
    listen,
    nameless,
    said_aloud,
)
from tests.support.axe import assert_accessible
from tests.support.office import leg
from tests.support.sign_in import sign_in_page

from kikimori_core.wire.messages import CallStatus, Outcome, Party, Role

if TYPE_CHECKING:
    from playwright.async_api import Page
    from tests.support.peer_agent import PeerAgent


MOVING = "() => document.getAnimations().filter((each) => each.playState === 'running').length"


async def test_the_supervisors_page_from_empty_to_blind(url: str, page: Page, agent: PeerAgent) -> None:
    await page.goto(url)
    await expect(page.locator("#link")).to_have_attribute("data-mood", "good")
    await assert_accessible(page)
    for number in range(1, 8):
        await agent.call(f"c{number}", operator=Party(number=str(200 + number), name="佐藤 美咲"))
    for turn in range(39):
        role = Role.OPERATOR if turn % 2 else Role.CUSTOMER
        await agent.say("c1", role, "先月の請求が高いので、理由を教えてほしいんです", 4 + 4 * turn)
    await agent.say("c1", Role.CUSTOMER, "責任者を出せと言っているだろう", 190)
    await agent.levels(c1=(leg(-14, over=12, effort=0.9), leg(-30)))
    await expect(page.locator("#rows")).to_contain_text("佐藤 美咲")
    await assert_accessible(page)
    await listen(page)
    await agent.alert("c1")
    await expect(page.locator("#cards [data-call=c1]")).to_be_visible()
    for level in range(-20, -10):  # ten levels a second are no news
        await agent.levels(c1=(leg(level, over=12, effort=0.9), leg(-30)))
    await expect(page.locator("#cards [data-call=c1] .meter").first).to_contain_text("+12")
    assert await said_aloud(page) == ["至急 要確認。佐藤 美咲。大声・怒声"]
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await expect(page.locator("#panel")).to_contain_text("責任者を出せ")
    await assert_accessible(page)
    for number in range(2, 8):
        await agent.alert(f"c{number}")
    await agent.call("c6", status=CallStatus.ON_HOLD)
    await expect(page.locator("#cards .card[data-call]")).to_have_count(6)
    assert await nameless(page) == []
    cards = [name for role, name in await accessibility_tree(page) if role == "article"]
    assert cards == [f"佐藤 美咲 内線 {200 + number}" for number in range(1, 7)]
    await page.locator("#cards [data-call=c1] .primary").first.click()
    command = await agent.command()
    await assert_accessible(page)
    await expect(page.locator("#cards [data-call=c1] .primary[aria-busy]")).to_be_visible()
    await page.emulate_media(reduced_motion="no-preference")
    assert await page.evaluate(MOVING) > 0
    await page.emulate_media(reduced_motion="reduce")
    assert await page.evaluate(MOVING) == 0
    await agent.answer(command, Outcome.FAILED, reason="pbx_error")
    await expect(page.locator("#cards [data-call=c1] .result")).to_be_visible()
    await page.locator("#cards [data-call=c1]").get_by_role("button", name="そのほかの操作").click()
    assert await page.evaluate(OUT_OF_REACH) == []
    await assert_accessible(page)
    await page.keyboard.press("Escape")
    await page.locator("#switch button").last.click()
    await expect(page.locator(".tiles .tile")).to_have_count(7)
    assert await page.evaluate(OUT_OF_REACH) == []
    await assert_accessible(page)
    await page.locator("#switch button").first.click()
    await page.mouse.move(0, 0)  # nothing moves under the pointer
    agent.abort()
    await expect(page.locator("#banners")).not_to_be_empty()
    await assert_accessible(page)
    await page.context.set_offline(offline=True)
    await expect(page.locator("#link")).not_to_have_attribute("data-mood", "good")
    await assert_accessible(page, online=False)


async def test_the_operators_page_from_idle_to_a_failed_call_for_help(
    url: str, page: Page, agent: PeerAgent
) -> None:
    await sign_in_page(page, "both")
    await page.goto(f"{url}/operator?ext=205")
    await expect(page.locator("#main")).to_contain_text("205")
    await assert_accessible(page)
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="キー操作")).to_contain_text("応援を呼ぶ")
    await page.keyboard.press("Escape")
    await agent.call("c", operator=Party(number="205", name="木村 さくら"))
    button = page.get_by_role("button", name="応援を呼ぶ")
    await expect(button).to_be_enabled()
    await listen(page)
    await agent.alert("c")
    await expect(page.locator(".say")).to_contain_text("次のひとこと")
    said = await said_aloud(page)
    assert len(said) == 1, "the sentence to say, once"
    assert "次のひとこと" in said[0]
    await assert_accessible(page)
    assert await nameless(page) == []
    assert await page.evaluate(OUT_OF_REACH) == []
    await button.click()
    command = await agent.command()
    await assert_accessible(page)
    await agent.answer(command, Outcome.FAILED, reason="pbx_error")
    await expect(page.get_by_role("alert")).to_be_visible()
    await assert_accessible(page)
