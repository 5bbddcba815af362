"""Rules of the routes: each is registered with the right that it needs, or is open to everybody on purpose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from kikimori_dashboard.access.roles import Right, may

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from aiohttp.typedefs import Handler
    from pydantic import BaseModel

    from kikimori_dashboard.access.who import Principal


@dataclass(frozen=True, slots=True)
class RouteRule:
    """Rule of a route."""

    rights: frozenset[Right] = frozenset()
    """Rights of which one is needed; the handler asks again for the object. Empty = any session will do."""
    open: bool = False
    """True = it answers without a session."""
    page: bool = False
    """True = a browser without a session is led to the login page; else the answer is 401."""
    before_change: bool = False
    """True = it answers before a password that somebody else set was changed, and without a second factor that is needed."""

    def allows(self, who: Principal) -> bool:
        return not self.rights or any(may(who, each) for each in self.rights)


OPEN = RouteRule(open=True)
SIGNED_IN = RouteRule()
OWN_ACCOUNT = RouteRule(before_change=True)


def needs(*rights: Right) -> RouteRule:
    """Return the rule of an API route: one of these rights."""
    return RouteRule(frozenset(rights))


def page_for(*rights: Right) -> RouteRule:
    """Return the rule of a page."""
    return RouteRule(frozenset(rights), page=True)


RULES: web.AppKey[dict[web.AbstractResource, dict[str, RouteRule]]] = web.AppKey("rules", dict)

BODIES: web.AppKey[dict[tuple[str, str], type[BaseModel]]] = web.AppKey("bodies", dict)
"""Models of the routes' bodies, for the API's document."""


def add_route(
    app: web.Application,
    method: str,
    path: str,
    handler: Handler,
    rule: RouteRule,
    body: type[BaseModel] | None = None,
) -> None:
    """Register a route with its rule, for GET the one for HEAD too. A route registered otherwise answers nobody.

    `body`: the model of what it takes, for the API's document.
    """
    rules = _rules(app)
    resource = app.router.add_resource(path)
    if body is not None:
        app[BODIES][method, resource.canonical] = body
    for each in ("GET", "HEAD") if method == "GET" else (method,):
        resource.add_route(each, handler)
        rules.setdefault(resource, {})[each] = rule


def add_static(app: web.Application, prefix: str, folder: Path) -> None:
    """Register a folder of files that are open to everybody."""
    resource = app.router.add_static(prefix, folder)
    _rules(app).setdefault(resource, {}).update({"GET": OPEN, "HEAD": OPEN})


def rule_of(request: web.Request) -> RouteRule | None:
    """Return the rule of a request's route; None when there is no such route, or it has no rule."""
    resource = request.match_info.route.resource
    if resource is None:
        return None
    return request.config_dict[RULES].get(resource, {}).get(request.match_info.route.method)


def pages_of(app: web.Application, who: Principal) -> list[str]:
    """Return the paths of the pages that somebody may open, without those of one call, caller or alert."""
    return sorted(
        path
        for method, path, rule in routes(app)
        if method == "GET" and rule is not None and rule.page and "{" not in path and rule.allows(who)
    )


def routes(app: web.Application) -> Iterator[tuple[str, str, RouteRule | None]]:
    """Return method, path and rule of every route."""
    known = app.get(RULES, {})
    for route in app.router.routes():
        resource = route.resource
        path = "" if resource is None else resource.canonical
        yield route.method, path, None if resource is None else known.get(resource, {}).get(route.method)


def _rules(app: web.Application) -> dict[web.AbstractResource, dict[str, RouteRule]]:
    if RULES not in app:
        app[RULES] = {}
        app[BODIES] = {}
    return app[RULES]
