"""Login, first account and own account in a real browser."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyotp
import pytest
import pytest_asyncio
from playwright.async_api import expect
from tests.support.axe import assert_accessible
from tests.support.browser import dashboard, dashboard_settings
from tests.support.held_requests import hold
from tests.support.json_requests import post
from tests.support.sign_in import PASSWORD, client

from kikimori_core.wire.messages import Party
from kikimori_dashboard.access.links import demo_link, first_link
from kikimori_dashboard.access.passwords import Passwords
from kikimori_records.people import change, person_by_login
from kikimori_records.people.second_factor import set_second_factor
from kikimori_records.sessions import sessions_of

if TYPE_CHECKING:
    from playwright.async_api import Page
    from tests.support.mosquitto import Mosquitto
    from tests.support.peer_agent import PeerAgent

    from kikimori_records.store import Store

EVIL = "<img src=x onerror=alert(1)>'; DROP TABLE people; --"


@pytest_asyncio.fixture
async def stranger(page: Page) -> Page:
    """A browser in which nobody is signed in."""
    await page.context.clear_cookies()
    return page


async def with_password(store: Store, login: str, **changed: object) -> str:
    passwords = Passwords()
    person = await person_by_login(store, login)
    assert person is not None
    await change(store, person.id, password_hash=await passwords.hash(PASSWORD), **changed)
    passwords.close()
    return person.id


async def type_in(page: Page, login: str, password: str) -> None:
    await page.get_by_label("ログイン名").fill(login)
    await page.get_by_label("パスワード").fill(password)
    await page.keyboard.press("Enter")


async def test_from_the_login_to_the_page_and_out_again(
    url: str, store: Store, stranger: Page, agent: PeerAgent
) -> None:
    """By keyboard; on a small screen and a dark one; in both languages."""
    await with_password(store, "supervisor")
    await agent.call("c")
    page = stranger
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.emulate_media(color_scheme="dark")
    await page.goto(f"{url}/operator?ext=204")
    await expect(page).to_have_url(f"{url}/login?next=/operator%3Fext%3D204")
    await expect(page.get_by_role("heading", name="ログイン")).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await expect(page.get_by_label("ログイン名")).to_be_focused()
    await assert_accessible(page)
    await type_in(page, "supervisor", "wrong password")
    await expect(page.get_by_role("alert")).to_have_text("ログイン名かパスワードが違います。")
    await assert_accessible(page)
    await page.get_by_role("button", name="English").click()
    await expect(page.get_by_role("alert")).to_have_text("The user name or the password is wrong.")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{url}/operator?ext=204")
    await expect(page.locator("#who a")).to_have_text("高橋 課長")

    await page.set_viewport_size({"width": 1600, "height": 900})
    await page.goto(url)
    await expect(page.locator("[data-call=c]")).to_be_visible()
    other = await page.context.new_page()
    await other.goto(url)
    await expect(other.locator("[data-call=c]")).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    for each in (page, other):
        await expect(each).to_have_url(re.compile(f"{url}/login.*"))
    await page.go_back()
    await expect(page).to_have_url(re.compile(f"{url}/login.*"))


async def test_the_first_account(url: str, store: Store, stranger: Page) -> None:
    """By a link of which opening it uses nothing up. Names are text, whatever stands in them."""
    page, path = stranger, await first_link(store)
    for _ in range(2):
        await page.goto(f"{url}/{path}")
        await expect(page.get_by_role("heading", name="最初の管理者")).to_be_visible()
        await expect(page).to_have_url(f"{url}/first")
    await page.get_by_label("氏名").fill(EVIL)
    await page.get_by_label("ログイン名").fill(EVIL)
    await page.get_by_label("パスワード").fill("short")
    await page.get_by_role("button", name="アカウントを作ってログイン").click()
    await expect(page.get_by_role("alert")).to_have_text("パスワードは 10 文字以上にしてください。")
    await assert_accessible(page)
    await page.get_by_label("パスワード").fill(PASSWORD)
    await page.get_by_role("button", name="アカウントを作ってログイン").click()
    await expect(page).to_have_url(f"{url}/")
    await expect(page.locator("#who a")).to_have_text(EVIL)
    made = await person_by_login(store, EVIL)
    assert made is not None
    assert (made.name, made.roles) == (EVIL, frozenset({"admin", "supervisor"}))
    # The link is used up, and so is every other one: there is an administrator.
    for again in (path, await first_link(store)):
        await page.goto("about:blank")
        await page.goto(f"{url}/{again}")
        await page.get_by_label("氏名").fill("二人目")
        await page.get_by_label("ログイン名").fill("second")
        await page.get_by_label("パスワード").fill(PASSWORD)
        await page.get_by_role("button", name="アカウントを作ってログイン").click()
        await expect(page.get_by_role("alert")).to_contain_text("このリンクは使えません")


async def test_a_link_that_signs_in_once(url: str, store: Store, stranger: Page, agent: PeerAgent) -> None:
    await agent.call("c", operator=Party(number="201"))
    person = await person_by_login(store, "operator")
    assert person is not None
    path = await demo_link(store, person.id)
    await stranger.goto(f"{url}/{path}")
    await stranger.get_by_role("button", name="ログイン").click()
    await expect(stranger).to_have_url(f"{url}/operator")
    await expect(stranger.locator("#mine")).to_have_text("内線 201")
    await expect(stranger.get_by_role("button", name="応援を呼ぶ")).to_be_enabled()
    await stranger.context.clear_cookies()
    await stranger.goto("about:blank")
    await stranger.goto(f"{url}/{path}")
    await stranger.get_by_role("button", name="ログイン").click()
    await expect(stranger.get_by_role("alert")).to_contain_text("このリンクは使えません")


async def test_a_password_that_another_set_is_changed_at_the_first_login(
    url: str, store: Store, stranger: Page
) -> None:
    await with_password(store, "supervisor", must_change=True)
    await stranger.goto(url)
    await type_in(stranger, "supervisor", PASSWORD)
    await expect(stranger).to_have_url(f"{url}/account")
    await expect(stranger.locator("#must")).to_be_visible()
    await assert_accessible(stranger)
    await stranger.get_by_label("今のパスワード").fill(PASSWORD)
    await stranger.get_by_label("新しいパスワード").fill("長くて覚えやすい言葉")
    await stranger.get_by_role("button", name="変更する").click()
    await expect(stranger.get_by_role("status")).to_contain_text("変更しました")
    await stranger.get_by_role("link", name="画面へ戻る").click()
    await expect(stranger).to_have_url(f"{url}/")


async def test_a_browser_that_keeps_no_such_cookie_is_told(url: str, store: Store, stranger: Page) -> None:
    """As Safari does without encryption."""
    await with_password(store, "supervisor")
    await stranger.route("**/api/me", lambda route: route.fulfill(status=401, json={"reason": "no_session"}))
    await stranger.goto(f"{url}/login")
    await type_in(stranger, "supervisor", PASSWORD)
    await expect(stranger.get_by_role("alert")).to_contain_text("Safari")


async def test_an_operator_without_an_extension_is_told(url: str, store: Store, stranger: Page) -> None:
    person_id = await with_password(store, "operator", extensions=())
    assert person_id
    await stranger.goto(url)
    await type_in(stranger, "operator", PASSWORD)
    await expect(stranger).to_have_url(f"{url}/operator")
    await expect(stranger.locator("#main")).to_contain_text("内線番号が登録されていません")


async def test_a_wall_has_no_buttons(url: str, page: Page, agent: PeerAgent) -> None:
    from tests.support.sign_in import sign_in_page  # noqa: PLC0415

    await sign_in_page(page, "wall")
    await agent.call("c")
    await agent.alert("c")
    await page.goto(url)
    await expect(page.locator(".attention [data-call=c]")).to_be_visible()
    await expect(page.locator("body")).to_have_attribute("data-presses", "no")
    await expect(page.locator("#panel")).to_contain_text("大声")
    # What stands in the list of alerts leads to its call, and does nothing else.
    assert (
        await page.locator(
            "main :is(button, form):visible:not(#inbox [data-inbox-call] > button)"
        ).all_inner_texts()
        == []
    )


async def test_the_second_factor_from_set_up_to_recovery(url: str, store: Store, stranger: Page) -> None:
    await with_password(store, "supervisor")
    page = stranger
    await page.goto(f"{url}/account")
    await type_in(page, "supervisor", PASSWORD)
    factor = page.locator("#factor")
    await factor.get_by_role("button", name="設定を始める").click()
    await expect(factor.get_by_role("img")).to_have_js_property("complete", value=True)
    assert await factor.get_by_role("img").evaluate("(image) => image.naturalWidth") > 100
    secret = await factor.locator("code").inner_text()
    await factor.get_by_label("今のパスワード").fill(PASSWORD)
    await factor.get_by_label("確認コード").fill("000000")
    await factor.get_by_role("button", name="設定する").click()
    await expect(factor.get_by_role("alert")).to_contain_text("確認コードが違う")
    await assert_accessible(page)
    used = pyotp.TOTP(secret).now()
    await factor.get_by_label("今のパスワード").fill(PASSWORD)
    await factor.get_by_label("確認コード").fill(used)
    await factor.get_by_role("button", name="設定する").click()
    await expect(factor.locator(".codes code")).to_have_count(10)
    await assert_accessible(page)
    recovery = await factor.locator(".codes code").first.inner_text()
    await factor.get_by_role("button", name="保管しました").click()
    await expect(factor).to_contain_text("残りの回復コード: 10 個")

    await page.get_by_role("button", name="ログアウト", exact=True).click()
    await type_in(page, "supervisor", PASSWORD)
    code = page.get_by_label("確認コード")
    await code.fill(used)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("確認コードが違うか、使用済みです")
    await assert_accessible(page)
    await code.fill(recovery.lower())
    await page.keyboard.press("Enter")
    told = page.get_by_role("status").filter(has_text=re.compile("回復コード|recovery code"))
    await expect(told).to_contain_text("残りは 9 個です")
    await expect(page.get_by_label("ログイン名")).to_be_hidden()
    await expect(page.get_by_role("button", name="続ける")).to_be_focused()
    await assert_accessible(page)
    await page.get_by_role("button", name="English").click()
    await expect(told).to_contain_text("Codes left: 9.")
    await page.get_by_role("button", name="日本語").click()
    await page.get_by_role("button", name="続ける").focus()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{url}/")
    await page.goto(f"{url}/account")
    await expect(factor).to_contain_text("残りの回復コード: 9 個")
    await page.set_viewport_size({"width": 390, "height": 844})
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390


async def test_a_code_that_is_sent_twice_is_taken_once(url: str, store: Store, stranger: Page) -> None:
    """The second would be refused as used, beside the recovery codes that are shown once."""
    await with_password(store, "supervisor")
    await stranger.goto(f"{url}/account")
    await type_in(stranger, "supervisor", PASSWORD)
    factor = stranger.locator("#factor")
    await factor.get_by_role("button", name="設定を始める").click()
    secret = await factor.locator("code").inner_text()
    held = await hold(stranger, "**/api/me/factor/confirm")
    await factor.get_by_label("今のパスワード").fill(PASSWORD)
    await factor.get_by_label("確認コード").fill(pyotp.TOTP(secret).now())
    for _ in range(2):
        await stranger.keyboard.press("Enter")
    await held.let_go()
    await expect(factor.locator(".codes code")).to_have_count(10)
    assert held.taken == 1


async def test_the_list_of_sessions_ends_one(url: str, store: Store, stranger: Page) -> None:
    """Other people's sessions cannot be ended by their name."""
    person_id = await with_password(store, "supervisor")
    await stranger.goto(f"{url}/account")
    await type_in(stranger, "supervisor", PASSWORD)
    rows = stranger.locator("#sessions li")
    await expect(rows).to_have_count(2)
    await expect(rows.filter(has_text="この端末")).to_contain_text("Chrome")
    (others,) = await sessions_of(store, await id_of(store, "operator"))
    ended = await stranger.evaluate(
        "(id) => fetch('/api/me/sessions/end', {method: 'POST', headers: {'Content-Type': 'application/json'}, "
        "body: JSON.stringify({id})}).then((answer) => answer.status)",
        others.token_hash,
    )
    assert ended == 404
    await rows.get_by_role("button", name="ログアウトさせる").click()
    await expect(rows).to_have_count(1)
    now = datetime.now(UTC)
    assert len([each for each in await sessions_of(store, person_id) if each.is_open(now)]) == 1


