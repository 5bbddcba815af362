"""Sessions over real sockets: cookies that are not good any more, sign-out, changes of roles, the database away."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp
import pyotp
import pytest
import pytest_asyncio
import structlog
from aiohttp import WSMsgType
from tests.support.browser import dashboard, dashboard_settings, store_of_people
from tests.support.live_client import LiveClient, connected, live_client
from tests.support.sign_in import PASSWORD, add_session, client, headers, token_of
from tests.support.stores import audited_until

from kikimori_dashboard.access.cookies import DEVICE, SESSION
from kikimori_dashboard.access.extension_teams import ExtensionTeams
from kikimori_dashboard.access.open_session import SessionEnd
from kikimori_dashboard.access.passwords import Passwords
from kikimori_dashboard.access.people_book import PeopleBook
from kikimori_dashboard.access.session_desk import AWAY, SessionDesk
from kikimori_dashboard.access.tokens import new_token
from kikimori_dashboard.access.totp import recovery_hash
from kikimori_records import people, sessions
from kikimori_records.audit.entry import ActorKind
from kikimori_records.errors import StoreAwayError
from kikimori_records.people.changes import Author, change_person
from kikimori_records.people.second_factor import recovery_codes_left, set_second_factor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from tests.support.mosquitto import Mosquitto

    from kikimori_records.store import Store

WITHIN_S = 60.0
JSON = {"Content-Type": "application/json"}


@pytest_asyncio.fixture
async def store() -> AsyncIterator[Store]:
    async with store_of_people() as opened:
        made = Passwords()
        password_hash = await made.hash(PASSWORD)
        made.close()
        for login in ("supervisor", "operator"):
            person = await people.person_by_login(opened, login)
            assert person is not None
            await people.change(opened, person.id, password_hash=password_hash)
        yield opened


async def person_id(store: Store, login: str) -> str:
    found = await people.person_by_login(store, login)
    assert found is not None
    return found.id


async def post(url: str, path: str, body: Any = None, cookie: str = "") -> tuple[int, Any, dict[str, str]]:
    """Ask without a cookie jar, with this cookie; return status, answer and the cookies that it sets."""
    sent = {"Origin": url, **({"Cookie": cookie} if cookie else {})}
    async with (
        aiohttp.ClientSession(url, headers=sent, cookie_jar=aiohttp.DummyCookieJar()) as http,
        http.post(path, json={} if body is None else body) as answer,
    ):
        return answer.status, await answer.json(), {name: each.value for name, each in answer.cookies.items()}


async def me(url: str, cookie: str) -> int:
    async with (
        aiohttp.ClientSession(url, headers={"Cookie": cookie}, cookie_jar=aiohttp.DummyCookieJar()) as http,
        http.get("/api/me") as answer,
    ):
        return answer.status


async def sign_in(
    url: str, login: str = "supervisor", password: str = PASSWORD, cookie: str = ""
) -> dict[str, str]:
    status, answer, cookies = await post(url, "/api/login", {"login": login, "password": password}, cookie)
    assert status == 200, answer
    return cookies


def by_port(url: str) -> str:
    """Return the name of the session's cookie, which has the dashboard's port."""
    return f"{SESSION}-{urlsplit(url).port}"


def as_cookie(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


async def test_the_cookie_that_a_login_gives(url: str) -> None:
    async with aiohttp.ClientSession(url, headers={"Origin": url}) as http:
        body = {"login": " SUPERVISOR ", "password": PASSWORD}
        async with http.post("/api/login", json=body) as answer:
            assert answer.status == 200
            (session,) = [
                each for each in answer.headers.getall("Set-Cookie") if each.startswith(f"{by_port(url)}=")
            ]
    assert by_port(url).startswith("__Host-kikimori-")
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= {
        each.strip() for each in session.split(";")
    }
    assert "Domain" not in session


async def test_two_dashboards_of_one_machine_keep_their_sessions(
    url: str, store: Store, real: Mosquitto
) -> None:
    """In one browser, whose cookies know no ports."""
    known = await people.person_by_login(store, "supervisor")
    assert known is not None
    settings = dashboard_settings(real.settings, client_id="dashboard-other")
    async with store_of_people() as others, dashboard(settings, store=others) as other:
        its_own = await person_id(others, "supervisor")
        await people.change(others, its_own, password_hash=known.password_hash)
        both = {**await sign_in(url), **await sign_in(other)}
        assert [await me(each, as_cookie(both)) for each in (url, other)] == [200, 200]
        _, _, cleared = await post(url, "/api/logout", cookie=as_cookie(both))
        assert cleared == {by_port(url): ""}
        assert [await me(each, as_cookie(both)) for each in (url, other)] == [401, 200]


async def test_a_session_of_the_release_before_goes_on(url: str) -> None:
    """Its cookie has no port in its name. It goes with the sign-out, and with the next login."""
    former = f"{SESSION}={token_of('supervisor')}"
    assert await me(url, former) == 200
    set_by_login = await sign_in(url, "operator", cookie=former)
    assert set_by_login[SESSION] == ""
    assert (await post(url, "/api/logout", cookie=former))[2] == {SESSION: "", by_port(url): ""}
    assert await me(url, former) == 401
    # One of another dashboard on this machine stays.
    assert SESSION not in await sign_in(url, cookie=f"{SESSION}={'A' * 43}")


async def test_a_strangers_password_is_not_looked_at_once_there_is_an_administrator(
    url: str, store: Store
) -> None:
    """It would take seconds of the processor."""
    known = await people.person_by_login(store, "supervisor")
    assert known is not None
    await people.change(store, await person_id(store, "admin"), password_hash=known.password_hash)
    body = {"token": "A" * 43, "name": "山田", "login": "yamada", "password": "short"}
    status, answer, cookies = await post(url, "/api/first", body)
    assert (status, answer["reason"], cookies) == (401, "link_over", {})


async def test_a_copied_cookie_is_worth_nothing_after_the_sign_out(url: str) -> None:
    copied = as_cookie(await sign_in(url))
    assert await me(url, copied) == 200
    assert (await post(url, "/api/logout", cookie=copied))[0] == 200
    assert await me(url, copied) == 401
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        with pytest.raises(aiohttp.WSServerHandshakeError, match="401"):
            await http.ws_connect(f"{url}/live?page=supervisor", headers={"Origin": url, "Cookie": copied})


@pytest.mark.parametrize(
    "fields", [{"expires_at": -1}, {"idle_s": 60, "used_at": -120}], ids=["expired", "idle"]
)
async def test_a_session_ends_by_time(url: str, store: Store, fields: dict[str, int]) -> None:
    now = datetime.now(UTC)
    row = {
        name: value if name == "idle_s" else now + timedelta(seconds=value) for name, value in fields.items()
    }
    token = new_token()
    await add_session(store, await person_id(store, "supervisor"), token, **row)
    assert await me(url, f"{SESSION}={token}") == 401


@pytest.mark.parametrize(
    "cookie",
    [
        f"{SESSION}=",
        f"{SESSION}={'A' * 43}",
        f"{SESSION}={'A' * 5000}",
        f"{SESSION}=' OR 1=1 --",
        f"{SESSION}={token_of('supervisor')[:-1]}0",
        f"kikimori={token_of('supervisor')}",
    ],
)
async def test_a_made_up_cookie(url: str, cookie: str) -> None:
    assert await me(url, cookie) == 401


async def test_sign_out_everywhere_ends_two_browsers_and_their_sockets(url: str) -> None:
    one, other = as_cookie(await sign_in(url)), as_cookie(await sign_in(url))
    of_another = as_cookie(await sign_in(url, "operator"))
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
        http.ws_connect(f"{url}/live?page=supervisor", headers={"Origin": url, "Cookie": other}) as socket,
    ):
        await socket.receive()
        assert (await post(url, "/api/logout/everywhere", cookie=one))[0] == 200
        assert await close_code(socket) == 4401
    assert [await me(url, each) for each in (one, other, of_another)] == [401, 401, 200]


async def close_code(socket: aiohttp.ClientWebSocketResponse | LiveClient) -> int | None:
    """Return the code in the server's close message, which is slow or quick to end the connection then."""
    async with asyncio.timeout(WITHIN_S):
        while (message := await socket.receive()).type not in (WSMsgType.CLOSE, WSMsgType.CLOSED):
            pass
    return int(message.data) if message.type is WSMsgType.CLOSE else None


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"roles": {"operator"}}, 4403),
        ({"team": "sales"}, 4403),
        ({"disabled_at": datetime(2026, 1, 1, tzinfo=UTC)}, 4401),
    ],
    ids=["roles", "team", "disabled"],
)
async def test_a_change_of_rights_closes_the_socket(url: str, store: Store, changed: Any, code: int) -> None:
    """Made by another program, straight in the database. What the socket may carry then is decided anew."""
    async with live_client(url) as watching, live_client(url, login="both") as other:
        await watching.until(connected)
        await people.change(store, await person_id(store, "supervisor"), **changed)
        assert await close_code(watching) == code
        assert not other.socket.closed
    if "roles" in changed:
        async with client(url) as http:
            async with http.post("/api/calls/c/commands", json={"action": "hold"}) as answer:
                assert answer.status == 403
            with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                await http.ws_connect("/live?page=supervisor")
    if "disabled_at" in changed:
        async with client(url) as http, http.get("/api/me") as answer:
            assert answer.status == 401


