"""False alarms by rule, and marks made after a call: on the page of the call, and on the list."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from playwright.async_api import expect
from sqlalchemy import select
from tests.dashboard.recorded.conftest import history_office
from tests.support.axe import assert_accessible
from tests.support.browser import chromium
from tests.support.heard_calls import add_heard
from tests.support.sign_in import client, sign_in_browser
from tests.support.stores import audited_until

from kikimori_records import call_notes
from kikimori_records.people import person_by_login
from kikimori_records.schema import call_notes as notes_table
from kikimori_records.upkeep import remove_too_old

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_false_alarm_is_marked_after_the_call_and_listed_by_rule(folder: Path) -> None:
    async with history_office(folder) as office, chromium() as browser:
        uid = await add_heard(office.store, folder, seconds=60)
        await add_heard(office.store, folder, "c-2", seconds=60, operator_number="301")
        await office.change("operator", team="sales", extensions=frozenset({"301"}))
        context = await browser.new_context(viewport={"width": 1366, "height": 768}, reduced_motion="reduce")
        await sign_in_browser(context)
        page = await context.new_page()
        await page.goto(f"{office.url}/history/{uid}?alert={uid}.refund.1")
        alert = page.locator(f'li[data-alert="{uid}.refund.1"]')
        await expect(alert).to_have_attribute("aria-current", "true")
        # A supervisor reads; who may play is said where the player would be.
        await expect(page.locator("#head .sound")).to_contain_text("相談窓口")
        await expect(page.locator("[data-name=play]")).to_be_hidden()
        await alert.get_by_role("button", name="誤検知").click()
        await alert.get_by_role("button", name="言葉の聞き間違い").click()
        await expect(alert).to_contain_text("誤検知: 言葉の聞き間違い（高橋 課長）")

        await page.goto(f"{office.url}/account")
        await page.get_by_role("link", name="誤検知").click()
        rule = page.locator("#rules [data-rule=refund]")
        await expect(rule).to_contain_text("誤検知 1件 ／ 記録された通話の警告 2件（50%）")
        await expect(rule).to_contain_text("言葉の聞き間違い 1件")
        await assert_accessible(page)
        await rule.locator("summary").click()
        await rule.get_by_role("link").click()
        await page.wait_for_url(f"**/history/{uid}?alert=*")
        await alert.get_by_role("button", name="取り消す").click()
        await expect(alert).to_have_attribute("data-false", "no")
        assert {each["action"] for each in await audited_until(office.store, "alert.", 2)} == {
            "alert.false",
            "alert.false_undo",
        }
        # Another team's calls are neither marked nor counted.
        await office.change("supervisor", team="billing")
        async with client(office.url) as http:
            async with http.get("/api/false-alarms?days=7") as answer:
                assert (await answer.json())["rules"] == []
            for days in ("seven", "0", "3661", "0000019999999999"):
                async with http.get(f"/api/false-alarms?days={days}") as answer:
                    assert answer.status == 422, days
            path = "/api/history/c-2.r1/alerts/c-2.r1.refund.1/false"
            while True:
                async with http.post(path, json={"reason": "misheard"}) as answer:
                    if answer.status == 404:
                        break


async def test_a_note_on_a_recorded_call_lasts_as_long_as_the_call(folder: Path) -> None:
    async with history_office(folder) as office:
        uid = await add_heard(office.store, folder, seconds=12)
        person = await person_by_login(office.store, "records")
        assert person is not None
        long_ago = datetime.now(UTC) - timedelta(days=100)
        for call_id in ("c-1", "other"):
            await call_notes.add_note(office.store, call_id, "折り返し済み", person.id, long_ago)
        await remove_too_old(office.store, datetime.now(UTC))
        async with client(office.url) as http, http.get(f"/api/history/{uid}/marks") as answer:
            assert [each["text"] for each in (await answer.json())["notes"]] == ["折り返し済み"]
        await office.erase(uid)
        async with office.store.read() as connection:
            assert (await connection.execute(select(notes_table))).all() == []
        async with client(office.url) as http, http.get(f"/api/history/{uid}/marks") as answer:
            assert answer.status == 404
