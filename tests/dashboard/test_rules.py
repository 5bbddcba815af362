"""Rules of the routes: every route has one, and each role gets what the table says over real sockets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiohttp import web
from tests.support.browser import dashboard_settings, store_of_people
from tests.support.sign_in import PEOPLE, client, cookie

from kikimori_core.wire.settings import BrokerSettings
from kikimori_dashboard.access.rules import OPEN, add_route, routes
from kikimori_dashboard.app import create_app

if TYPE_CHECKING:
    from tests.support.peer_agent import PeerAgent

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


def sample(path: str) -> str:
    path = (
        path.replace("{id}", "0" * 32)
        .replace("{note_id}", "0" * 32)
        .replace("{key}", "0" * 24)
        .replace("{extension}", "204")
        .replace("{alert_id}", "a")
        .replace("{agent_id}", "a")
        .replace("{ticket}", "t")
        .replace("{uid}", "c.r1")
        .replace("{ending_id}", "0" * 32)
    )
    return re.sub(r"\{language\}", "ja", path.replace("{call_id}", "c")).replace(
        "/static", "/static/icon.svg"
    )


async def status(url: str, method: str, path: str, login: str | None, **more: Any) -> int:
    headers = {"Origin": url, **(cookie(login) if login else {})}
    async with (
        aiohttp.ClientSession(url, headers=headers, cookie_jar=aiohttp.DummyCookieJar()) as http,
        http.request(method, sample(path), allow_redirects=False, **more) as answer,
    ):
        return answer.status


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
    from tests.support.live_client import live_client  # noqa: PLC0415

    from kikimori_core.wire.messages import Party  # noqa: PLC0415

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