@pytest.mark.parametrize("running", [True, False], ids=["running", "stopped"])
async def test_a_displays_year_is_not_for_somebody_who_presses(
    real: Mosquitto, store: Store, running: bool
) -> None:
    """Also where the dashboard is stopped when the account of a display gets the roles of a person."""
    wall = await person_id(store, "wall")
    by = Author(ActorKind.PROGRAM, "test")
    settings = dashboard_settings(real.settings)

    async def change_roles() -> None:
        await change_person(store, wall, {"roles": frozenset({"supervisor"})}, by)

    if not running:
        await change_roles()
    async with dashboard(settings, store=store) as url:
        if running:
            async with live_client(url, login="wall") as watching:
                await watching.until(connected)
                await change_roles()
                assert await close_code(watching) == 4401
        assert await me(url, f"{SESSION}={token_of('wall')}") == 401
        assert await me(url, f"{SESSION}={token_of('both')}") == 200


async def test_who_is_enabled_again_signs_in_again(url: str, store: Store) -> None:
    """Disabled by a command while nothing of theirs is open here."""
    operator, by = await person_id(store, "operator"), Author(ActorKind.PROGRAM, "test")
    for disabled in (True, False):
        await change_person(store, operator, {}, by, disabled=disabled)
    assert await me(url, f"{SESSION}={token_of('operator')}") == 401
    await sign_in(url, "operator")


