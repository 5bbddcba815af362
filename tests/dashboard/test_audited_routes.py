"""Entries of the audit by route: each route that changes something, or shows what is personal, writes one, or stands here with the reason."""

from __future__ import annotations

import ast
import asyncio
import inspect
import textwrap
from typing import TYPE_CHECKING, Any, cast

from aiohttp import web
from tests.support.browser import dashboard_settings, store_of_people
from tests.support.json_requests import get, post
from tests.support.sign_in import client
from tests.support.stores import audited, audited_until

from kikimori_core.wire.settings import BrokerSettings
from kikimori_dashboard.access.answering import answering
from kikimori_dashboard.access.audit_looks import AuditLooks
from kikimori_dashboard.access.rules import OPEN, add_route, routes
from kikimori_dashboard.access.who import WHO
from kikimori_dashboard.app import create_app
from kikimori_records.people import person_by_login

if TYPE_CHECKING:
    from tests.support.peer_agent import PeerAgent

    from kikimori_dashboard.access.audit_trail import AuditTrail
    from kikimori_records.store import Store

PROGRAM = ("kikimori_dashboard", "kikimori_records")
LAMBDA = "<lambda>"
"""Name of a function whose source stands within that of another one."""
Route = tuple[str, str]

ENTRIES: dict[Route, str] = {
    # route: the action of its entry; one that ends with "." is the beginning of several
    ("GET", "/live"): "live.open",
    ("GET", "/api/handover"): "handover.open",
    ("GET", "/api/calls/{call_id}/sound"): "sound.listen",
    ("POST", "/api/calls/{call_id}/commands"): "command.",
    ("POST", "/api/calls/{call_id}/notes"): "note.add",
    ("POST", "/api/calls/{call_id}/notes/{note_id}/remove"): "note.remove",
    ("POST", "/api/calls/{call_id}/stop-requests"): "ending.warn",
    ("POST", "/api/calls/{call_id}/ending"): "ending.propose",
    ("POST", "/api/calls/{call_id}/ending/{ending_id}/agree"): "ending.agree",
    ("POST", "/api/calls/{call_id}/ending/{ending_id}/refuse"): "ending.refuse",
    ("POST", "/api/calls/{call_id}/ending/{ending_id}/withdraw"): "ending.withdraw",
    ("POST", "/api/calls/{call_id}/ending/{ending_id}/end"): "ending.end",
    ("POST", "/api/missed/seen"): "alert.seen",
    ("POST", "/api/alerts/{alert_id}/claim"): "alert.claim",
    ("POST", "/api/alerts/{alert_id}/release"): "alert.release",
    ("POST", "/api/alerts/{alert_id}/false"): "alert.false",
    ("POST", "/api/alerts/{alert_id}/false/undo"): "alert.false_undo",
    ("POST", "/api/alerts/{alert_id}/review"): "alert.review",
    ("POST", "/api/alerts/{alert_id}/review/undo"): "alert.review_undo",
    ("POST", "/api/login"): "session.begin",
    ("POST", "/api/link"): "session.begin",
    ("POST", "/api/first"): "person.first",
    ("POST", "/api/logout"): "session.end",
    ("POST", "/api/logout/everywhere"): "session.end_all",
    ("POST", "/api/me/password"): "password.change",
    ("POST", "/api/me/factor/confirm"): "factor.on",
    ("POST", "/api/me/factor/off"): "factor.off",
    ("POST", "/api/me/sessions/end"): "session.end",
    ("GET", "/api/audit"): "audit.open",
    ("GET", "/api/audit.csv"): "audit.export",
    ("POST", "/api/history/find"): "history.find",
    ("POST", "/api/history/count"): "history.find",
    ("POST", "/api/history/export"): "history.export",
    ("GET", "/api/history/{uid}"): "recording.open",
    ("GET", "/api/history/{uid}/peaks"): "recording.open",
    ("GET", "/api/history/{uid}/marks"): "recording.open",
    ("POST", "/api/history/{uid}/play"): "recording.play",
    ("POST", "/api/history/{uid}/review"): "recording.review",
    ("POST", "/api/history/{uid}/review/undo"): "recording.review_undo",
    ("POST", "/api/history/{uid}/notes"): "note.add",
    ("POST", "/api/history/{uid}/notes/{note_id}/remove"): "note.remove",
    ("POST", "/api/history/{uid}/alerts/{alert_id}/false"): "alert.false",
    ("POST", "/api/history/{uid}/alerts/{alert_id}/false/undo"): "alert.false_undo",
    ("GET", "/api/callers/{key}"): "caller.open",
    ("POST", "/api/callers/{key}/customer"): "customer.change",
    ("POST", "/api/callers/{key}/remove"): "customer.remove",
    ("POST", "/api/callers/{key}/join"): "customer.join",
    ("POST", "/api/callers/{key}/part"): "customer.part",
    ("GET", "/api/customers"): "customer.open",
    ("GET", "/api/customers.csv"): "customer.export",
    ("POST", "/api/customers/import"): "customer.import",
    ("GET", "/api/people"): "person.open",
    ("POST", "/api/people"): "person.add",
    ("POST", "/api/people/{id}"): "person.change",
    ("POST", "/api/people/{id}/disable"): "person.disable",
    ("POST", "/api/people/{id}/password"): "password.set",
    ("POST", "/api/people/{id}/pin"): "pin.set",
    ("POST", "/api/people/{id}/factor/remove"): "factor.remove",
    ("POST", "/api/superiors"): "superior.add",
    ("POST", "/api/superiors/order"): "superior.order",
    ("POST", "/api/superiors/{id}"): "superior.change",
    ("POST", "/api/superiors/{id}/remove"): "superior.remove",
    ("POST", "/api/kiosk"): "kiosk.bind",
    ("POST", "/api/kiosk-codes"): "kiosk_code.make",
    ("POST", "/api/kiosk-codes/revoke"): "kiosk_code.revoke",
    ("POST", "/api/kiosks/{id}/revoke"): "kiosk.revoke",
    ("POST", "/api/seat"): "seating.begin",
    ("POST", "/api/seat/leave"): "seating.end",
    ("GET", "/api/seatings/{extension}"): "seating.open",
    ("POST", "/api/seatings/{id}/correct"): "seating.correct",
}

