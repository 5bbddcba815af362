"""The history: over HTTP by role, and as a page in a real browser."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from playwright.async_api import expect
from tests.dashboard.test_audit_page import noted
from tests.support.axe import assert_accessible
from tests.support.json_requests import post
from tests.support.said_calls import fill_index, keep_said, said_call
from tests.support.sign_in import client, sign_in_page

from kikimori_records.audit.queries import AuditFilter, newest
from kikimori_records.people import person_by_login
from kikimori_records.reviews import ReviewedKind, mark_reviewed
from kikimori_records.search import finding
from kikimori_records.search.filling import IndexFilling

if TYPE_CHECKING:
    import pytest
    from playwright.async_api import Page, Route

    from kikimori_records.store import Store

AT = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
EVIL = "=1+1<img src=x onerror=alert(1)>"


async def keep_office(store: Store) -> None:
    """Sixty calls of no team, and one of the team 配送."""
    await fill_index(store)
    await keep_said(
        store,
        *(
            said_call(f"c{at:02}", "お待ちください", at=AT + timedelta(minutes=at), operator_name="佐藤 美咲")
            for at in range(60)
        ),
        said_call(
            "evil", "返金しろ。何回言わせるんだ", "できかねます", at=AT + timedelta(hours=2), kind="repeated",
            caller_name=EVIL, heard_s=2000.0, worst="warning",
        ),
        said_call("other", "返金してください", at=AT + timedelta(hours=3), team="配送", operator_number="300"),
    )  # fmt: skip


async def ask(url: str, login: str, path: str = "find", **asked: Any) -> tuple[int, Any]:
    async with client(url, login) as http:
        return await post(http, f"/api/history/{path}", asked)


async def asked_by(store: Store, name: str) -> list[Any]:
    """Conditions of somebody's searches in the audit."""
    found = await newest(store, AuditFilter(action="history.find", actor=name))
    return [each.entry.details["asked"] for each in found]


async def test_each_role_finds_what_it_may_read(url: str, store: Store) -> None:
    await keep_office(store)
    supervisor = await person_by_login(store, "supervisor")
    assert supervisor is not None
    async with client(url, "admin") as http:
        assert (await post(http, f"/api/people/{supervisor.id}", {"team": "窓口"}))[0] == 200
    status, found = await ask(url, "records", words="返金", caller="09012345678")
    assert (status, [each["uid"] for each in found["calls"]]) == (200, ["other.r1", "evil.r1"])
    assert found["calls"][1]["lines"] == [
        {"line": 10, "role": "customer", "start_s": 0.0,
         "parts": [{"text": "返金", "marked": True}, {"text": "しろ。何回言わせるんだ", "marked": False}]}
    ]  # fmt: skip
    async with asyncio.timeout(60):  # other dashboards read the change of the team by and by
        while len((await ask(url, "supervisor", words="返金"))[1]["calls"]) > 1:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    _, found = await ask(url, "supervisor", words="返金")
    assert [each["uid"] for each in found["calls"]] == ["evil.r1"]
    assert await ask(url, "supervisor", "count") == (200, {"count": 61, "more": False})
    assert (await ask(url, "supervisor", "export"))[0] == 403
    for wrong in (
        {"since": "yesterday"},
        {"at_least_s": 7},
        {"before": -1},
        {"words": "x" * 201},
        {"who": "x"},
    ):
        assert (await ask(url, "records", **wrong))[0] == 422, wrong
    # The day is the office's: 01:00 in London is 10:00 of it.
    _, found = await ask(url, "records", since="2026-11-20T11:30", until="2026-11-20", kind="repeated")
    assert [each["uid"] for each in found["calls"]] == ["evil.r1"]
    asked = [
        {"words": "返金", "caller": True},
        {"since": "2026-11-20T11:30", "until": "2026-11-20", "kind": "repeated"},
    ]
    async with asyncio.timeout(60):  # written in the background; whose number it was stands nowhere
        while not {repr(each) for each in asked} <= set(map(repr, await asked_by(store, "相談 窓口"))):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    async with (
        client(url, "records") as http,
        http.post("/api/history/export", json={"words": "返金"}) as answer,
    ):
        rows = list(csv.reader(io.StringIO((await answer.read()).decode("utf-8-sig"))))
    assert rows[0][0] == "日時"
    assert rows[2][0] == "2026-11-20 12:00:00"
    assert rows[2][5] == f"'{EVIL}"
    assert rows[2][10] == "返金しろ。何回言わせるんだ"
    assert (await noted(store, "history.export")).details == {"asked": {"words": "返金"}}


