"""Browsers that close their connection before they were answered: usual, and no fault of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import ClientConnectionError, web

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

CLOSED_BY_CLIENT = 499
"""As nginx writes it; nobody reads it."""


@web.middleware
async def tolerate_disconnects(request: web.Request, handler: Handler) -> web.StreamResponse:
    """End a request whose connection is gone; without this aiohttp logs a traceback for each."""
    try:
        return await handler(request)
    except (ClientConnectionError, ConnectionError):
        if request.transport is not None and not request.transport.is_closing():
            raise
        return web.Response(status=CLOSED_BY_CLIENT)