NO_ENTRY: dict[Route, str] = {
    # route: why it writes none
    ("POST", "/api/reach"): "tries the way to the agents, and changes nothing",
    ("POST", "/api/me/factor/begin"): "nothing is kept until a code confirms it",
    ("GET", "/api/me"): "about oneself",
    ("GET", "/api/me/factor"): "about oneself",
    ("GET", "/api/me/factor/picture"): "about oneself",
    ("GET", "/api/me/sessions"): "about oneself",
    ("GET", "/api/my-record"): "about oneself",
    ("GET", "/api/seat"): "names among which the operator chooses their own",
    ("GET", "/api/seating-plan"): "names as the page of calls shows them, whose opening is noted",
    (
        "GET",
        "/api/superiors",
    ): "names and numbers to which calls are transferred; a part of the page of people",
    ("GET", "/api/kiosks"): "operators' PCs, no persons",
    ("GET", "/api/false-alarms"): "marks by rule, no words of calls",
    ("GET", "/api/history/choices"): "names that can be chosen; what is found by them is noted",
    ("GET", "/api/history/{uid}/follow"): "how a call's files stand, no words",
    ("GET", "/api/history/{uid}/sound"): "given after `play` of the same session, which is noted",
    ("GET", "/agents/{agent_id}/sound/{ticket}"): "an agent's, with the ticket of a listening that is noted",
    ("GET", "/healthz"): "figures of the program",
    ("GET", "/api/certificate"): "about the program",
    ("GET", "/authority.crt"): "about the program",
    ("GET", "/api/recording"): "about the program",
    ("GET", "/api/openapi.json"): "about the program",
    ("GET", "/api/sentences/{language}"): "texts of the program",
    ("GET", "/api/help-reasons"): "texts of the program",
    ("GET", "/api/ending-reasons"): "texts of the program",
    ("GET", "/api/false-alarm-reasons"): "texts of the program",
}