async def test_a_search_shows_no_call_that_may_not_be_opened(url: str, store: Store) -> None:
    """Nobody is known to have sat at 300, whose calls are those of the team 配送 today."""
    await fill_index(store)
    await keep_said(
        store,
        said_call("theirs", "返金してください", operator_number="300"),
        said_call("of_none", "返金してください", at=AT, operator_number="204"),
    )
    supervisor = await person_by_login(store, "supervisor")
    assert supervisor is not None
    async with client(url, "admin") as http:
        assert (await post(http, f"/api/people/{supervisor.id}", {"team": "窓口"}))[0] == 200
        new = {"name": "小川", "roles": ["operator"], "extensions": "300", "team": "配送"}
        assert (await post(http, "/api/people", new))[0] == 200
    async with client(url) as http, asyncio.timeout(60):
        while True:  # the dashboard reads the change by and by
            async with http.get("/api/history/theirs.r1") as answer:
                if answer.status == 404:
                    break
    for asked in ({"words": "返金"}, {}):
        _, found = await ask(url, "supervisor", **asked)
        assert [each["uid"] for each in found["calls"]] == ["of_none.r1"]
        assert await ask(url, "supervisor", "count", **asked) == (200, {"count": 1, "more": False})
    _, found = await ask(url, "records", words="返金")
    assert len(found["calls"]) == 2


async def test_how_a_call_ended_is_chosen_in_words(url: str, store: Store, page: Page) -> None:
    await fill_index(store)
    await keep_said(
        store, said_call("taken", "責任者を出せ", outcome="transferred"), said_call("calm", "はい")
    )
    await sign_in_page(page, "records")
    await page.goto(f"{url}/history")
    await expect(page.locator("#exact-title")).to_have_text("2件")
    await page.get_by_label("終わり方").select_option("上席に交代")
    await page.get_by_role("button", name="探す").click()
    await expect(page.locator("#exact-title")).to_have_text("1件")
    await expect(page.locator("#exact-calls > li")).to_have_attribute("data-uid", "taken.r1")
    await page.get_by_role("button", name="English").click()
    await expect(page.get_by_label("How it ended").locator("option:checked")).to_have_text(
        "a superior took over"
    )


async def test_an_empty_history_says_what_is_missing(url: str, store: Store, page: Page) -> None:
    """Nothing recorded yet is another thing than nothing found, and each says what can be done."""
    await fill_index(store)
    await sign_in_page(page, "records")
    await page.goto(f"{url}/history")
    title, hint = page.locator("#exact-title"), page.locator("#exact-hint")
    await expect(title).to_have_text("見られる通話の記録はまだありません。")
    await expect(hint).to_contain_text("管理者が「録音」の画面で")
    await keep_said(store, said_call("calm", "はい"))
    await page.get_by_role("searchbox").fill("責任者")
    await page.keyboard.press("Enter")
    await expect(title).to_have_text("見つかりませんでした。")
    await expect(hint).to_have_text("言葉を短くするか、絞り込みの条件を減らしてください。")
    await assert_accessible(page)
    await page.get_by_role("button", name="English").click()
    await expect(hint).to_have_text("Try a shorter word, or fewer conditions.")
    await page.get_by_role("button", name="Clear").click()
    await expect(title).to_have_text("1 found")
    await expect(hint).to_be_hidden()


