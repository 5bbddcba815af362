"""The audit and the own record: over HTTP, and as pages in a real browser."""

from __future__ import annotations

import asyncio
import csv
import io
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from playwright.async_api import expect
from tests.support.axe import assert_accessible
from tests.support.json_requests import post
from tests.support.live_client import connected, live_client
from tests.support.sign_in import client, sign_in_page
from tests.support.stores import audited

from kikimori_core.wire.messages import Outcome, Party
from kikimori_dashboard.access.audit_looks import AuditLooks
from kikimori_dashboard.access.audit_trail import AuditTrail
from kikimori_dashboard.access.who import Principal
from kikimori_records.audit import log
from kikimori_records.audit.entry import ActorKind, AuditEntry
from kikimori_records.audit.queries import AuditFilter, newest
from kikimori_records.audit.verify import verify
from kikimori_records.people import person_by_login

if TYPE_CHECKING:
    from playwright.async_api import Page
    from tests.support.peer_agent import PeerAgent

    from kikimori_records.store import Store

EVIL = "<img src=x onerror=alert(1)>'; DROP TABLE audit; --"


async def get(url: str, path: str, login: str, **asked: str) -> tuple[int, Any]:
    async with client(url, login) as http, http.get(path, params=asked) as answer:
        return answer.status, await answer.json()


async def noted(store: Store, action: str, count: int = 1) -> AuditEntry:
    """Wait for entries that are written in the background; return the newest."""
    async with asyncio.timeout(60):
        while len(found := await newest(store, AuditFilter(action=action))) < count:  # noqa: ASYNC110  (a task of the dashboard)
            await asyncio.sleep(0.05)
    return found[0].entry


async def test_who_looked_and_who_pressed_is_kept_and_shown_to_the_employee(
    url: str, store: Store, agent: PeerAgent
) -> None:
    """The operator of 201 sees the supervisor's look and press, not those on another's call."""
    await agent.call("mine", operator=Party(number="201", name="鈴木"))
    await agent.call("other", operator=Party(number="209", name="別の人"))
    async with live_client(url) as watching:
        await watching.until(lambda picture: connected(picture) and len(picture["calls"]) == 2)
        async with client(url) as http:
            for call_id in ("mine", "other"):
                path = f"/api/calls/{call_id}/commands"
                pressed = asyncio.create_task(post(http, path, {"action": "hold"}))
                await agent.answer(await agent.command(), Outcome.DONE)
                assert (await pressed)[0] == 200
    entry = await noted(store, "command.hold", 2)
    assert (entry.actor_name, entry.outcome, entry.details["extension"]) == ("高橋 課長", "done", "209")
    status, found = await get(url, "/api/my-record", "operator")
    assert status == 200
    shown = [(each["action"], each["object_id"]) for each in found["entries"]]
    assert sorted(shown) == [("command.hold", "mine"), ("live.open", "supervisor")]
    assert [(each["present"], each["browser"]) for each in found["sessions"]] == [(True, "test")]
    assert "token" not in str(found)
    # Nothing of others: not even that they exist.
    _, of_wall = await get(url, "/api/my-record", "wall")
    assert of_wall["entries"] == []
    assert (await verify(store)).broken_at is None


async def test_entries_are_filtered_in_pages_and_exported(url: str, store: Store) -> None:
    start = datetime(2026, 4, 1, tzinfo=UTC)
    for number in range(120):
        entry = AuditEntry("session.begin", ActorKind.PERSON, EVIL, "p", at=start + timedelta(hours=number))
        await log.append(store, entry)
    status, first = await get(url, "/api/audit", "admin", action="session")
    assert (status, len(first["entries"]), first["before"]) == (200, 100, 21)
    _, second = await get(url, "/api/audit", "records", action="session", before="21")
    assert (len(second["entries"]), second["before"]) == (20, None)
    # A time without a zone is the office's, nine hours ahead.
    _, few = await get(url, "/api/audit", "admin", person="img", until="2026-04-01T11:00")
    assert [each["number"] for each in few["entries"]] == [2, 1]
    async with client(url, "admin") as http, http.get("/api/audit.csv?action=session") as answer:
        rows = list(csv.reader(io.StringIO((await answer.read()).decode("utf-8-sig"))))
    assert (len(rows), rows[1][3]) == (121, EVIL)
    exported = (await newest(store, AuditFilter(action="audit.export")))[0].entry
    assert (exported.actor_name, exported.details) == ("山田 管理", {"asked": {"action": "session"}})
    assert (await noted(store, "audit.open", 2)).details["asked"] == {
        "person": "img",
        "until": "2026-04-01T11:00",
    }


