"""Limits of bodies: small ones, and those of routes that take more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp.typedefs import Handler, Middleware

MAX_BODY = 4096
"""Limit of the small ones, in bytes."""


def allow_large_bodies(limits: Mapping[str, int]) -> Middleware:
    """Return a middleware that raises the limit for some paths, in bytes; to stand behind the check of the session."""

    @web.middleware
    async def allow(request: web.Request, handler: Handler) -> web.StreamResponse:
        most = limits.get(request.path)
        return await handler(request if most is None else request.clone(client_max_size=most))

    return allow
