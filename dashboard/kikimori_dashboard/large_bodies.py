"""Limits of bodies, where a route takes more than the small ones of all others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp.typedefs import Handler, Middleware


def allow_large_bodies(limits: Mapping[str, int]) -> Middleware:
    """Return a middleware that raises the limit for some paths, in bytes; to stand behind the check of the session."""

    @web.middleware
    async def allow(request: web.Request, handler: Handler) -> web.StreamResponse:
        most = limits.get(request.path)
        return await handler(request if most is None else request.clone(client_max_size=most))

    return allow