async def test_what_cannot_be_asked_is_refused(url: str) -> None:
    odd = [
        {"since": "yesterday"}, {"until": "9999-99-99"}, {"since": "0001-01-01T00:00:00+14:00"}, {"before": "-1"},
        {"before": "99999999999"}, {"before": "²"}, {"person": "x" * 201}, {"object": "a\0b"},
    ]  # fmt: skip
    for asked in odd:
        assert (await get(url, "/api/audit", "admin", **asked))[0] == 422, asked
    assert (await get(url, "/api/my-record", "operator", before="x"))[0] == 422
    for asked in ({"person": "' OR 1=1 --"}, {"object": "%"}, {"action": "_"}, {"person": "\\"}):
        status, found = await get(url, "/api/audit", "admin", **asked)
        assert (status, found["entries"]) == (200, [])


async def test_a_page_that_connects_again_is_no_other_look(store: Store) -> None:
    now = datetime(2026, 4, 1, tzinfo=UTC)
    trail = AuditTrail(store)
    looks = AuditLooks(trail, lambda: now)
    sato, suzuki = Principal("佐藤", session_id="a"), Principal("鈴木", session_id="b")

    async def added(who: Principal, **more: Any) -> int:
        """Return how many entries a look makes."""
        before = len(await audited(store, "live.open"))
        looks.note(who, "live.open", about=("page", "supervisor"), **more)
        await trail.finish()
        return len(await audited(store, "live.open")) - before

    assert [await added(each) for each in (sato, sato, suzuki)] == [1, 0, 1]
    assert [await added(sato, thing="c"), await added(sato, thing="c"), await added(sato)] == [1, 0, 0]
    assert [await added(sato, always=True), await added(sato)] == [1, 0]
    now += timedelta(minutes=61)
    assert await added(sato) == 1
    now -= timedelta(days=1)  # the clock was wrong, and was set back
    assert [await added(each) for each in (sato, sato)] == [1, 0]


async def test_both_pages_in_both_languages(url: str, store: Store, page: Page) -> None:
    """By keyboard; on a small screen and a dark one; names are text, whatever they hold."""
    operator = await person_by_login(store, "operator")
    assert operator is not None
    await log.append(
        store,
        AuditEntry(
            "person.change", ActorKind.PERSON, EVIL, "p", "person", operator.id, details={"why": EVIL}
        ),
    )
    own = AuditEntry("session.begin", ActorKind.PERSON, "田中", operator.id, "person", operator.id)
    await log.append(store, own)
    await sign_in_page(page, "admin")
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.emulate_media(color_scheme="dark")
    await page.goto(f"{url}/account")
    await page.get_by_role("link", name="監査記録").click()
    await expect(page.get_by_role("heading", name="監査記録")).to_be_visible()
    await expect(page.locator("[data-number='1']")).to_contain_text(EVIL)
    await expect(page.locator("[data-number='1']")).to_contain_text("利用者を変更")
    await assert_accessible(page)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.get_by_label("だれが").fill("いない人")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_have_text("記録はありません。")
    await assert_accessible(page)
    # An action is found by its words as the list has them.
    await page.get_by_label("だれが").fill("")
    await page.get_by_label("操作").fill("ログイン")
    await page.keyboard.press("Enter")
    await expect(page.locator("#entries .detail")).to_have_text("2番")  # who did it is no object beside
    async with page.expect_download() as download:
        await page.get_by_role("link", name="CSVで書き出す").click()
    assert (await download.value).suggested_filename == "kikimori-audit.csv"
    await page.get_by_role("button", name="English").click()
    await expect(page.get_by_role("heading", name="Audit")).to_be_visible()

    await sign_in_page(page, "operator")
    await page.goto(f"{url}/account")
    await expect(page.get_by_role("link", name="Audit")).to_be_hidden()
    await page.get_by_role("link", name="About me").click()
    await expect(page.locator("#sessions li")).to_contain_text("this one")
    await expect(page.locator("[data-number='1']")).to_contain_text(EVIL)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.get_by_role("button", name="日本語").click()
    await expect(page.get_by_role("heading", name="私の記録")).to_be_visible()
    await assert_accessible(page)


async def test_a_change_of_a_person_is_told_in_words(url: str, store: Store, page: Page) -> None:
    person = await person_by_login(store, "operator")
    assert person is not None
    async with (
        client(url, "admin") as admin,
        admin.post(
            f"/api/people/{person.id}", json={"roles": ["operator", "supervisor"], "team": EVIL}
        ) as answer,
    ):
        assert answer.status == 200, await answer.text()
    await sign_in_page(page, "admin")
    await page.goto(f"{url}/audit")
    changed = page.locator("#entries li", has_text="利用者を変更")
    await expect(changed).to_contain_text("役割: オペレーター → ")
    await expect(changed).to_contain_text("監督者")
    await expect(changed).to_contain_text(f"チーム: — → {EVIL}")
    assert await page.locator("#entries img").count() == 0