async def test_a_new_name_closes_nothing(url: str, store: Store) -> None:
    async with live_client(url) as watching:
        await watching.until(connected)
        await people.change(store, await person_id(store, "supervisor"), name="<b>木村</b>")
        async with client(url) as http, asyncio.timeout(WITHIN_S):
            while True:
                async with http.get("/api/me") as answer:
                    if (await answer.json())["name"] == "<b>木村</b>":
                        break
        assert not watching.socket.closed


async def test_wrong_passwords_and_unknown_names_get_one_answer(url: str) -> None:
    answers = [
        await post(url, "/api/login", {"login": login, "password": password})
        for login, password in (
            ("supervisor", "wrong"),
            ("nobody-of-that-name", PASSWORD),
            ("admin", PASSWORD),  # has no password
            ("' OR '1'='1", "' OR '1'='1"),
        )
    ]
    assert {(status, str(answer), str(cookies)) for status, answer, cookies in answers} == {
        (401, "{'outcome': 'not_sent', 'reason': 'wrong'}", "{}")
    }


async def test_delays_are_for_guessing_and_not_for_known_browsers_or_open_sessions(url: str) -> None:
    cookies = await sign_in(url)
    await guess(url, "supervisor")
    status, answer, _ = await post(url, "/api/login", {"login": "supervisor", "password": PASSWORD})
    assert (status, answer["reason"]) == (429, "wait")
    assert 0 < answer["wait_s"] <= 30
    # The open session is not touched, and the browser that knows the person signs in at once.
    assert await me(url, f"{SESSION}={cookies[by_port(url)]}") == 200
    assert by_port(url) in await sign_in(url, cookie=f"{DEVICE}={cookies[DEVICE]}")
    # The device cookie of one person is none of another.
    await guess(url, "operator")
    device = f"{DEVICE}={cookies[DEVICE]}"
    assert (await post(url, "/api/login", {"login": "operator", "password": PASSWORD}, device))[0] == 429


