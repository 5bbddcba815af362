"""Ending a call on the pages: two people at two browsers, and the operator whose call it is."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from playwright.async_api import expect
from tests.dashboard.ending.ending_office import heard_call, propose
from tests.dashboard.test_supervisor_trust import SlowFeed
from tests.support.axe import assert_accessible
from tests.support.browser import chromium, dashboard, dashboard_settings
from tests.support.held_requests import hold
from tests.support.page_messages import watch_messages
from tests.support.sign_in import client, sign_in_browser
from tests.support.tones import COUNT_TONES

from kikimori_core.wire.messages import Action, Outcome, StopRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, Page
    from tests.support.mosquitto import Mosquitto
    from tests.support.peer_agent import PeerAgent

    from kikimori_records.store import Store

ONCE = (StopRequest(start_s=95.0, quote="大きな声はおやめください"),)


@asynccontextmanager
async def page_of(browser: Browser, address: str, login: str) -> AsyncIterator[Page]:
    """Return a page of somebody; any error of it, or message without a model, fails the test."""
    context = await browser.new_context(viewport={"width": 1366, "height": 768}, reduced_motion="reduce")
    await sign_in_browser(context, login)
    page = await context.new_page()
    faults: list[str] = []
    watch_messages(page, faults)
    page.on("pageerror", lambda error: faults.append(str(error)))
    await page.goto(address)
    yield page
    await context.close()
    assert faults == []


async def test_two_people_and_the_operator_end_a_call(url: str, agent: PeerAgent) -> None:
    await heard_call(url, agent, stop_requests=ONCE)
    await agent.alert("c")
    async with (
        chromium() as browser,
        page_of(browser, url, "supervisor") as first,
        page_of(browser, url, "both") as second,
        page_of(browser, f"{url}/operator?ext=201", "operator") as operator,
    ):
        await second.evaluate(COUNT_TONES)
        await first.locator("#panel [data-action=hang_up]").click()
        box = first.locator("#panel .ending")
        await box.locator("[data-act=reason-abuse]").click()
        await expect(box.locator(".ending-needs")).to_have_text("あと1回お願いしてから、同意できます。")
        await assert_accessible(first)
        await box.locator("input").fill("三度お願いした")
        await box.locator("[data-act=propose]").click()
        await expect(box).to_have_attribute("data-state", "proposed")
        await expect(box.locator("[data-act=agree]")).to_have_count(0)

        # The second person sees it whichever call they look at, and cannot agree before the customer was asked twice.
        banner = second.locator("#endings [data-ending=c]")
        await expect(banner).to_contain_text("高橋 課長さん: 暴言・大声・三度お願いした")
        await second.wait_for_function("window.tones.length >= 2")
        await assert_accessible(second)
        await banner.locator("button").click()
        agree = second.locator("#panel .ending [data-act=agree]")
        await expect(agree).to_be_disabled()
        await operator.locator(".ending [data-act=stop]").click()
        await expect(second.locator("#panel .ending-stops")).to_contain_text("やめるようお願い 2回")
        await assert_accessible(operator)
        await agree.click()
        await expect(banner).to_have_count(0)

        # The state survives a reload, and the operator has one sentence to say.
        await operator.reload()
        told = operator.locator(".ending")
        await expect(told).to_have_attribute("data-state", "agreed")
        await expect(told.locator("q")).to_contain_text("お電話を終了させていただきます")
        await expect(operator.locator(".say")).to_be_hidden()
        await assert_accessible(operator)
        await assert_accessible(first)
        await told.locator("[data-act=end]").click()
        command = await agent.command()
        assert command.action is Action.HANG_UP
        assert command.ending is not None
        assert (command.ending.proposed_by, command.ending.agreed_by) == ("高橋 課長", "木村 さくら")
        await agent.answer(command, Outcome.INSTRUCTED, detail="受話器を置いてください。")
        await expect(operator.locator(".say")).to_contain_text("受話器を置いてください。")


async def test_a_second_press_waits_until_the_page_knows_what_came_of_the_first(
    url: str, agent: PeerAgent
) -> None:
    """It would be refused: there is nothing to agree to any more."""
    await heard_call(url, agent)
    await agent.alert("c")
    async with (
        chromium() as browser,
        page_of(browser, "about:blank", "both") as page,
        client(url) as proposer,
    ):
        feed = SlowFeed()
        await feed.route(page)
        pressed = await hold(page, "**/ending/*/agree")
        await page.goto(url)
        await propose(proposer)
        await page.locator("#endings [data-ending=c] button").click()
        agree = page.locator("#panel .ending [data-act=agree]")
        await expect(agree).to_be_enabled()
        feed.late_s = 3.0
        await agree.click()
        async with page.expect_response("**/ending/*/agree"):
            await pressed.let_go()
        await page.evaluate("new Promise((done) => setTimeout(done))")
        await agree.evaluate("(button) => button.click()")
        await expect(page.locator("#panel .ending")).to_have_attribute("data-state", "agreed")
        assert pressed.taken == 1


async def test_an_operator_asks_and_is_refused(url: str, agent: PeerAgent) -> None:
    await heard_call(url, agent)
    await agent.alert("c")
    async with (
        chromium() as browser,
        page_of(browser, f"{url}/operator?ext=201", "operator") as operator,
        page_of(browser, url, "supervisor") as supervisor,
    ):
        await operator.locator("[data-act=ask_ending]").click()
        await operator.locator("[data-act=reason-demand]").click()
        await assert_accessible(operator)
        await operator.locator("[data-act=propose]").click()
        await expect(operator.locator(".ending-needs")).to_have_text("もう1人の同意を待っています。")
        await supervisor.locator("#endings button").click()
        await supervisor.locator("#panel [data-act=refuse]").click()
        await expect(operator.locator(".ending")).to_contain_text("高橋 課長さんは同意しませんでした。")
        await expect(operator.locator("[data-act=again]")).to_be_enabled()
        await assert_accessible(operator)
    assert agent.commands.empty()


async def test_one_person_reads_the_sentence_and_confirms(
    real: Mosquitto, store: Store, agent: PeerAgent
) -> None:
    settings = dashboard_settings(real.settings, ending={"people": 1, "confirm_after_s": 10})
    async with (
        dashboard(settings, store=store) as url,
        chromium() as browser,
        page_of(browser, url, "supervisor") as page,
    ):
        await heard_call(url, agent)
        await page.locator("#panel [data-action=hang_up]").click()
        await page.locator("[data-act=reason-abuse]").click()
        await page.locator("[data-act=propose]").click()
        confirm = page.locator("#panel .ending [data-act=agree]")
        await expect(confirm).to_be_disabled()
        await expect(page.locator("#panel .ending q")).to_contain_text("お電話を終了させていただきます")
        await confirm.click()  # waits until it may be pressed
        await page.locator("#panel .ending [data-act=end]").click()
        command = await agent.command()
        assert command.ending is not None
        assert command.ending.agreed_by == "高橋 課長"
        await agent.answer(command)
