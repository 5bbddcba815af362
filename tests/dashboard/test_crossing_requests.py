"""Requests of a page that cross: what was typed meanwhile stays, and of two answers that of the later request is shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from playwright.async_api import expect
from sqlalchemy import update
from tests.dashboard.recorded.conftest import history_office
from tests.support.axe import assert_accessible
from tests.support.browser import chromium
from tests.support.heard_calls import add_heard
from tests.support.held_answers import HeldAnswers
from tests.support.json_requests import post
from tests.support.office import CAN_EVERYTHING
from tests.support.sign_in import client, sign_in_browser

from kikimori_core.wire.messages import Action, ButtonEvidence, ClosedBecause, Party, Severity
from kikimori_records.schema import false_alarms

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Locator, Page, Route
    from tests.support.peer_agent import PeerAgent

    from kikimori_core.wire.messages import Alert

SATO = Party(number="204", name="佐藤 美咲")
NOTE = "この通話へのメモ"


async def called(agent: PeerAgent, call_id: str) -> Alert:
    """Begin a call of extension 204 whose operator has called for help."""
    await agent.call(call_id, operator=SATO, **CAN_EVERYTHING)
    pressed = ButtonEvidence(start_s=205, end_s=205, source="page", pressed_by="operator")
    return await agent.alert(
        call_id, rule="escalate", kind="escalate", severity=Severity.CRITICAL, evidence=(pressed,)
    )


async def test_a_reason_waits_for_no_answer_of_the_call_before(
    agent: PeerAgent, url: str, page: Page
) -> None:
    await page.route("**/api/calls/before/commands", lambda _: None)  # no answer comes
    await called(agent, "before")
    await page.goto(f"{url}/operator?ext=204")
    async with page.expect_request("**/api/calls/before/commands", timeout=60_000):
        await page.get_by_role("button", name="脅し・身の危険").click()
    await agent.end_call("before")
    await expect(page.locator(".idle")).to_be_visible()
    await called(agent, "c")
    await page.get_by_role("button", name="脅し・身の危険").click()
    command = await agent.command()
    assert (command.call_id, command.reason) == ("c", "threat")


async def test_a_reason_calls_for_no_help_that_was_taken_back(agent: PeerAgent, url: str, page: Page) -> None:
    """It was chosen before, and would have been sent once the last one was answered."""
    alert = await called(agent, "c")
    await page.goto(f"{url}/operator?ext=204")
    await page.get_by_role("button", name="脅し・身の危険").click()
    first = await agent.command()
    await page.get_by_role("button", name="暴言・大声").click()
    await page.get_by_role("button", name="応援の呼び出しを取り消す").click()
    back = await agent.command()
    assert (first.reason, back.action) == ("threat", Action.ESCALATE_CANCEL)
    held = await HeldAnswers.of(page, "**/api/calls/c/commands", "POST")
    await agent.answer(first)
    await agent.answer(back)
    await agent.close_alert(alert, ClosedBecause.HELP_CANCELLED)
    await page.get_by_role("button", name="応援を呼ぶ").click()
    again = await agent.command()
    assert (again.action, again.reason) == (Action.ESCALATE, None)
    await agent.answer(again)
    await held.let_through()


async def test_the_button_of_a_try_keeps_the_focus(agent: PeerAgent, url: str, page: Page) -> None:
    await page.goto(f"{url}/operator?ext=204")
    await expect(page.locator("#watch")).to_have_text("待機中")
    held = await HeldAnswers.of(page, "**/api/reach", "POST")
    button = page.locator("[data-act=try]")
    await button.focus()
    await page.keyboard.press("Enter")
    await expect(button).to_have_attribute("aria-busy", "true")
    await expect(button).to_be_focused()
    await page.keyboard.press("Enter")
    await held.let_through()
    await expect(page.locator(".tried")).to_be_visible()
    await expect(button).to_be_focused()
    assert agent.commands.empty()


async def test_a_note_typed_while_the_last_is_on_its_way_stays(
    agent: PeerAgent, url: str, page: Page
) -> None:
    await agent.call("c", operator=SATO)
    await page.goto(url)
    held = await HeldAnswers.of(page, "**/api/calls/c/notes", "POST")
    await write_twice(page, page.locator("#panel .notes-list li"), held)
    # What could not be written comes back before what was typed since.
    await page.unroute_all()

    async def refuse(route: Route) -> None:
        await field.fill("10時")
        await route.abort()

    await page.route("**/api/calls/c/notes", refuse)
    field = page.get_by_label(NOTE)
    await field.fill("上席了承")
    await field.press("Enter")
    await expect(field).to_have_value("上席了承 10時")


async def write_twice(page: Page, notes: Locator, held: HeldAnswers) -> None:
    """Write a note with Enter pressed twice, type the next one before it is answered, and write that too."""
    field = page.get_by_label(NOTE)
    await field.fill("折り返し約束済み")
    await field.press("Enter")
    await field.press("Enter")
    await held.come()
    await field.fill("部長に報告")
    await held.let_through()
    await expect(notes.filter(has_text="折り返し約束済み")).to_have_count(1)
    await expect(field).to_have_value("部長に報告")
    await field.press("Enter")
    await held.let_through()
    await expect(notes.filter(has_text="部長に報告")).to_have_count(1)
    await expect(notes).to_have_count(2)
    await expect(field).to_have_value("")


async def test_sentences_of_a_language_that_was_left_again_are_not_shown(
    agent: PeerAgent, url: str, page: Page
) -> None:
    await agent.call("c", operator=SATO)
    await agent.alert("c")
    await page.goto(f"{url}/operator?ext=204")
    say = page.locator(".say .quote")
    await expect(say).to_contain_text("お話を伺っております")
    held = await HeldAnswers.of(page, "**/api/sentences/en")
    await page.locator("#language").click()
    await held.come()
    async with page.expect_response("**/api/sentences/ja", timeout=60_000):
        await page.locator("#language").click()
    await held.let_through()
    await agent.call("c", queue="受付")
    await expect(page.locator("#language")).to_have_text("English")
    await expect(say).to_contain_text("お話を伺っております")


async def history_page(browser: Any, login: str) -> Page:
    context = await browser.new_context(viewport={"width": 1366, "height": 768}, reduced_motion="reduce")
    await sign_in_browser(context, login)
    page: Page = await context.new_page()
    return page


async def test_marks_that_were_read_before_a_press_do_not_take_it_back(tmp_path: Path) -> None:
    async with history_office(tmp_path) as office, chromium() as browser:
        uid = await add_heard(office.store, tmp_path, seconds=12)
        page = await history_page(browser, "records")
        await page.clock.install()
        await page.goto(f"{office.url}/history/{uid}")
        notes = page.locator(".notes-list li")
        await expect(notes).to_have_text(["メモはまだありません。"])
        await write_twice(page, notes, await HeldAnswers.of(page, f"**/history/{uid}/notes", "POST"))
        read_before = await HeldAnswers.of(page, f"**/history/{uid}/marks")
        await page.clock.fast_forward(10_000)
        await read_before.come()
        await page.get_by_role("button", name="確認済みにする").click()
        await read_before.come(2)
        await read_before.let_through(newest=True)
        state = page.locator(".review .state")
        await expect(state).to_contain_text("あなたが確認")
        await read_before.let_through()
        assert "あなたが確認" in await state.inner_text()


async def test_what_is_not_known_yet_cannot_be_pressed(tmp_path: Path) -> None:
    async with history_office(tmp_path) as office, chromium() as browser:
        uid = await add_heard(office.store, tmp_path, seconds=12)
        page = await history_page(browser, "records")
        held = await HeldAnswers.of(page, f"**/history/{uid}/marks")
        await page.goto(f"{office.url}/history/{uid}")
        await expect(page.locator("#head")).to_contain_text("架空太郎")
        await held.come()
        await expect(page.get_by_label(NOTE)).to_be_hidden()
        await assert_accessible(page)
        await held.let_through()
        await expect(page.get_by_label(NOTE)).to_be_visible()


async def test_a_call_that_was_read_before_it_was_erased_is_not_shown_again(tmp_path: Path) -> None:
    async with history_office(tmp_path) as office, chromium() as browser:
        uid = await add_heard(office.store, tmp_path, seconds=30)
        page = await history_page(browser, "records")
        await page.goto(f"{office.url}/history/{uid}")
        await expect(page.locator("#head")).to_contain_text("架空太郎")
        await page.route(f"**/history/{uid}/sound", lambda route: route.abort())
        read_before = await HeldAnswers.of(page, f"**/api/history/{uid}")
        await page.get_by_role("button", name="再生").click()
        await read_before.come()
        await office.erase(uid)
        await read_before.come(2)
        await read_before.let_through(newest=True)
        await expect(page.locator("#head")).not_to_contain_text("架空太郎")
        await expect(page.locator(".line")).to_have_count(0)
        await read_before.let_through()
        assert await page.locator(".line").count() == 0
        await expect(page.locator("#head")).not_to_contain_text("架空太郎")


async def test_the_list_is_of_the_days_that_were_chosen_last(tmp_path: Path) -> None:
    async with history_office(tmp_path) as office, chromium() as browser:
        uid = await add_heard(office.store, tmp_path, seconds=60)
        async with client(office.url) as http:
            path = f"/api/history/{uid}/alerts/{uid}.refund.1/false"
            assert (await post(http, path, {"reason": "misheard"}))[0] == 200
        async with office.store.begin() as connection:
            await connection.execute(update(false_alarms).values(at=datetime.now(UTC) - timedelta(days=20)))
        page = await history_page(browser, "supervisor")
        await page.goto(f"{office.url}/false-alarms")
        rule = page.locator("#rules [data-rule=refund]")
        await expect(rule).to_have_count(1)
        of_more = await HeldAnswers.of(page, "**/api/false-alarms?days=90")
        await page.locator("#days").select_option("90")
        await of_more.come()
        await page.locator("#days").select_option("7")
        await expect(rule).to_have_count(0)
        await of_more.let_through()
        assert await rule.count() == 0