async def test_a_known_browser_is_delayed_by_its_own_guesses(url: str) -> None:
    """The device cookie stays at a PC where somebody signed in once: it is no leave to guess there."""
    cookies = await sign_in(url)
    device = f"{DEVICE}={cookies[DEVICE]}"
    await guess(url, "supervisor", device)
    status, answer, _ = await post(url, "/api/login", {"login": "supervisor", "password": PASSWORD}, device)
    assert (status, answer["reason"]) == (429, "wait")
    # Nobody else is delayed by it.
    assert by_port(url) in await sign_in(url)


async def test_a_right_password_gives_no_further_tries_of_the_code(url: str, store: Store) -> None:
    """Between wrong codes the password alone is sent, which is right."""
    person = await person_id(store, "supervisor")
    await set_second_factor(store, person, pyotp.random_base32(), None, ())
    asked = {"login": "supervisor", "password": PASSWORD}
    wait_s = 0
    async with asyncio.timeout(WITHIN_S):
        while wait_s < 4:
            status, answer, _ = await post(url, "/api/login", asked)
            assert (status, answer["reason"]) == (401, "code_needed")
            status, answer, _ = await post(url, "/api/login", {**asked, "code": "000000"})
            wait_s = answer.get("wait_s", 0)
            assert (status, answer["reason"]) == ((429, "wait") if wait_s else (401, "wrong_code"))
            await asyncio.sleep(wait_s if wait_s < 4 else 0)
    # Neither does an open session, where the factor is turned off by a code.
    off = {"password": PASSWORD, "code": "000000"}
    status, answer, _ = await post(url, "/api/me/factor/off", off, f"{SESSION}={token_of('supervisor')}")
    assert (status, answer["reason"]) == (429, "wait")


async def test_a_wrong_code_at_the_factor_is_in_the_audit(url: str, store: Store) -> None:
    person = await person_id(store, "supervisor")
    await set_second_factor(store, person, pyotp.random_base32(), None, ())
    off = {"password": PASSWORD, "code": "000000"}
    status, answer, _ = await post(url, "/api/me/factor/off", off, f"{SESSION}={token_of('supervisor')}")
    assert (status, answer["reason"]) == (403, "wrong_code")
    [entry] = await audited_until(store, "factor.off", 1)
    assert (entry["actor_id"], entry["outcome"], entry["details"]) == (
        person,
        "refused",
        {"reason": "wrong_code"},
    )


async def test_each_use_of_a_recovery_code_is_told_and_in_the_audit(url: str, store: Store) -> None:
    """The last one, which says that none is left; where the factor is turned off; and no word of a code of the app."""
    person, secret = await person_id(store, "supervisor"), pyotp.random_base32()
    codes = ["ONE", "TWO", "THREE"]
    await set_second_factor(store, person, secret, None, [recovery_hash(person, each) for each in codes])
    asked = {"login": "supervisor", "password": PASSWORD}
    status, answer, _ = await post(url, "/api/login", {**asked, "code": pyotp.TOTP(secret).now()})
    assert (status, "recovery_codes" in answer) == (200, False)
    for each, left in (("ONE", 2), ("TWO", 1)):
        status, answer, cookies = await post(url, "/api/login", {**asked, "code": each})
        assert (status, answer.get("recovery_codes")) == (200, left)
    status, answer, _ = await post(url, "/api/login", {**asked, "code": "TWO"})
    assert (status, answer["reason"]) == (401, "wrong_code")
    off = {"password": PASSWORD, "code": "THREE"}
    assert (await post(url, "/api/me/factor/off", off, as_cookie(cookies)))[0] == 200
    begun = await audited_until(store, "session.begin", 4)
    assert [(each["details"].get("by"), each["details"].get("codes_left")) for each in begun] == [
        ("password_and_code", None),
        ("password_and_recovery_code", 2),
        ("password_and_recovery_code", 1),
        (None, None),
    ]
    (turned_off,) = await audited_until(store, "factor.off", 1)
    assert turned_off["details"] == {"by": "password_and_recovery_code"}


