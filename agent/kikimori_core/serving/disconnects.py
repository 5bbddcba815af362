"""Tolerance for clients that close their connection before the answer, which is usual and no fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import ClientConnectionError, web

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

CLOSED_BY_CLIENT = 499
"""Status as nginx writes it; no client reads it."""


@web.middleware
async def tolerate_disconnects(request: web.Request, handler: Handler) -> web.StreamResponse:
    """End a request whose connection was closed; without this aiohttp logs a traceback for each."""
    try:
        return await handler(request)
    except (ClientConnectionError, ConnectionError):
        if request.transport is not None and not request.transport.is_closing():
            raise
        return web.Response(status=CLOSED_BY_CLIENT)