async def id_of(store: Store, login: str) -> str:
    """Return the id of somebody of the test's people, who has one session."""
    person = await person_by_login(store, login)
    assert person is not None
    return person.id


@pytest.mark.parametrize(
    "asked", [{"admin_second_factor": True}, {"second_factor_roles": ("supervisor", "records")}]
)
async def test_a_role_sets_up_a_second_factor_first_where_it_is_asked_for(
    real: Mosquitto, store: Store, stranger: Page, asked: dict[str, Any]
) -> None:
    await with_password(store, "admin", roles={"admin", "supervisor"})
    settings = dashboard_settings(real.settings, **asked)
    async with dashboard(settings, store=store) as url:
        await stranger.goto(url)
        await type_in(stranger, "admin", PASSWORD)
        await expect(stranger).to_have_url(re.compile(f"{url}/account.*"))
        await expect(stranger.locator("#factor .fault")).to_contain_text("認証アプリが必要です")
        async with client(url, "admin") as http, http.post("/api/missed/seen", json={}) as answer:
            assert (answer.status, (await answer.json())["reason"]) == (403, "must_enroll")


async def test_whose_second_factor_was_removed_sets_up_a_new_one_where_their_role_needs_it(
    real: Mosquitto, store: Store, stranger: Page
) -> None:
    person_id = await with_password(store, "supervisor")
    await set_second_factor(store, person_id, pyotp.random_base32(), 1, ())
    settings = dashboard_settings(real.settings, second_factor_roles=("supervisor",))
    async with dashboard(settings, store=store) as url:
        async with client(url, "admin") as http:
            assert (await post(http, f"/api/people/{person_id}/factor/remove"))[0] == 200
        await stranger.goto(url)
        await type_in(stranger, "supervisor", PASSWORD)
        await expect(stranger).to_have_url(re.compile(f"{url}/account.*"))
        await expect(stranger.locator("#factor .fault")).to_contain_text("認証アプリが必要です")