async def guess(url: str, login: str, cookie: str = "") -> None:
    """Try wrong passwords until the delay is one that a slow machine does not sit out."""
    wait_s = 0
    async with asyncio.timeout(WITHIN_S):
        while wait_s < 4:
            status, answer, _ = await post(url, "/api/login", {"login": login, "password": "wrong"}, cookie)
            wait_s = answer.get("wait_s", 0)
            assert status == (429 if wait_s else 401)
            await asyncio.sleep(wait_s if wait_s < 4 else 0)


async def test_a_password_that_another_set_is_changed_first(url: str, store: Store) -> None:
    await people.change(store, await person_id(store, "supervisor"), must_change=True)
    cookie = as_cookie(await sign_in(url))
    assert await me(url, cookie) == 200
    status, answer, _ = await post(url, "/api/missed/seen", {"first": 1, "last": 1}, cookie)
    assert (status, answer["reason"]) == (403, "must_change")
    for present, new, expected in (
        ("wrong", "another long password", (403, "wrong_present")),
        (PASSWORD, "short", (422, "password_short")),
        (PASSWORD, PASSWORD, (422, "password_same")),
    ):
        status, answer, _ = await post(url, "/api/me/password", {"present": present, "new": new}, cookie)
        assert (status, answer["reason"]) == expected
    status, _, cookies = await post(
        url, "/api/me/password", {"present": PASSWORD, "new": "another long password"}, cookie
    )
    assert status == 200
    assert await me(url, cookie) == 401
    assert (await post(url, "/api/missed/seen", {"first": 1, "last": 1}, as_cookie(cookies)))[0] == 200


async def test_a_password_that_another_set_is_good_for_a_week(url: str, store: Store) -> None:
    from kikimori_records.schema import people as table  # noqa: PLC0415

    await people.change(store, await person_id(store, "supervisor"), must_change=True)
    await sign_in(url)
    async with store.begin() as connection:
        long_ago = datetime.now(UTC) - timedelta(days=8)
        await connection.execute(table.update().values(changed_at=long_ago))
    status, answer, cookies = await post(url, "/api/login", {"login": "supervisor", "password": PASSWORD})
    assert (status, answer["reason"], cookies) == (401, "password_over", {})
    status, answer, _ = await post(url, "/api/login", {"login": "supervisor", "password": "wrong"})
    assert (status, answer["reason"]) == (401, "wrong")
    await sign_in(url, "operator")


async def test_a_refused_login_uses_no_recovery_code_up(url: str, store: Store) -> None:
    from kikimori_records.schema import people as table  # noqa: PLC0415

    person = await person_id(store, "supervisor")
    await set_second_factor(store, person, pyotp.random_base32(), None, [recovery_hash(person, "ONE")])
    await people.change(store, person, must_change=True)
    async with store.begin() as connection:
        await connection.execute(table.update().values(changed_at=datetime.now(UTC) - timedelta(days=8)))
    login = {"login": "supervisor", "password": PASSWORD, "code": "ONE"}
    status, answer, _ = await post(url, "/api/login", login)
    assert (status, answer["reason"]) == (401, "password_over")
    assert await recovery_codes_left(store, person) == 1