async def test_the_page_by_keyboard_in_both_languages(url: str, store: Store, page: Page) -> None:
    await keep_office(store)
    person = await person_by_login(store, "records")
    assert person is not None
    await mark_reviewed(store, ReviewedKind.CALL, "c00.r1", call_id="c00", person_id=person.id, at=AT)
    await sign_in_page(page, "records")
    await page.goto(f"{url}/account")
    answered = asyncio.Event()

    async def late(route: Route) -> None:
        await answered.wait()
        await route.continue_()

    await page.route("**/api/history/choices", late)
    await page.get_by_role("link", name="履歴").click()
    # Before the first answer the page neither says that nothing is found, nor takes what it would lose.
    await expect(page.locator("#exact-title")).to_have_text("探しています…")
    await expect(page.locator("#form")).to_be_hidden()
    answered.set()
    await expect(page.locator("#exact-title")).to_have_text("62件")
    rows = page.locator("#exact-calls > li")
    await expect(rows).to_have_count(50)
    await page.get_by_role("button", name="さらに前を表示").click()
    await expect(rows).to_have_count(62)
    await assert_accessible(page)

    await page.keyboard.press("/")
    await page.keyboard.type("返金")
    await page.keyboard.press("Enter")
    await expect(page.locator("#exact-title")).to_have_text("2件")
    await expect(rows.nth(1).locator("mark")).to_have_text("返金")
    await expect(rows.nth(1)).to_contain_text("▲ 要確認")
    await expect(rows.nth(1).locator(".why")).to_have_text("同じ要求の繰り返し")
    await expect(rows.nth(1)).to_contain_text(EVIL)
    assert await page.locator("#exact-calls img").count() == 0
    await page.locator("h1").click()
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await expect(rows.nth(1).locator(".call > a")).to_be_focused()
    # Enter opens the call, and so does a click anywhere in its row.
    opened = re.compile(rf"/history/{await rows.nth(1).get_attribute('data-uid')}$")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(opened)
    await page.go_back()
    await rows.nth(1).locator(".length").click()
    await expect(page).to_have_url(opened)
    await page.go_back()
    await expect(rows).to_have_count(2)
    async with page.expect_download() as download:
        await page.get_by_role("button", name="CSVで書き出す").click()
    assert (await download.value).suggested_filename == "kikimori-history.csv"

    await page.get_by_role("searchbox").fill("へんきん")
    await page.keyboard.press("Enter")
    await expect(page.locator("#exact-title")).to_have_text("見つかりませんでした。")
    await expect(page.locator("#alike-title")).to_have_text("音だけが同じ言葉　2件")
    await expect(page.locator("#alike-calls mark").first).to_have_text("返金")

    await page.set_viewport_size({"width": 390, "height": 844})
    await page.emulate_media(color_scheme="dark")
    await page.reload()
    # What was asked is there again.
    await expect(page.locator("#alike-title")).to_have_text("音だけが同じ言葉　2件")
    assert page.url == f"{url}/history"
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await assert_accessible(page)
    await page.get_by_role("button", name="条件を消す").click()
    await page.get_by_text("絞り込み").click()
    await page.get_by_label("確認").select_option("私が確認済み")
    await page.get_by_role("button", name="探す").click()
    await expect(page.locator("#exact-title")).to_have_text("1件")
    await expect(rows.first).to_contain_text("✓ 確認済み")
    await expect(page.locator("#outcome-field")).to_be_hidden()
    # What narrows the found calls is never hidden.
    await page.reload()
    await expect(page.locator("#exact-title")).to_have_text("1件")
    await expect(page.get_by_label("確認")).to_be_visible()
    await page.get_by_role("button", name="条件を消す").click()
    await page.set_viewport_size({"width": 1366, "height": 768})
    await page.reload()
    await expect(page.locator("#exact-title")).to_have_text("62件")
    await expect(page.get_by_label("確認")).to_be_hidden()
    bottom = await rows.nth(3).evaluate("row => row.getBoundingClientRect().bottom")
    assert bottom < 768, "four calls on a small screen before anybody scrolls"
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.get_by_role("button", name="English").click()
    await expect(page.get_by_role("heading", name="History")).to_be_visible()
    await expect(page.locator("#exact-title")).to_have_text("62 found")


