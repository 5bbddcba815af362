"""The administrators' page of people and superiors, in a real browser and by its routes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from playwright.async_api import expect
from tests.support.axe import assert_accessible
from tests.support.json_requests import get, post
from tests.support.sign_in import client, cookie, sign_in_page
from tests.support.stores import audited

from kikimori_dashboard.access.totp import new_secret, recovery_hash
from kikimori_records.people import list_people, person_by_login
from kikimori_records.people.second_factor import recovery_codes_left, set_second_factor
from kikimori_records.sessions import sessions_of

if TYPE_CHECKING:
    from aiohttp import ClientSession
    from playwright.async_api import Page

    from kikimori_records.people import Person
    from kikimori_records.store import Store

HOSTILE = """<img src=x onerror=alert(1)>'; DROP TABLE people; --"""


async def named(admin: ClientSession, name: str) -> dict[str, Any]:
    people: list[dict[str, Any]] = (await get(admin, "/api/people"))["people"]
    return next(each for each in people if each["name"] == name)


@pytest.mark.parametrize("login", ["supervisor", "operator", "records", "wall", None])
async def test_only_administrators_see_or_change_people(url: str, login: str | None) -> None:
    some = "0" * 32
    async with client(url, login or "nobody") as session:
        for path in ("/api/people", "/api/superiors", "/api/kiosks", "/api/seatings/204", "/people"):
            async with session.get(path, allow_redirects=False) as answer:
                assert answer.status == (403 if login else 303 if path == "/people" else 401), path
        for path in (
            "people", f"people/{some}", f"people/{some}/disable", f"people/{some}/password", f"people/{some}/pin",
            f"people/{some}/factor/remove",
            "superiors", "superiors/order", f"superiors/{some}", f"superiors/{some}/remove",
            "kiosk-codes", "kiosk-codes/revoke", f"kiosks/{some}/revoke", f"seatings/{some}/correct",
        ):  # fmt: skip
            assert (await post(session, f"/api/{path}"))[0] == (403 if login else 401), path


async def test_what_cannot_be_taken_names_the_field(url: str, admin: ClientSession) -> None:
    assert url
    for body, field, fault in (
        ({}, "name", "empty"),
        ({"name": "x", "extensions": "2 0?"}, "extensions", "telephone"),
        ({"name": "x", "roles": ["king"]}, "roles", "role"),
        ({"name": "x" * 200}, "name", "too_long"),
        ({"name": "x", "seat_row": "0"}, "seat_row", "seat"),
        ({"name": "x", "login": "a b"}, "login", "login"),
    ):
        status, answer = await post(admin, "/api/people", body)
        assert (status, answer["field"], answer["fault"]) == (422, field, fault)
    assert (await post(admin, "/api/people", {"name": "x", "login": "SUPERVISOR"}))[1][
        "reason"
    ] == "login_taken"
    assert (await post(admin, f"/api/people/{'0' * 32}", {"name": "x"}))[1]["reason"] == "no_such_person"
    me = await named(admin, "山田 管理")
    last: tuple[tuple[str, dict[str, Any]], ...] = (
        ("", {"roles": ["operator"]}),
        ("/disable", {"disabled": True}),
        ("", {"login": ""}),
    )
    for path, body in last:
        assert (await post(admin, f"/api/people/{me['id']}{path}", body))[1]["reason"] == "last_admin"
    for body in ({"name": "x", "number": ""}, {"name": "x"}, {"name": "x", "number": "1", "hours": "いつか"}):
        assert (await post(admin, "/api/superiors", body))[0] == 422


async def test_every_change_stands_in_the_audit_without_secrets(
    url: str, store: Store, admin: ClientSession
) -> None:
    assert url
    _, person = await post(admin, "/api/people", {"name": HOSTILE, "login": "neu", "roles": ["operator"]})
    await post(admin, f"/api/people/{person['id']}", {"team": "夜間", "extensions": "204"})
    await post(admin, f"/api/people/{person['id']}/password", {"password": "correct horse battery"})
    await post(admin, f"/api/people/{person['id']}/pin", {"pin": "4711"})
    status, changed = await post(admin, f"/api/people/{person['id']}/disable", {"disabled": True})
    assert (status, changed["disabled"], changed["has_password"], changed["has_pin"]) == (
        200,
        True,
        True,
        True,
    )
    kept = next(each for each in await list_people(store, disabled=True) if each.id == person["id"])
    assert (kept.name, kept.must_change, kept.team) == (HOSTILE, True, "夜間")
    found: list[Any] = []
    async with asyncio.timeout(60):
        # Some entries are written in the background.
        while len(found) < 5:
            found = [each for each in await audited(store) if each["object_id"] == person["id"]]
    actions = [each["action"] for each in found]
    assert sorted(actions) == ["password.set", "person.add", "person.change", "person.disable", "pin.set"]
    change = next(each for each in found if each["action"] == "person.change")
    assert change["details"]["changed"] == {"team": [None, "夜間"], "extensions": [[], ["204"]]}
    assert {each["actor_name"] for each in found} == {"山田 管理"}
    # Details alone: a hash may hold any four digits.
    said = str([each["details"] for each in found])
    assert "correct horse" not in said
    assert "4711" not in said
    assert kept.password_hash
    assert kept.password_hash not in said


