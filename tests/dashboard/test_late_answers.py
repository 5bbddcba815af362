"""Answers that come late, or in another order than they were asked for: what was asked last is shown, and nothing typed is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect
from tests.support.held_requests import hold
from tests.support.json_requests import get
from tests.support.sign_in import client, sign_in_page

from kikimori_records.audit import log
from kikimori_records.audit.entry import ActorKind, AuditEntry

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Page

    from kikimori_records.store import Store

START = datetime(2026, 4, 1, tzinfo=UTC)


async def write_entries(store: Store, count: int, name: str = "佐藤") -> None:
    for number in range(count):
        at = START + timedelta(minutes=number)
        await log.append(store, AuditEntry("session.begin", ActorKind.PERSON, name, "p", at=at))


@pytest.mark.parametrize(
    ("path", "login"), [("/history", "records"), ("/audit", "admin"), ("/kiosk", "admin")]
)
async def test_a_form_is_shown_once_the_page_hears_what_is_entered(
    path: str, login: str, url: str, page: Page
) -> None:
    """Entered before that, the browser itself would send it, and load the page with empty fields."""
    await sign_in_page(page, login)
    held = await hold(page, "**/static/i18n/*.json")
    await page.goto(f"{url}{path}", wait_until="commit")
    await expect(page.locator("#form")).to_be_attached()
    await expect(page.locator("#form")).to_be_hidden()
    await held.let_go()
    await expect(page.locator("#form")).to_be_visible()


async def test_a_filter_that_is_entered_while_the_list_loads_is_answered(
    url: str, store: Store, page: Page
) -> None:
    await write_entries(store, 3)
    await write_entries(store, 1, "鈴木")
    await sign_in_page(page, "admin")
    held = await hold(page, "**/api/audit?*")
    await page.goto(f"{url}/audit")
    everything = await held.next()
    await page.get_by_label("だれが").fill("鈴木")
    await page.keyboard.press("Enter")
    few = await held.next()
    await few.continue_()
    entries = page.locator("#entries li")
    await expect(entries).to_have_count(1)
    async with page.expect_response("**/api/audit?"):
        await everything.continue_()
    await expect(entries).to_have_count(1)
    await expect(entries).to_contain_text("鈴木")


async def test_more_that_is_pressed_twice_is_added_once(url: str, store: Store, page: Page) -> None:
    await write_entries(store, 130)
    await sign_in_page(page, "admin")
    await page.goto(f"{url}/audit")
    entries = page.locator("#entries li")
    await expect(entries).to_have_count(100)
    held = await hold(page, "**/api/audit?*before=*")
    more = page.get_by_role("button", name="さらに前を表示")
    await more.click()
    await more.click()
    for each in (await held.next(), await held.next()):
        async with page.expect_response("**/api/audit?*before=*"):
            await each.continue_()
    await expect(more).to_be_hidden()
    await expect(entries).to_have_count(130)


async def test_the_list_of_the_days_that_were_chosen_last_is_shown(url: str, page: Page) -> None:
    await page.goto(f"{url}/false-alarms")
    await expect(page.locator("#none")).to_be_visible()
    held = await hold(page, "**/api/false-alarms?*")
    rules = {"rule": "refund", "title": {"ja": "返金"}, "alerts": 2, "false": 1, "reasons": {}, "marks": []}
    days = page.locator("#days")
    await days.select_option("365")
    year = await held.next()
    await days.select_option("7")
    week = await held.next()
    await week.fulfill(json={"days": 7, "rules": [], "reasons": {}})
    async with page.expect_response("**/api/false-alarms?days=365"):
        await year.fulfill(json={"days": 365, "rules": [rules], "reasons": {}})
    await expect(page.locator("#none")).to_be_visible()
    await expect(page.locator("#rules li")).to_have_count(0)


async def test_a_language_that_is_chosen_twice_in_a_row_is_the_one_of_before(url: str, page: Page) -> None:
    await sign_in_page(page, "admin")
    await page.goto(f"{url}/account")
    await expect(page.locator("#language")).to_have_text("English")
    held = await hold(page, "**/static/i18n/*.json")
    for _ in range(2):
        await page.locator("#language").click()
    for each in (await held.next(), await held.next())[::-1]:
        async with page.expect_response("**/static/i18n/*.json"):
            await each.continue_()
    await expect(page.locator("#title")).to_have_text("アカウント")
    assert await page.evaluate("localStorage.getItem('kikimori.language')") == "ja"


async def test_a_language_is_kept_though_the_page_is_left_at_once(url: str, page: Page) -> None:
    await sign_in_page(page, "admin")
    await page.goto(f"{url}/account")
    await expect(page.locator("#language")).to_have_text("English")
    held = await hold(page, "**/static/i18n/en.json")
    await page.locator("#language").click()
    await held.next()
    await page.goto(f"{url}/audit", wait_until="commit")
    await held.let_go()
    await expect(page.locator("#title")).to_have_text("Audit")


async def test_what_is_saved_is_shown_though_its_dialog_was_closed_meanwhile(url: str, page: Page) -> None:
    await sign_in_page(page, "admin")
    await page.goto(f"{url}/people#superiors")
    await page.locator("[data-act=add]").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("氏名").fill("部長 高橋")
    await dialog.get_by_label("番号").fill("220")
    held = await hold(page, "**/api/superiors")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await held.let_go()
    await expect(page.locator("[data-superior]").filter(has_text="部長 高橋")).to_have_count(1)


async def test_a_superior_who_is_moved_twice_in_a_row_goes_up_by_two(url: str, page: Page) -> None:
    async with client(url, "admin") as admin:
        for number in ("210", "220", "230"):
            async with admin.post(
                "/api/superiors", json={"name": f"課長 {number}", "number": number}
            ) as answer:
                assert answer.status == 200
    await sign_in_page(page, "admin")
    await page.goto(f"{url}/people#superiors")
    last = page.locator("[data-superior]").filter(has_text="課長 230")
    held = await hold(page, "**/api/superiors/order")
    for _ in range(2):
        await last.get_by_role("button", name="上へ").click()
    await held.let_go()
    await expect(page.locator("[data-superior]").first).to_contain_text("1. 課長 230")
    async with client(url, "admin") as admin:
        found = (await get(admin, "/api/superiors"))["superiors"]
    assert [each["number"] for each in found] == ["230", "210", "220"]


async def test_a_file_that_is_chosen_while_another_is_taken_in_waits_for_its_own_press(
    url: str, page: Page, tmp_path: Path
) -> None:
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    for number, file in ((1, first), (2, second)):
        file.write_text(f"電話番号,お客様名\n03-1111-000{number},商店{number}\n", encoding="utf-8")
    await sign_in_page(page, "records")
    await page.goto(f"{url}/customers")
    await page.locator("#file").set_input_files(first)
    await expect(page.locator("#plan")).to_contain_text("追加: 商店1")
    held = await hold(page, "**/api/customers/import?dry_run=0")
    await page.get_by_role("button", name="この内容で取り込む").click()
    importing = await held.next()
    await expect(page.locator("#plan")).to_be_empty()
    await page.locator("#file").set_input_files(second)
    await expect(page.locator("#plan")).to_contain_text("追加: 商店2")
    await importing.continue_()
    await expect(page.locator("#done")).to_contain_text("追加 1件")
    await expect(page.locator("#plan")).to_contain_text("追加: 商店2")
    assert held.none
    second_import = page.get_by_role("button", name="この内容で取り込む")
    await second_import.click()
    await (await held.next()).continue_()
    await expect(page.locator("#list tbody tr")).to_have_count(2)
