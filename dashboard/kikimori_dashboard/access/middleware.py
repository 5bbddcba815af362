"""Check of every request: who sent it, and whether the route's rule lets them in."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import structlog
from aiohttp import web

from kikimori_dashboard.access.cookies import session_token
from kikimori_dashboard.access.open_session import SESSION
from kikimori_dashboard.access.refusal_page import is_for_a_person, refusal_page
from kikimori_dashboard.access.rules import RouteRule, rule_of
from kikimori_dashboard.access.who import WHO
from kikimori_records.errors import StoreAwayError, StoreError

if TYPE_CHECKING:
    from collections.abc import Collection

    from aiohttp.typedefs import Handler, Middleware

    from kikimori_dashboard.access.session_desk import SessionDesk
    from kikimori_dashboard.access.who import Principal

log = structlog.get_logger()

LOGIN_PAGE = "/login"
ACCOUNT_PAGE = "/account"
PEOPLE_PAGE = "/people"

STORE_AGAIN_S = 10
"""Seconds after which a browser asks again for a page that could not be opened without the database."""

NOWHERE = RouteRule()
"""Rule of addresses that do not exist: who has no session does not learn which do."""


def require_session(desk: SessionDesk) -> Middleware:
    """Let a request through only if its route is open, or its session allows the route."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        rule = rule_of(request)
        missing = request.match_info.http_exception is not None
        if rule is None and not missing:
            raise web.HTTPForbidden(text="this route has no rule\n")
        rule = rule or NOWHERE
        if rule.open:
            return await handler(request)
        token = session_token(request)
        try:
            session = None if token is None else await desk.find(token)
        except StoreError as error:
            return _no_store(request, rule, error)
        if session is None:
            return _sign_in(request, rule)
        request[SESSION] = session
        request[WHO] = session.who
        if (first := _to_do_first(session.who)) and not rule.before_change and not missing:
            return _elsewhere(request) if rule.page else refusal(403, first)
        if not rule.allows(session.who):
            if rule.page and request.path == "/":
                raise web.HTTPSeeOther(home_of(session.who.roles, kiosk=session.who.kiosk_id is not None))
            _log_refusal(request, session.who)
            return _not_allowed(request, rule)
        if isinstance(request.match_info.http_exception, web.HTTPNotFound) and is_for_a_person(request):
            return refusal_page(request, 404, "page_unknown")
        return await handler(request)

    return check


def home_of(roles: Collection[str], *, kiosk: bool = False) -> str:
    """Return the page where somebody begins."""
    if "supervisor" in roles or "wall" in roles:
        return "/"
    if kiosk or "operator" in roles:
        return "/operator"
    return PEOPLE_PAGE if "admin" in roles else ACCOUNT_PAGE


def refusal(status: int, reason: str, **more: object) -> web.Response:
    """Return the answer to a request that is not carried out; `reason` is a stable code that the pages word."""
    outcome = "unanswered" if status == web.HTTPGatewayTimeout.status_code else "not_sent"
    return web.json_response({"outcome": outcome, "reason": reason, **more}, status=status)


def _to_do_first(who: Principal) -> str | None:
    """Return the code of what somebody has to do at their account before anything else is open."""
    if who.must_change:
        return "must_change"
    return "must_enroll" if who.must_enroll else None


def _sign_in(request: web.Request, rule: RouteRule) -> web.Response:
    # A cookie that is not good here stays: it may be of another dashboard on this machine, and cookies know no ports.
    if rule.page and request.method in ("GET", "HEAD"):
        return web.Response(status=303, headers={"Location": f"{LOGIN_PAGE}?next={quote(request.path_qs)}"})
    return refusal(401, "no_session")


def _no_store(request: web.Request, rule: RouteRule, error: StoreError) -> web.Response:
    if not rule.page:
        return refusal(503, "store_away" if isinstance(error, StoreAwayError) else "store_fault")
    headers = {"Retry-After": str(STORE_AGAIN_S)}
    return refusal_page(request, 503, "page_store_away", again_s=STORE_AGAIN_S, headers=headers)


def _elsewhere(request: web.Request) -> web.Response:
    return web.Response(status=303, headers={"Location": f"{ACCOUNT_PAGE}?next={quote(request.path_qs)}"})


def _log_refusal(request: web.Request, who: Principal) -> None:
    resource = request.match_info.route.resource
    # The route's pattern: a path may name a call or a person.
    route = "" if resource is None else resource.canonical
    log.warning(
        "not_allowed", method=request.method, route=route, person_id=who.person_id, kiosk_id=who.kiosk_id
    )


def _not_allowed(request: web.Request, rule: RouteRule) -> web.Response:
    if rule.page:
        return refusal_page(request, 403, "page_not_allowed")
    return refusal(403, "not_allowed")