async def test_who_is_disabled_or_gets_another_password_is_out_at_once(
    url: str, admin: ClientSession
) -> None:
    for login, path, body in (
        ("operator", "disable", {"disabled": True}),
        ("both", "password", {"password": "another good one"}),
    ):
        people = (await get(admin, "/api/people"))["people"]
        person = next(each for each in people if each["login"] == login)
        async with client(url, login) as session:
            assert (await get(session, "/api/me"))["name"] == person["name"]
            assert (await post(admin, f"/api/people/{person['id']}/{path}", body))[0] == 200
            async with session.get("/api/me") as answer:
                assert answer.status == 401


async def with_factor(store: Store, login: str) -> Person:
    """Give somebody a second factor; return the person."""
    person = await person_by_login(store, login)
    assert person is not None
    await set_second_factor(store, person.id, new_secret(), 1, [recovery_hash(person.id, "CODE")])
    return person


async def test_a_lost_second_factor_is_removed_by_an_administrator(
    url: str, store: Store, admin: ClientSession
) -> None:
    """Once, and it ends their sessions; one's own stays, so that a browser left open cannot take it off."""
    person = await with_factor(store, "both")
    path = f"/api/people/{person.id}/factor/remove"
    async with client(url, "both") as session:
        assert (await get(session, "/api/me"))["person_id"] == person.id
        status, answer = await post(admin, path)
        assert (status, answer["has_factor"]) == (200, False)
        async with session.get("/api/me") as gone:
            assert gone.status == 401
    assert [each.end_reason for each in await sessions_of(store, person.id)] == ["factor_removed"]
    assert await recovery_codes_left(store, person.id) == 0
    status, answer = await post(admin, path)
    assert (status, answer["reason"]) == (409, "factor_is_off")
    own = await with_factor(store, "admin")
    status, answer = await post(admin, f"/api/people/{own.id}/factor/remove")
    assert (status, answer["reason"]) == (403, "own_factor")
    kept = await person_by_login(store, "admin")
    assert kept is not None
    assert kept.totp_secret is not None
    (entry,) = await audited(store, "factor.remove")
    assert (entry["object_id"], entry["actor_name"], entry["details"]) == (
        person.id,
        "山田 管理",
        {"name": person.name},
    )