async def test_a_search_before_the_index_is_full_says_so_and_finds_older_calls_as_they_come(
    url: str, store: Store, page: Page
) -> None:
    """Nothing found among the calls that are ready is no answer: the page says it in both languages, and asks again."""
    await keep_said(
        store,
        *(said_call(f"o{at:02}", "返金しろ", at=AT + timedelta(minutes=at)) for at in range(60)),
    )
    filling = IndexFilling(store)
    await filling.fill_some()  # nobody knows of which version the index is: it is emptied
    await sign_in_page(page, "records")
    await page.goto(f"{url}/history")
    title, notice = page.locator("#exact-title"), page.get_by_role("status")
    await page.get_by_role("searchbox").fill("返金")
    await page.keyboard.press("Enter")
    await expect(title).to_have_text("まだ見つかっていません。")
    await expect(notice).to_contain_text("古い通話は検索の準備中で、まだ探せていません")
    await expect(page.locator("#exact-hint")).to_be_hidden()
    await assert_accessible(page)
    await page.get_by_role("button", name="English").click()
    await expect(title).to_have_text("Nothing found so far.")
    await expect(notice).to_contain_text("Older calls are still being made ready")
    await page.get_by_role("button", name="日本語").click()

    await filling.fill_some()
    await expect(title).to_have_text("10件")
    await expect(notice).to_contain_text("まだ探せていません")
    newest = page.locator("#exact-calls > li .call > a").first
    await newest.focus()
    await fill_index(store)
    await expect(title).to_have_text("60件")
    await expect(notice).to_be_empty()
    await expect(newest).to_be_focused()
    await page.get_by_role("searchbox").fill("弁償")
    await page.keyboard.press("Enter")
    await expect(title).to_have_text("見つかりませんでした。")


async def test_the_number_changes_without_a_gap_while_the_index_fills(
    url: str, store: Store, page: Page
) -> None:
    """Of more calls than a page holds: the number stays until the server has told the next one."""
    await keep_said(
        store,
        *(said_call(f"o{at:03}", "返金しろ", at=AT + timedelta(minutes=at)) for at in range(100)),
    )
    filling = IndexFilling(store)
    await filling.fill_some()
    for _ in range(6):
        await filling.fill_some()
    await sign_in_page(page, "records")
    await page.goto(f"{url}/history")
    title = page.locator("#exact-title")
    await page.get_by_role("searchbox").fill("返金")
    await page.keyboard.press("Enter")
    await expect(title).to_have_text("60件")
    await title.evaluate(
        """(title) => {
          window.titles = [];
          new MutationObserver(() => window.titles.push(title.textContent)).observe(title, { childList: true, characterData: true, subtree: true });
        }"""
    )
    await filling.fill_some()
    await expect(title).to_have_text("70件")
    await fill_index(store)
    await expect(title).to_have_text("100件")
    await expect(page.get_by_role("status")).to_be_empty()
    titles: list[str] = await page.evaluate("window.titles")
    assert set(titles) <= {"70件", "100件"}, titles


async def test_older_calls_that_were_not_looked_at_are_not_said_to_hold_nothing(
    url: str, store: Store, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server looks at so many calls for a page; the rest is behind the button, also where the first held nothing."""
    monkeypatch.setattr(finding, "MOST_LOOKED_AT", 1)
    await fill_index(store)
    await keep_said(
        store,
        said_call("said", "返金しろ", at=AT),
        *(said_call(f"near{at}", "返金 金しろ", at=AT + timedelta(minutes=at)) for at in range(1, 62)),
    )
    await sign_in_page(page, "records")
    await page.goto(f"{url}/history")
    await page.get_by_role("searchbox").fill("返金しろ")
    await page.keyboard.press("Enter")
    title = page.locator("#exact-title")
    await expect(title).to_have_text("まだ見つかっていません。")
    await expect(page.locator("#exact-hint")).to_contain_text("「さらに前を表示」で古い通話を調べます")
    await page.locator("#exact-more").click()
    await expect(page.locator("#exact-calls > li")).to_have_attribute("data-uid", "said.r1")
