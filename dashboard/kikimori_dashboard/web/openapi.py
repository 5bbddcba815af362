"""OpenAPI document of the dashboard's HTTP API, made from its routes; a test holds the committed file against them.

`python -m kikimori_dashboard.openapi_file` writes the file anew.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web
from pydantic import TypeAdapter

from kikimori_dashboard.access.cookies import SESSION
from kikimori_dashboard.access.rules import BODIES, SIGNED_IN, add_route, routes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kikimori_dashboard.access.rules import RouteRule

FILE = Path(__file__).parents[1] / "openapi.json"
PATH = "/api/openapi.json"
COOKIE_BY_PORT = f"by plain HTTP on loopback `{SESSION}-PORT`, as a login sets it"
REFS = "#/components/schemas/{model}"
REFUSALS = {
    "401": "no session; `reason` is `no_session`",
    "403": "the roles do not allow it, or the Origin header names another site",
    "415": "the body is no JSON",
    "422": "the body is wrong; `reason` is a stable code",
    "503": "the database, the broker or the agent is away",
}


def add_to(app: web.Application) -> None:
    """Publish the committed document, behind a session."""
    add_route(app, "GET", PATH, _answer, SIGNED_IN)


async def _answer(_request: web.Request) -> web.FileResponse:
    """This document."""
    return web.FileResponse(FILE, headers={"Content-Type": "application/json"})


def document(app: web.Application) -> dict[str, Any]:
    """Return the document of an application: routes below `/api`, `/healthz` and `/live`."""
    paths: dict[str, dict[str, Any]] = {}
    schemas: dict[str, Any] = {}
    for method, path, rule, handler in _described(app):
        body = app[BODIES].get((method, path))
        operation: dict[str, Any] = {
            "summary": _summary(handler),
            "operationId": _name(method, path),
            "responses": {"200": {"description": "done"}, **_refusals(rule, with_body=body is not None)},
        }
        if not rule.open:
            operation["security"] = [{"session": []}]
        if rule.rights:
            operation["x-rights"] = sorted(rule.rights)
        if body is not None:
            schema = TypeAdapter(body).json_schema(ref_template=REFS)
            schemas |= schema.pop("$defs", {})
            schemas[body.__name__] = schema
            reference = {"$ref": REFS.format(model=body.__name__)}
            operation["requestBody"] = {
                "required": True,
                "content": {"application/json": {"schema": reference}},
            }
        if names := re.findall(r"\{(\w+)\}", path):
            operation["parameters"] = [
                {"name": each, "in": "path", "required": True, "schema": {"type": "string"}} for each in names
            ]
        paths.setdefault(path, {})[method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Kikimori dashboard",
            "version": "1",
            "description": "Requests that change something need an `Origin` header of the dashboard itself. `/live` is a "
            "WebSocket. Fields are only added.",
        },
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": SESSION, "description": COOKIE_BY_PORT}
            },
        },
    }


def text(app: web.Application) -> str:
    """Return the document as the committed file holds it."""
    return json.dumps(document(app), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _described(app: web.Application) -> Iterator[tuple[str, str, RouteRule, Any]]:
    handlers = {
        (route.method, route.resource.canonical): route.handler
        for route in app.router.routes()
        if route.resource is not None
    }
    for method, path, rule in routes(app):
        if rule is not None and method != "HEAD" and path.startswith(("/api/", "/healthz", "/live")):
            yield method, path, rule, handlers[method, path]


def _refusals(rule: RouteRule, *, with_body: bool) -> dict[str, Any]:
    codes = {"403", "503"} | (set() if rule.open else {"401"}) | ({"415", "422"} if with_body else set())
    return {each: {"description": REFUSALS[each]} for each in sorted(codes)}


def _summary(handler: Any) -> str:
    return (handler.__doc__ or "").strip().partition("\n")[0].rstrip(".")


def _name(method: str, path: str) -> str:
    words = re.findall(r"[A-Za-z_]+", path.removeprefix("/api"))
    return "_".join([method.lower(), *words])
