"""PostgreSQL stops while people work: the employee comes first."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import expect
from sqlalchemy import insert
from tests.support.deadline import WITHIN_S
from tests.support.json_requests import post
from tests.support.live_client import connected, live_client
from tests.support.postgres import Postgres, in_thread
from tests.support.sign_in import PASSWORD, add_people, client, headers, sign_in_page

from kikimori_core.wire.messages import Outcome, Party
from kikimori_dashboard.access.cookies import SESSION
from kikimori_dashboard.access.passwords import Passwords
from kikimori_records import people
from kikimori_records.audit.entry import ActorKind, AuditEntry, columns
from kikimori_records.audit.queries import AuditFilter, newest
from kikimori_records.audit.verify import verify
from kikimori_records.errors import StoreAwayError
from kikimori_records.schema import audit
from kikimori_records.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Page
    from tests.support.peer_agent import PeerAgent


@pytest_asyncio.fixture
async def store(postgres: Postgres, tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(postgres.settings(tmp_path, migrated=True))
    try:
        added = await add_people(opened)
        passwords = Passwords()
        await people.change(opened, added["supervisor"].id, password_hash=await passwords.hash(PASSWORD))
        passwords.close()
        yield opened
    finally:
        await opened.close()


async def pressed(http: aiohttp.ClientSession, agent: PeerAgent, call_id: str, action: str) -> int:
    """Press a button; the agent carries it out."""
    path, body = f"/api/calls/{call_id}/commands", {"action": action}
    if action == "escalate":
        body["page"] = "operator"
    press = asyncio.create_task(post(http, path, body))
    command = await agent.command()
    assert str(command.action) == action
    await agent.answer(command, Outcome.DONE)
    status, result = await press
    assert result["outcome"] == "done", result
    return status


async def got(http: aiohttp.ClientSession, path: str) -> tuple[int, str]:
    async with http.get(path) as answer:
        return answer.status, await answer.text()


async def test_alerts_and_buttons_go_on_and_the_audit_follows(
    url: str, store: Store, agent: PeerAgent, postgres: Postgres
) -> None:
    await agent.call("c", operator=Party(number="201"))
    async with live_client(url) as page, client(url) as supervisor, client(url, "operator") as operator:
        await page.until(lambda picture: connected(picture) and "c" in picture["calls"])
        assert (await got(operator, "/api/me"))[0] == 200
        await pressed(supervisor, agent, "c", "hold")
        await in_thread(postgres, "stop")
        alert = await agent.alert("c")
        await page.until(lambda picture: alert.alert_id in picture["alerts"])
        assert await pressed(supervisor, agent, "c", "unhold") == 200
        assert await pressed(operator, agent, "c", "escalate") == 200
        assert await pressed(supervisor, agent, "c", "hold_transfer") == 200
        status, claimed = await post(supervisor, f"/api/alerts/{alert.alert_id}/claim", None)
        assert (status, claimed["reason"]) == (503, "store_away")
        status, noted = await post(supervisor, "/api/calls/c/notes", {"text": "折り返し約束済み"})
        assert (status, noted["reason"]) == (503, "store_away")
        assert store.away
        await in_thread(postgres, "start")
        async with asyncio.timeout(120):
            while len(await _commands(store)) < 4:  # noqa: ASYNC110  (another process)
                await asyncio.sleep(0.2)
    assert await _commands(store) == ["hold", "unhold", "escalate", "hold_transfer"]
    assert (await verify(store)).broken_at is None
    assert store.waiting.empty


async def _commands(store: Store) -> list[str]:
    try:
        found = await newest(store, AuditFilter(action="command."))
    except StoreAwayError:
        return []
    return [each.entry.action.removeprefix("command.") for each in reversed(found)]


async def test_logins_exports_and_changes_of_people_are_refused_in_words(
    url: str, postgres: Postgres
) -> None:
    login = {"login": "supervisor", "password": PASSWORD}
    change = {"present": PASSWORD, "new": "another horse battery"}
    async with (
        client(url) as supervisor,
        client(url, "admin") as admin,
        aiohttp.ClientSession(url, headers={"Origin": url}, cookie_jar=aiohttp.DummyCookieJar()) as stranger,
    ):
        for each in (supervisor, admin):
            assert (await got(each, "/api/me"))[0] == 200
        await in_thread(postgres, "stop")
        for http, path, body in ((stranger, "/api/login", login), (supervisor, "/api/me/password", change)):
            status, answer = await post(http, path, body)
            assert (status, answer["reason"]) == (503, "store_away"), path
        for path, asked in (
            ("/api/people", {"name": "鈴木 大輔", "roles": ["operator"], "extensions": "207"}),
            ("/api/superiors", {"name": "部長 高橋", "number": "220"}),
            ("/api/kiosk-codes", {"extension": "207"}),
        ):
            status, answer = await post(admin, path, asked)
            assert (status, answer["reason"]) == (503, "store_away"), (path, answer)
        for path in ("/api/audit.csv", "/api/audit", "/api/my-record"):
            status, said = await got(admin, path)
            assert (status, "store_away" in said) == (503, True), path
        # Who comes from elsewhere reads why, and the browser asks again by itself.
        unknown = {**headers(url), "Cookie": f"{SESSION}={'x' * 43}"}
        async with stranger.get("/", headers=unknown) as refused:
            assert (refused.status, refused.content_type) == (503, "text/html")
            shown = await refused.text()
            assert "いまは画面を開けません" in shown
            assert 'http-equiv="refresh"' in shown
        # Who had a page open keeps it.
        assert (await got(supervisor, "/"))[0] == 200
        await in_thread(postgres, "start")
        async with asyncio.timeout(120):
            while (answer := await post(stranger, "/api/login", login))[0] == 503:  # noqa: ASYNC110  (another process)
                await asyncio.sleep(0.2)
        assert answer[0] == 200
        assert (await post(supervisor, "/api/me/password", change))[0] == 200


async def test_an_export_in_the_middle_of_which_the_database_stops_does_not_look_whole(
    url: str, store: Store, postgres: Postgres
) -> None:
    entry = columns(AuditEntry("a", ActorKind.SYSTEM, "x", details={"why": "x" * 16_000}))
    rows = [
        {**entry, "number": number, "entry_id": str(number), "previous_hash": "", "hash": ""}
        for number in range(1, 1501)
    ]
    async with store.begin(within_s=300) as connection:
        await connection.execute(insert(audit), rows)
    async with client(url, "admin") as http, http.get("/api/audit.csv") as answer:
        assert answer.status == 200
        # Nothing more is read: the file waits in the middle.
        await in_thread(postgres, "stop")
        with pytest.raises(aiohttp.ClientError):
            await answer.read()


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("ja", "いまデータベースにつながらないため"),
        ("en", "The database does not answer now"),
    ],
)
async def test_the_pages_say_so(
    url: str, store: Store, page: Page, postgres: Postgres, language: str, said: str
) -> None:
    await sign_in_page(page, "admin")
    await page.goto(f"{url}/audit")
    await expect(page.get_by_role("heading", name="監査記録")).to_be_visible()
    if language == "en":
        await page.get_by_role("button", name="English").click()
    await in_thread(postgres, "stop")
    await page.locator("#send").click()
    await expect(page.get_by_role("alert")).to_contain_text(said)
    assert store.away


async def test_nothing_read_is_not_nothing_there(url: str, page: Page, postgres: Postgres) -> None:
    """A page that could not ask does not say that there is nothing."""
    await sign_in_page(page, "records")
    await page.goto(f"{url}/customers")
    await expect(page.locator("#count")).to_contain_text("まだ登録されていません")
    await page.goto(f"{url}/history")
    # No records service runs here that would fill the index of words.
    await expect(page.locator("#exact-title")).to_have_text("まだ見つかっていません。")
    await in_thread(postgres, "stop")
    await page.locator("#send").click()
    await expect(page.locator("#fault")).to_contain_text("いまデータベースにつながらないため")
    await expect(page.locator("#exact-title")).to_be_hidden()
    await page.goto(f"{url}/customers")
    await expect(page.locator("#fault")).to_contain_text("いまデータベースにつながらないため")
    await expect(page.locator("#count")).to_be_empty()


async def test_a_claim_that_was_not_kept_says_so_on_its_card(
    url: str, agent: PeerAgent, page: Page, postgres: Postgres
) -> None:
    await agent.call("c", operator=Party(number="201"))
    await agent.alert("c")
    await sign_in_page(page, "supervisor")
    await page.goto(url)
    claim = page.locator(".card[data-call=c] .claim button")
    await expect(claim).to_have_text("私が対応")
    await in_thread(postgres, "stop")
    await claim.click()
    await expect(claim).to_have_text("もう一度「私が対応」")
    await expect(claim).to_have_attribute("title", "データベースにつながりません。")
    await in_thread(postgres, "start")
    async with asyncio.timeout(WITHIN_S):
        while await page.locator(".card[data-call=c] .handling").inner_text() != "あなたが対応中":
            if await claim.is_enabled():
                await claim.click()
            await asyncio.sleep(0.5)
