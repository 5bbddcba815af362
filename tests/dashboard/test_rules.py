"""Rules of the routes: every route has one, and each role gets what the table says over real sockets."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiohttp import web
from tests.support.browser import dashboard_settings, store_of_people
from tests.support.live_client import live_client
from tests.support.sign_in import PEOPLE, add_session, client, cookie, token_of

from kikimori_core.wire.messages import Party
from kikimori_core.wire.settings import BrokerSettings
from kikimori_dashboard.access.cookies import SESSION
from kikimori_dashboard.access.rules import OPEN, add_route, routes
from kikimori_dashboard.app import create_app
from kikimori_records.audit.entry import ActorKind
from kikimori_records.people import NewPerson, add, change, person_by_login
from kikimori_records.people.changes import Author, change_person
from kikimori_records.people.kiosks import make_code

if TYPE_CHECKING:
    from tests.support.peer_agent import PeerAgent

    from kikimori_records.store import Store

SUPERVISORS = frozenset({"supervisor", "both"})
OPERATORS = frozenset({"operator"})
ADMINS = frozenset({"admin"})
READERS = frozenset({"supervisor", "both", "records"})
AUDITORS = frozenset({"admin", "records"})
READERS = SUPERVISORS | {"records"}
EVERYBODY = frozenset(PEOPLE)

EXPECTED: dict[tuple[str, str], frozenset[str] | None] = {
    # route: who is let in; None = everybody, without a session too
    ("GET", "/"): SUPERVISORS | {"wall"},
    ("GET", "/operator"): SUPERVISORS | OPERATORS,
    ("GET", "/login"): None,
    ("GET", "/first"): None,
    ("GET", "/account"): EVERYBODY,
    ("GET", "/healthz"): None,
    ("GET", "/authority.crt"): None,
    ("GET", "/api/certificate"): SUPERVISORS | ADMINS | {"wall"},
    ("GET", "/live"): SUPERVISORS | OPERATORS,  # without ?page=supervisor: the operator's picture
    ("GET", r"/api/sentences/{language}"): EVERYBODY,
    ("GET", "/api/help-reasons"): EVERYBODY,
    ("POST", "/api/reach"): SUPERVISORS | OPERATORS,
    ("GET", "/handover"): SUPERVISORS,
    ("GET", "/api/handover"): SUPERVISORS,
    ("POST", "/api/calls/{call_id}/commands"): SUPERVISORS | OPERATORS,
    ("POST", "/api/calls/{call_id}/notes"): SUPERVISORS,
    ("POST", "/api/calls/{call_id}/stop-requests"): SUPERVISORS | OPERATORS,
    ("POST", "/api/calls/{call_id}/ending"): SUPERVISORS | OPERATORS,
    ("POST", "/api/calls/{call_id}/ending/{ending_id}/agree"): SUPERVISORS | OPERATORS,
    ("POST", "/api/calls/{call_id}/ending/{ending_id}/refuse"): SUPERVISORS | OPERATORS,
    ("POST", "/api/calls/{call_id}/ending/{ending_id}/withdraw"): SUPERVISORS | OPERATORS,
    ("POST", "/api/calls/{call_id}/ending/{ending_id}/end"): SUPERVISORS | OPERATORS,
    ("GET", "/api/ending-reasons"): EVERYBODY,
    ("GET", "/api/calls/{call_id}/sound"): SUPERVISORS,
    ("GET", "/agents/{agent_id}/sound/{ticket}"): None,
    ("POST", "/api/calls/{call_id}/notes/{note_id}/remove"): SUPERVISORS,
    ("GET", "/api/seating-plan"): SUPERVISORS | AUDITORS,
    ("POST", "/api/missed/seen"): SUPERVISORS,
    ("POST", "/api/login"): None,
    ("POST", "/api/first"): None,
    ("POST", "/api/link"): None,
    ("POST", "/api/logout"): EVERYBODY,
    ("POST", "/api/logout/everywhere"): EVERYBODY,
    ("GET", "/api/me"): EVERYBODY,
    ("GET", "/api/openapi.json"): EVERYBODY,
    ("POST", "/api/me/password"): EVERYBODY,
    ("GET", "/api/me/factor"): EVERYBODY,
    ("POST", "/api/me/factor/begin"): EVERYBODY,
    ("GET", "/api/me/factor/picture"): EVERYBODY,
    ("POST", "/api/me/factor/confirm"): EVERYBODY,
    ("POST", "/api/me/factor/off"): EVERYBODY,
    ("GET", "/api/me/sessions"): EVERYBODY,
    ("POST", "/api/me/sessions/end"): EVERYBODY,
    ("GET", "/audit"): AUDITORS,
    ("GET", "/api/audit"): AUDITORS,
    ("GET", "/api/audit.csv"): AUDITORS,
    ("GET", "/history"): SUPERVISORS | {"records"},
    ("GET", "/api/history/choices"): SUPERVISORS | {"records"},
    ("POST", "/api/history/find"): SUPERVISORS | {"records"},
    ("POST", "/api/history/count"): SUPERVISORS | {"records"},
    ("POST", "/api/history/export"): frozenset({"records"}),
    ("GET", "/recording"): ADMINS,
    ("GET", "/api/recording"): ADMINS,
    ("GET", "/history/{uid}"): READERS,
    ("GET", "/api/history/{uid}"): READERS,
    ("GET", "/api/history/{uid}/peaks"): READERS,
    ("GET", "/api/history/{uid}/follow"): READERS,
    ("POST", "/api/history/{uid}/play"): frozenset({"records"}),
    ("GET", "/api/history/{uid}/sound"): frozenset({"records"}),
    ("GET", "/api/history/{uid}/marks"): READERS,
    ("POST", "/api/history/{uid}/review"): READERS,
    ("POST", "/api/history/{uid}/review/undo"): READERS,
    ("POST", "/api/history/{uid}/notes"): READERS,
    ("POST", "/api/history/{uid}/notes/{note_id}/remove"): READERS,
    ("POST", "/api/history/{uid}/alerts/{alert_id}/false"): SUPERVISORS,
    ("POST", "/api/history/{uid}/alerts/{alert_id}/false/undo"): SUPERVISORS,
    ("GET", "/false-alarms"): READERS,
    ("GET", "/api/false-alarms"): READERS,
    ("GET", "/my-record"): EVERYBODY,
    ("GET", "/api/my-record"): EVERYBODY,
    ("GET", "/static"): None,
    ("POST", "/api/alerts/{alert_id}/claim"): SUPERVISORS,
    ("POST", "/api/alerts/{alert_id}/release"): SUPERVISORS,
    ("POST", "/api/alerts/{alert_id}/false"): SUPERVISORS,
    ("POST", "/api/alerts/{alert_id}/false/undo"): SUPERVISORS,
    ("POST", "/api/alerts/{alert_id}/review"): SUPERVISORS,
    ("POST", "/api/alerts/{alert_id}/review/undo"): SUPERVISORS,
    ("GET", "/api/false-alarm-reasons"): EVERYBODY,
    ("GET", "/callers/{key}"): READERS,
    ("GET", "/api/callers/{key}"): READERS,
    ("POST", "/api/callers/{key}/customer"): READERS,
    ("POST", "/api/callers/{key}/remove"): READERS,
    ("POST", "/api/callers/{key}/join"): READERS,
    ("POST", "/api/callers/{key}/part"): READERS,
    ("GET", "/customers"): READERS,
    ("GET", "/api/customers"): READERS,
    ("GET", "/api/customers.csv"): frozenset({"records"}),
    ("POST", "/api/customers/import"): READERS,
    ("GET", "/people"): ADMINS,
    ("GET", "/api/people"): ADMINS,
    ("POST", "/api/people"): ADMINS,
    ("POST", "/api/people/{id}"): ADMINS,
    ("POST", "/api/people/{id}/disable"): ADMINS,
    ("POST", "/api/people/{id}/password"): ADMINS,
    ("POST", "/api/people/{id}/pin"): ADMINS,
    ("POST", "/api/people/{id}/factor/remove"): ADMINS,
    ("GET", "/api/superiors"): ADMINS,
    ("POST", "/api/superiors"): ADMINS,
    ("POST", "/api/superiors/order"): ADMINS,
    ("POST", "/api/superiors/{id}"): ADMINS,
    ("POST", "/api/superiors/{id}/remove"): ADMINS,
    ("GET", "/kiosk"): None,
    ("POST", "/api/kiosk"): None,
    ("GET", "/api/kiosks"): ADMINS,
    ("POST", "/api/kiosk-codes"): ADMINS,
    ("POST", "/api/kiosk-codes/revoke"): ADMINS,
    ("POST", "/api/kiosks/{id}/revoke"): ADMINS,
    ("GET", "/api/seat"): SUPERVISORS | OPERATORS,
    ("POST", "/api/seat"): frozenset(),  # kiosks alone
    ("POST", "/api/seat/leave"): frozenset(),
    ("GET", "/api/seatings/{extension}"): ADMINS,
    ("POST", "/api/seatings/{id}/correct"): ADMINS,
}
PAGES = {
    "/",
    "/operator",
    "/handover",
    "/account",
    "/people",
    "/audit",
    "/recording",
    "/my-record",
    "/history",
    "/callers/{key}",
    "/customers",
    "/history/{uid}",
    "/false-alarms",
}
OF_OPERATORS_PC = {
    # of those that need a session
    ("GET", "/account"),
    ("GET", "/operator"),
    ("GET", "/live"),
    ("GET", r"/api/sentences/{language}"),
    ("GET", "/api/help-reasons"),
    ("GET", "/api/ending-reasons"),
    ("GET", "/api/false-alarm-reasons"),
    ("GET", "/api/openapi.json"),
    ("POST", "/api/reach"),
    ("POST", "/api/calls/{call_id}/commands"),
    ("POST", "/api/calls/{call_id}/stop-requests"),
    ("POST", "/api/calls/{call_id}/ending"),
    ("POST", "/api/calls/{call_id}/ending/{ending_id}/end"),
    ("GET", "/api/me"),
    ("GET", "/api/me/sessions"),
    ("GET", "/api/seat"),
    ("POST", "/api/seat"),
    ("POST", "/api/seat/leave"),
    # These refuse it once they know what is wanted: it has no password and no factor.
    ("POST", "/api/me/password"),
    ("GET", "/api/me/factor/picture"),
    ("POST", "/api/me/factor/confirm"),
    ("POST", "/api/me/factor/off"),
    ("POST", "/api/me/sessions/end"),
}
OWN_ACCOUNT_ALONE = {path for _, path in EXPECTED if path == "/account" or path.startswith("/api/me")}
OF_CALLS: dict[str, dict[str, str]] = {
    # bodies with which these would be carried out
    "/api/calls/{call_id}/commands": {"action": "hold"},
    "/api/calls/{call_id}/notes": {"text": "メモ"},
    "/api/calls/{call_id}/ending": {"reason": "threat"},
    "/api/alerts/{alert_id}/false": {"reason": "misheard"},
}
ENDS = {"/api/logout", "/api/logout/everywhere"}
"""Not asked for everybody: they end the sessions that the other routes are asked with."""
NOT_LET_IN = {401, 403}


async def test_every_route_has_a_rule_and_stands_in_the_matrix() -> None:
    async with store_of_people() as store:
        app = create_app(dashboard_settings(BrokerSettings()), store)
        found = {(method, path): rule for method, path, rule in routes(app)}
        assert [route for route, rule in found.items() if rule is None] == []
        assert {(method, path) for method, path in found if method != "HEAD"} == EXPECTED.keys()
        assert all(rule is found["GET", path] for (method, path), rule in found.items() if method == "HEAD")


async def test_a_route_without_a_rule_is_found() -> None:
    app = web.Application()

    async def answer(_request: web.Request) -> web.Response:
        return web.Response()

    add_route(app, "GET", "/known", answer, OPEN)
    app.router.add_get("/forgotten", answer)
    assert [(method, path) for method, path, rule in routes(app) if rule is None] == [
        ("HEAD", "/forgotten"),
        ("GET", "/forgotten"),
    ]


def sample(path: str, alert_id: str = "a") -> str:
    path = (
        path.replace("{alert_id}", alert_id)
        .replace("{id}", "0" * 32)
        .replace("{note_id}", "0" * 32)
        .replace("{key}", "0" * 24)
        .replace("{extension}", "204")
        .replace("{agent_id}", "a")
        .replace("{ticket}", "t")
        .replace("{uid}", "c.r1")
        .replace("{ending_id}", "0" * 32)
    )
    return re.sub(r"\{language\}", "ja", path.replace("{call_id}", "c")).replace(
        "/static", "/static/icon.svg"
    )


async def asked_with(url: str, method: str, path: str, sent: str, **more: Any) -> tuple[int, str]:
    """Ask with a cookie header of its own; return status and the code of a refusal."""
    headers = {"Origin": url, **({"Cookie": sent} if sent else {})}
    async with (
        aiohttp.ClientSession(url, headers=headers, cookie_jar=aiohttp.DummyCookieJar()) as http,
        http.request(method, path, allow_redirects=False, **more) as answer,
    ):
        said = await answer.json() if answer.content_type == "application/json" else {}
        return answer.status, said.get("reason", "") if isinstance(said, dict) else ""


async def status(url: str, method: str, path: str, login: str | None, **more: Any) -> int:
    sent = cookie(login)["Cookie"] if login else ""
    return (await asked_with(url, method, sample(path), sent, **more))[0]


async def test_each_role_and_each_route(url: str, agent: PeerAgent) -> None:
    """For the page of others: the own page or a refusal. Bodies are wrong on purpose: what is refused for them was let in."""
    await agent.call("c")
    wrong = []
    for (method, path), allowed in EXPECTED.items():
        if path in ENDS:
            continue
        for login in PEOPLE:
            got = await status(url, method, path, login)
            let_in = got not in NOT_LET_IN and not (path == "/" and got == 303)
            if let_in != (allowed is None or login in allowed):
                wrong.append((method, path, login, got))
    assert wrong == []


async def test_an_operators_pc_and_each_route(url: str, store: Store, agent: PeerAgent) -> None:
    await agent.call("c", operator=Party(number="201"))
    async with live_client(url) as watching:
        await watching.until(lambda picture: "c" in picture["calls"])
    code, _ = await make_code(store, "201", Author(ActorKind.PROGRAM, "test"), datetime.now(UTC))
    async with client(url) as http, http.post("/api/kiosk", json={"code": code, "name": "窓側"}) as answer:
        own = "; ".join(f"{name}={each.value}" for name, each in answer.cookies.items() if each.value)
    wrong = []
    for (method, path), allowed in EXPECTED.items():
        if path in ENDS:
            continue
        got, _ = await asked_with(url, method, sample(path), own)
        let_in = got not in NOT_LET_IN and not (path == "/" and got == 303)
        if let_in != (allowed is None or (method, path) in OF_OPERATORS_PC):
            wrong.append((method, path, got))
    assert wrong == []


async def test_former_staff_and_new_passwords_on_each_route(url: str, store: Store) -> None:
    """Nothing for who was disabled while signed in; the own account alone with a password that somebody else set."""
    everything = frozenset({"operator", "supervisor", "records", "admin"})
    cookies = {}
    for login in ("former", "new"):
        person = await add(store, NewPerson(login, login, everything, frozenset({"299"})))
        await add_session(store, person.id, token_of(login))
        cookies[login] = f"{SESSION}={token_of(login)}"
        assert (await asked_with(url, "GET", "/api/people", cookies[login]))[0] == 200
        by = Author(ActorKind.PROGRAM, "test")
        if login == "former":
            await change_person(store, person.id, {}, by, disabled=True)
        else:
            await change(store, person.id, must_change=True)
    async with asyncio.timeout(60):  # the dashboard looks every second
        for sent in cookies.values():
            while (await asked_with(url, "GET", "/api/people", sent))[0] == 200:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    wrong = []
    for (method, path), allowed in EXPECTED.items():
        if allowed is None or path in ENDS:
            continue
        former = await asked_with(url, method, sample(path), cookies["former"])
        if former != ((303, "") if path in PAGES else (401, "no_session")):
            wrong.append((method, path, "former", *former))
        new = await asked_with(url, method, sample(path), cookies["new"])
        refused = new == ((303, "") if path in PAGES else (403, "must_change"))
        if refused != (path not in OWN_ACCOUNT_ALONE):
            wrong.append((method, path, "new", *new))
    assert wrong == []


async def test_no_route_of_a_call_or_an_alert_is_another_teams(
    url: str, store: Store, agent: PeerAgent
) -> None:
    await agent.call("c", operator=Party(number="201"))
    alert = await agent.alert("c")
    operator = await person_by_login(store, "operator")
    assert operator is not None
    await change(store, operator.id, team="billing")
    for team in ("billing", "sales"):
        person = await add(store, NewPerson(team, team, frozenset({"supervisor"}), team=team))
        await add_session(store, person.id, token_of(team))
    async with live_client(url, login="billing") as watching:
        await watching.until(lambda picture: picture["alerts"])
    of_sales = f"{SESSION}={token_of('sales')}"
    async with asyncio.timeout(60):  # the dashboard reads the teams by and by
        while (await asked_with(url, "POST", "/api/calls/c/notes", of_sales))[0] != 403:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    wrong = []
    for method, path in EXPECTED:
        if not path.startswith(("/api/calls/{call_id}/", "/api/alerts/{alert_id}/")):
            continue
        body = {"json": OF_CALLS[path]} if path in OF_CALLS else {}
        asked = sample(path, alert.alert_id)
        refused = await asked_with(url, method, asked, of_sales, **body)
        if refused[0] != 403:
            wrong.append((method, path, *refused))
    assert wrong == []
    assert agent.commands.empty()
    # Their own supervisor presses the same.
    got = await asked_with(
        url, "POST", f"/api/alerts/{alert.alert_id}/claim", f"{SESSION}={token_of('billing')}"
    )
    assert got == (200, "")


async def test_without_a_session(url: str) -> None:
    for (method, path), allowed in EXPECTED.items():
        got = await status(url, method, path, None)
        if allowed is None:
            assert got not in NOT_LET_IN, path
        elif path in PAGES:
            assert got == 303, path
        else:
            assert got == 401, path
    # Whether an address exists is not told either.
    assert await status(url, "GET", "/none", None) == 401
    assert await status(url, "PUT", "/api/missed/seen", None) == 401
    assert await status(url, "GET", "/none", "supervisor") == 404


@pytest.mark.parametrize("path", ["/", "/operator?ext=204"])
async def test_a_page_leads_to_the_login_page_and_back(url: str, path: str) -> None:
    async with aiohttp.ClientSession(url) as http, http.get(path, allow_redirects=False) as answer:
        assert answer.headers["Location"].startswith("/login?next=")
    async with aiohttp.ClientSession(url) as http, http.get(path) as answer:
        assert answer.status == 200
        assert "login.js" in await answer.text()


async def test_the_supervisors_page_is_not_an_operators(url: str) -> None:
    async with client(url, "operator") as http, http.get("/", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/operator")
    async with client(url, "admin") as http, http.get("/", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/people")
    async with client(url, "wall") as http, http.ws_connect("/live?page=supervisor") as socket:
        assert (await socket.receive_json())["type"] == "snapshot"
    async with client(url, "operator") as http:
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await http.ws_connect("/live?page=supervisor")


@pytest.mark.parametrize(
    ("login", "action", "call", "status_"),
    [
        ("operator", "hold", "own", 403),
        ("operator", "escalate", "others", 403),
        ("operator", "escalate", "none", 403),
        ("wall", "hold", "own", 403),
        ("admin", "hold", "own", 403),
        ("records", "escalate", "own", 403),
    ],
)
async def test_a_press_that_the_role_does_not_allow(
    url: str, agent: PeerAgent, login: str, action: str, call: str, status_: int
) -> None:
    """For an operator a call of others and one that does not exist are the same."""
    await agent.call("own", operator=Party(number="201"))
    await agent.call("others", operator=Party(number="205"))
    async with live_client(url) as watching:
        await watching.until(lambda picture: {"own", "others"} <= picture["calls"].keys())
    async with (
        client(url, login) as http,
        http.post(f"/api/calls/{call}/commands", json={"action": action, "page": "supervisor"}) as answer,
    ):
        assert (answer.status, (await answer.json())["reason"]) == (status_, "not_allowed")
    assert agent.commands.empty()