def handlers(app: web.Application) -> dict[Route, Any]:
    """Return the handlers of all routes but files and empty pages, which say nothing of anybody."""
    pages = {path for _, path, rule in routes(app) if rule is not None and rule.page}
    found = {}
    for route in app.router.routes():
        path = "" if route.resource is None else route.resource.canonical
        if route.method != "HEAD" and path not in {*pages, "/static", "/login", "/first", "/kiosk"}:
            found[route.method, path] = route.handler
    return found


def texts_of(handler: Any) -> set[str]:
    """Return the texts in a handler, and in the functions of the program that it and those name."""
    waiting, seen, texts = [handler], set(), set()
    while waiting:
        method = inspect.unwrap(waiting.pop())
        function, owner = getattr(method, "__func__", method), getattr(method, "__self__", None)
        if (function, id(owner)) in seen:
            continue
        seen.add((function, id(owner)))
        names = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
        if owner is not None:
            names["self"] = owner
        for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.add(node.value)
            found = named(node, names)
            if (
                inspect.isroutine(found)
                and str(found.__module__).startswith(PROGRAM)
                and found.__name__ != LAMBDA
            ):
                waiting.append(found)
    return texts


def named(node: ast.AST, names: dict[str, Any]) -> Any:
    """Return what a name, or an attribute of one, stands for; None where only the run tells."""
    if isinstance(node, ast.Attribute):
        return getattr(named(node.value, names), node.attr, None)
    return names.get(node.id) if isinstance(node, ast.Name) else None


async def test_every_route_has_an_entry_or_a_reason() -> None:
    async with store_of_people() as store:
        found = handlers(create_app(dashboard_settings(BrokerSettings()), store))
    assert ENTRIES.keys() & NO_ENTRY.keys() == set()
    assert found.keys() == ENTRIES.keys() | NO_ENTRY.keys()
    silent = {route: action for route, action in ENTRIES.items() if action not in texts_of(found[route])}
    assert silent == {}


async def test_a_route_that_writes_no_entry_is_found() -> None:
    """Wrapped as the handlers of the program are."""
    app = web.Application()
    looks = AuditLooks(cast("AuditTrail", None))

    async def forgetful(_request: web.Request) -> web.Response:
        return web.Response()

    async def honest(request: web.Request) -> web.Response:
        looks.note(request[WHO], "person.open")
        return web.Response()

    for each in (forgetful, honest):
        add_route(app, "POST", f"/{each.__name__}", answering(each), OPEN)
    found = handlers(app)
    assert found.keys() == {("POST", "/forgetful"), ("POST", "/honest")}
    assert texts_of(found["POST", "/forgetful"]) == set()
    assert "person.open" in texts_of(found["POST", "/honest"])


async def test_missed_alerts_that_are_confirmed_are_in_the_audit(
    url: str, store: Store, agent: PeerAgent
) -> None:
    """Each by itself, under the name of who confirmed it; a press that takes none notes none."""
    supervisor = await person_by_login(store, "supervisor")
    assert supervisor is not None
    await agent.call("c")
    alerts = [await agent.alert("c", rule=each) for each in ("shouting", "threat")]
    for each in alerts:
        await agent.close_alert(each)
    async with client(url) as http:
        async with asyncio.timeout(60):
            while (await get(http, "/healthz"))["missed_alerts"] < len(alerts):  # noqa: ASYNC110  (figures tell nobody)
                await asyncio.sleep(0.05)
        for taken in (len(alerts), 0):
            status, answer = await post(http, "/api/missed/seen", {"first": 1, "last": 9})
            assert (status, answer["acknowledged"]) == (200, taken)
    await audited_until(store, "alert.seen", len(alerts))
    # What is noted later is written later: no further entry of the second press is on its way.
    async with client(url) as http:
        await post(http, "/api/logout")
    await audited_until(store, "session.end", 1)
    assert [
        (each["actor_id"], each["object_id"], each["details"]) for each in await audited(store, "alert.seen")
    ] == [(supervisor.id, each.alert_id, {"call_id": "c"}) for each in alerts]
