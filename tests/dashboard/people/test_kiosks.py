"""An operator's PC is bound by a code, asks who sits there, and sees its own call alone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import aiohttp
import structlog
from playwright.async_api import expect
from tests.support.axe import assert_accessible
from tests.support.browser import chromium
from tests.support.held_requests import hold
from tests.support.json_requests import get, post
from tests.support.live_client import LiveClient, connected
from tests.support.sign_in import sign_in_page

from kikimori_core.wire.messages import Action, Party
from kikimori_records.people import NewPerson, add
from kikimori_records.people.seatings import seated_at, seatings_of

if TYPE_CHECKING:
    from aiohttp import ClientSession
    from playwright.async_api import Page
    from tests.support.peer_agent import PeerAgent

    from kikimori_records.store import Store


async def bound(url: str, admin: ClientSession, extension: str = "204") -> ClientSession:
    """Return the client of a PC that was bound to an extension."""
    _, made = await post(admin, "/api/kiosk-codes", {"extension": extension})
    kiosk = aiohttp.ClientSession(url, headers={"Origin": url}, cookie_jar=aiohttp.CookieJar(unsafe=True))
    async with kiosk.post("/api/kiosk", json={"code": made["code"], "name": "受付"}) as answer:
        assert answer.status == 200
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
    kiosk.headers["Cookie"] = cookie
    return kiosk


async def test_a_code_is_listed_used_once_and_revocable(url: str, admin: ClientSession) -> None:
    _, first = await post(admin, "/api/kiosk-codes", {"extension": "２０４"})
    _, second = await post(admin, "/api/kiosk-codes", {"extension": "205"})
    assert first["extension"] == "204"
    codes = (await get(admin, "/api/kiosks"))["codes"]
    assert {each["extension"] for each in codes} == {"204", "205"}
    of_second = next(each["code_hash"] for each in codes if each["extension"] == "205")
    assert (await post(admin, "/api/kiosk-codes/revoke", {"code_hash": of_second})) == (
        200,
        {"revoked": True},
    )
    async with aiohttp.ClientSession(url, headers={"Origin": url}) as stranger:
        for code in (second["code"], "AAAA-AAAA", "' OR 1=1 --"):
            assert (await post(stranger, "/api/kiosk", {"code": code}))[1]["reason"] == "code_over"
        used = await asyncio.gather(
            *(post(stranger, "/api/kiosk", {"code": first["code"].lower()}) for _ in range(3))
        )
    assert sorted(status for status, _ in used) == [200, 401, 401]
    found = await get(admin, "/api/kiosks")
    assert ([each["extension"] for each in found["kiosks"]], found["codes"]) == (["204"], [])


async def test_codes_cannot_be_guessed_fast(url: str) -> None:
    with structlog.testing.capture_logs() as logged:
        async with aiohttp.ClientSession(url, headers={"Origin": url}) as stranger:
            answers = [
                await post(stranger, "/api/kiosk", {"code": f"AAAA-AAA{each}"}) for each in "23456789BCDEFG"
            ]
    assert [status for status, _ in answers][-1] == 429
    assert answers[-1][1]["reason"] == "wait"
    told = [each for each in logged if each["event"] == "login_refused"]
    assert {(each["reason"], each["address"]) for each in told} == {("kiosk_code", "127.0.0.1")}


async def test_a_kiosk_sees_and_helps_its_own_call_alone(
    url: str, admin: ClientSession, agent: PeerAgent
) -> None:
    await agent.call("own", operator=Party(number="204"))
    await agent.call("other", operator=Party(number="205"))
    kiosk = await bound(url, admin)
    async with kiosk:
        async with kiosk.ws_connect("/live?page=operator") as socket:
            picture = await LiveClient(socket).until(lambda picture: connected(picture) and picture["calls"])
        assert set(picture["calls"]) == {"own"}
        assert "caller" not in picture["calls"]["own"]
        for call, action, status in (
            ("other", "escalate", 403),
            ("own", "hold_transfer", 403),
            ("other", "hold", 403),
        ):
            body = {"action": action, "page": "operator"}
            assert (await post(kiosk, f"/api/calls/{call}/commands", body))[0] == status
        pressing = asyncio.create_task(
            post(kiosk, "/api/calls/own/commands", {"action": "escalate", "page": "operator"})
        )
        command = await agent.command()
        assert (command.action, command.call_id) == (Action.ESCALATE, "own")
        await agent.answer(command)
        assert (await pressing)[0] == 200
        for path in ("/api/people", "/api/kiosks", "/people"):
            async with kiosk.get(path, allow_redirects=False) as answer:
                assert answer.status == 403, path
        found = (await get(admin, "/api/kiosks"))["kiosks"]
        await post(admin, f"/api/kiosks/{found[0]['id']}/revoke")
        async with asyncio.timeout(30):
            while (await status_of(kiosk, "/api/me")) != 401:  # noqa: ASYNC110 - the rights are looked at every second
                await asyncio.sleep(0.1)


async def status_of(session: ClientSession, path: str) -> int:
    async with session.get(path) as answer:
        return answer.status


async def test_who_sits_there_is_one_of_the_operators(url: str, store: Store, admin: ClientSession) -> None:
    sato = await add(store, NewPerson("佐藤", roles=frozenset({"operator"}), extensions=frozenset({"204"})))
    await post(admin, f"/api/people/{sato.id}/pin", {"pin": "4711"})
    kiosk = await bound(url, admin)
    async with kiosk:
        seat = await get(kiosk, "/api/seat")
        assert (seat["asked"], seat["candidates"]) == (False, [{"id": sato.id, "name": "佐藤", "pin": True}])
        supervisor = next(
            each["id"]
            for each in (await get(admin, "/api/people"))["people"]
            if each["login"] == "supervisor"
        )
        assert (await post(kiosk, "/api/seat", {"person_id": supervisor}))[0] == 403
        assert (await post(kiosk, "/api/seat", {"person_id": sato.id, "pin": "1234"}))[1][
            "reason"
        ] == "wrong_pin"
        assert (await post(kiosk, "/api/seat", {"person_id": sato.id, "pin": "4711"}))[1]["name"] == "佐藤"
        assert (await get(kiosk, "/api/seat"))["name"] == "佐藤"
        wrong = [await post(kiosk, "/api/seat", {"person_id": sato.id, "pin": "0000"}) for _ in range(12)]
        assert {status for status, _ in wrong} == {403, 429}
        assert (await post(kiosk, "/api/seat"))[1]["name"] is None
        (before, after) = await seatings_of(store, "204")
        assert (before.name, after.name, after.person_id) == ("佐藤", None, None)
    status, made = await post(admin, f"/api/seatings/{after.id}/correct", {"person_id": sato.id})
    assert (status, made["name"], made["source"], made["replaces"]) == (200, "佐藤", "corrected", after.id)
    found = (await get(admin, "/api/seatings/204"))["seatings"]
    assert len(found) == 3


async def test_a_person_is_no_kiosk(url: str, supervisor: ClientSession) -> None:
    assert url
    assert await get(supervisor, "/api/seat") == {"kiosk": False}
    assert (await post(supervisor, "/api/seat"))[0] == 403
    assert (await post(supervisor, "/api/seat/leave"))[0] == 403


async def test_an_answer_of_before_does_not_take_the_name_back(
    url: str, store: Store, admin: ClientSession
) -> None:
    """The page asks each minute; what it asked before the name was given comes after it."""
    await add(store, NewPerson("佐藤 美咲", roles=frozenset({"operator"}), extensions=frozenset({"204"})))
    async with await bound(url, admin) as kiosk, chromium() as browser:
        context = await browser.new_context(extra_http_headers={"Cookie": kiosk.headers["Cookie"]})
        page = await context.new_page()
        await page.clock.install()
        await page.goto(f"{url}/operator?ext=204")
        name = page.get_by_role("button", name="佐藤 美咲")
        await expect(name).to_be_visible()
        held = await hold(page, "**/api/seat")
        await page.clock.fast_forward(60_000)
        before = await held.next()
        answer = await before.fetch()
        await name.click()
        await (await held.next()).continue_()
        after = await held.next()
        await after.continue_()
        seat = page.locator("#seat")
        await expect(seat).to_have_text("本日の担当: 佐藤 美咲")
        async with page.expect_response("**/api/seat"):
            await before.fulfill(response=answer)
        await page.clock.run_for(100)
        await expect(seat).to_have_text("本日の担当: 佐藤 美咲")
        await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_from_the_code_to_the_name_in_two_browsers(url: str, store: Store, page: Page) -> None:
    await add(store, NewPerson("佐藤 美咲", roles=frozenset({"operator"}), extensions=frozenset({"204"})))
    await sign_in_page(page, "admin")
    await page.goto(f"{url}/people#kiosks")
    await page.locator("[data-act=code]").click()
    await page.get_by_role("dialog").get_by_label("内線").fill("204")
    await page.keyboard.press("Enter")
    code = await page.locator(".code").inner_text()
    await assert_accessible(page)
    async with chromium() as browser:
        desk = await browser.new_page()
        await desk.goto(f"{url}/kiosk")
        await desk.locator("#code").fill("AAAA-AAAA")
        await desk.keyboard.press("Enter")
        await expect(desk.locator("#fault")).to_contain_text("このコードは使えません")
        await assert_accessible(desk)
        await desk.locator("#code").fill(code.lower())
        await desk.keyboard.press("Enter")
        await expect(desk.get_by_role("dialog")).to_contain_text("本日の担当はどなたですか")
        await assert_accessible(desk)
        await desk.get_by_role("button", name="佐藤 美咲").click()
        await expect(desk.locator("#seat")).to_have_text("本日の担当: 佐藤 美咲")
        await expect(desk.get_by_role("dialog")).to_have_count(0)
    seated = await seated_at(store, datetime.now(UTC))
    assert {each: found.name for each, found in seated.items()} == {"204": "佐藤 美咲"}
    await page.reload()
    await page.locator("[data-kiosk] [data-act=seatings]").click()
    await expect(page.get_by_role("dialog").locator("[data-seating]")).to_have_count(1)
    await assert_accessible(page)