@pytest.mark.parametrize("origin", [None, "http://evil.example", "null"])
async def test_a_web_socket_of_another_site(url: str, origin: str | None) -> None:
    """Its cookie would not come along either; here it does."""
    sent = {name: value for name, value in headers(url).items() if name != "Origin"}
    if origin is not None:
        sent["Origin"] = origin
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await http.ws_connect(f"{url}/live?page=supervisor", headers=sent)


async def test_what_people_do_stands_in_the_audit(url: str, store: Store) -> None:
    from kikimori_records.schema import audit  # noqa: PLC0415

    cookie = as_cookie(await sign_in(url))
    await post(url, "/api/login", {"login": "supervisor", "password": "wrong"})
    await post(url, "/api/calls/none/commands", {"action": "hold"}, cookie)
    await post(url, "/api/logout", cookie=cookie)
    rows: Sequence[Any] = ()
    async with asyncio.timeout(WITHIN_S):
        while len(rows) < 4:
            async with store.read() as connection:
                rows = (await connection.execute(audit.select().order_by(audit.c.number))).all()
    assert [(row.action, row.actor_name, row.outcome) for row in rows] == [
        ("session.begin", "高橋 課長", "done"),
        ("session.begin", "", "refused"),
        ("command.hold", "高橋 課長", "refused"),
        ("session.end", "高橋 課長", "done"),
    ]
    begun, refused = (row.details for row in rows[:2])
    assert (begun["by"], refused["reason"]) == ("password", "wrong")


async def test_what_is_not_allowed_is_logged_without_names(url: str) -> None:
    """The route's pattern stands in the log, not the path, which may name a person."""
    cookie = as_cookie(await sign_in(url, "operator"))
    with structlog.testing.capture_logs() as logged:
        status, _, _ = await post(url, f"/api/people/{'5a' * 16}/disable", {"disabled": True}, cookie)
    assert status == 403
    (told,) = (each for each in logged if each["event"] == "not_allowed")
    assert (told["method"], told["route"]) == ("POST", "/api/people/{id}/disable")
    assert told["person_id"]
    assert "5a5a" not in str(told)


class AwayStore:
    """Store that can be away."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.is_away = False

    def read(self) -> Any:
        self._require()
        return self._store.read()

    def begin(self) -> Any:
        self._require()
        return self._store.begin()

    def _require(self) -> None:
        if self.is_away:
            raise StoreAwayError("away")


async def test_open_sessions_go_on_for_a_while_without_the_database(store: Store) -> None:
    away: Any = AwayStore(store)
    now = datetime.now(UTC)
    desk = SessionDesk(away, PeopleBook(ExtensionTeams()), lambda: now)
    token = token_of("supervisor")
    known = await desk.find(token)
    assert known is not None
    await desk.look()
    ended: list[SessionEnd] = []
    away.is_away = True
    keeping = asyncio.create_task(desk.keep())
    with known.watched(ended.append):
        now += AWAY
        assert await desk.find(token) is known
        with pytest.raises(StoreAwayError):
            await desk.find(token_of("operator"))
        now += timedelta(seconds=1)
        with pytest.raises(StoreAwayError):
            await desk.find(token)
        async with asyncio.timeout(WITHIN_S):
            while not ended:  # noqa: ASYNC110  (a list tells nobody)
                await asyncio.sleep(0.05)
    assert ended[0] is SessionEnd.STORE_AWAY
    away.is_away = False
    await desk.look()
    assert await desk.find(token) is known
    keeping.cancel()


async def test_the_use_of_a_session_is_noted(store: Store) -> None:
    now = datetime.now(UTC)
    desk = SessionDesk(store, PeopleBook(ExtensionTeams()), lambda: now)
    person = await person_id(store, "supervisor")
    token = new_token()
    await add_session(store, person, token, idle_s=3600)
    for _ in range(3):
        now += timedelta(minutes=50)
        assert await desk.find(token) is not None
        await desk.look()
    (row,) = [each for each in await sessions.sessions_of(store, person) if each.idle_s == 3600]
    assert now - row.used_at < timedelta(minutes=2)
    now += timedelta(minutes=61)
    assert await desk.find(token) is None