async def test_the_second_factor_of_somebody_else_is_removed_on_the_page(
    url: str, store: Store, admin: ClientSession, page: Page
) -> None:
    assert admin
    person, own = await with_factor(store, "both"), await with_factor(store, "admin")
    await sign_in_page(page, "admin")
    await page.set_viewport_size({"width": 390, "height": 800})
    await page.goto(f"{url}/people")
    rows = page.locator("[data-person]")
    removing = page.get_by_role("button", name=f"{person.name}: 認証アプリを外す")
    await expect(removing).to_be_visible()
    await expect(rows.locator("[data-act=factor]")).to_have_count(1)
    await expect(page.locator(f"[data-person='{own.id}']")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await assert_accessible(page)
    page.on("dialog", lambda asked: asked.accept())
    await removing.click()
    await expect(page.locator("#done")).to_have_text(f"{person.name}さんの認証アプリを外しました。")
    await expect(rows.locator("[data-act=factor]")).to_have_count(0)


async def test_a_person_is_added_found_and_changed_by_keyboard(
    url: str, admin: ClientSession, page: Page
) -> None:
    await sign_in_page(page, "admin")
    await page.goto(f"{url}/people")
    await expect(page.locator("[data-person]")).to_have_count(6)
    lefts = "(cells) => cells.map((cell) => Math.round(cell.getBoundingClientRect().left))"
    cells = await page.locator("[data-person] > :nth-child(3)").evaluate_all(lefts)
    assert len(cells) == 6
    assert len(set(cells)) == 1, "columns of all rows stand below each other"
    await assert_accessible(page)
    await page.locator("[data-act=add]").focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_be_visible()
    await page.keyboard.type("新人 <b>太郎</b>")
    await dialog.locator("[name=extensions]").fill("二〇四")
    await dialog.get_by_label("チーム").fill("夜間")
    await page.keyboard.press("Enter")
    await expect(dialog.locator(".why:visible")).to_contain_text("数字・英字")
    await assert_accessible(page)
    await dialog.locator("[name=extensions]").fill("２０９ 210")
    await page.keyboard.press("Enter")
    await expect(page.locator("#done")).to_have_text("新人 <b>太郎</b>さんの登録を保存しました。")
    assert (await named(admin, "新人 <b>太郎</b>"))["extensions"] == ["209", "210"]
    await page.get_by_role("searchbox").fill("夜間")
    await expect(page.locator("[data-person]")).to_have_count(1)
    await page.get_by_role("button", name="編集").click()
    await dialog.get_by_label("監督者").check()
    await dialog.get_by_role("button", name="保存").click()
    await expect(page.locator("[data-person]")).to_contain_text("オペレーター・監督者")
    await expect(page.get_by_role("button", name="編集")).to_be_focused()
    page.on("dialog", lambda asked: asked.accept())
    await page.get_by_role("button", name="無効にする").click()
    await expect(page.locator("[data-person]")).to_have_count(0)


async def test_a_person_is_found_in_every_way_in_which_the_name_is_written(
    url: str, admin: ClientSession, page: Page
) -> None:
    body = {"name": "渡邉 𠮷子", "roles": ["operator"], "extensions": "219"}
    assert (await post(admin, "/api/people", body))[0] == 200
    await sign_in_page(page, "admin")
    await page.goto(f"{url}/people")
    await expect(page.locator("[data-person]")).to_have_count(7)
    for wanted in ("渡辺", "渡邊吉子", "219", "渡邉 𠮷子"):
        await page.get_by_role("searchbox").fill(wanted)
        await expect(page.locator("[data-person]")).to_have_count(1)
        await expect(page.locator("[data-person]")).to_contain_text("渡邉 𠮷子")


async def test_superiors_are_ordered_and_get_hours(url: str, admin: ClientSession, page: Page) -> None:
    await sign_in_page(page, "admin")
    await page.goto(f"{url}/people#superiors")
    await expect(page.locator("[data-superior]")).to_have_count(1)
    await page.locator("[data-act=add]").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("氏名").fill("部長 高橋")
    await dialog.get_by_label("番号").fill("220")
    await dialog.get_by_label("受付時間").fill("月から金")
    await dialog.get_by_role("button", name="保存").click()
    await expect(dialog.locator(".why:visible")).to_contain_text("月-金 09:00-18:00")
    await dialog.get_by_label("受付時間").fill("月-金 9:00-18:00")
    await dialog.get_by_role("button", name="保存").click()
    await expect(page.locator("[data-superior]")).to_have_count(2)
    await page.locator("[data-superior]").nth(1).get_by_role("button", name="上へ").click()
    await expect(page.locator("[data-superior]").first).to_contain_text("1. 部長 高橋")
    await expect(page.locator("[data-superior]").first.get_by_role("button", name="下へ")).to_be_focused()
    await assert_accessible(page)
    found = (await get(admin, "/api/superiors"))["superiors"]
    assert [each["number"] for each in found] == ["220", "200"]
    assert found[0]["hours"] == {"ja": "月-金 09:00-18:00", "en": "mon-fri 09:00-18:00"}


async def test_a_list_without_superiors_says_where_transfers_lead(
    url: str, admin: ClientSession, page: Page
) -> None:
    await sign_in_page(page, "admin")
    for each in (await get(admin, "/api/superiors"))["superiors"]:
        assert (await post(admin, f"/api/superiors/{each['id']}/remove"))[0] == 200
    await page.goto(f"{url}/people#superiors")
    await expect(page.locator("#list .none")).to_contain_text("設定（[pbx] superior）の番号")
    await assert_accessible(page)


async def test_it_fits_a_small_screen_in_both_languages(url: str, page: Page) -> None:
    await sign_in_page(page, "admin")
    await page.set_viewport_size({"width": 390, "height": 800})
    for section in ("persons", "superiors", "kiosks"):
        await page.goto(f"{url}/people#{section}")
        await page.reload()
        await expect(page.locator("#list .bar").first).to_be_visible()
        for _ in range(2):
            assert await page.evaluate("document.documentElement.scrollWidth") <= 390
            await page.locator("#language").click()
            await expect(page.locator("#list .bar").first).to_be_visible()


async def test_the_cookie_alone_opens_nothing_from_another_site(url: str) -> None:
    async with (
        aiohttp.ClientSession(url, headers=cookie("admin")) as session,
        session.post("/api/people", json={"name": "x"}, headers={"Origin": "http://evil.example"}) as answer,
    ):
        assert answer.status == 403
