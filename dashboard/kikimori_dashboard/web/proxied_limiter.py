"""Limit on what one browser occupies behind a reverse proxy, where all connections come from the proxy's address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from aiohttp import hdrs, web

from kikimori_core.serving.connection_limiter import ConnectionLimiter
from kikimori_core.wire.peers import AllowedPeers
from kikimori_dashboard.access.browser_address import browser_address

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp.typedefs import Handler, Middleware

log = structlog.get_logger()


def limit_proxied(limiter: ConnectionLimiter, proxies: Sequence[str]) -> Middleware:
    """Return a middleware that counts live connections and bodies on their way by the browser's address.

    What is answered at once is not counted: a browser with HTTP/2 asks for all files of a page at a time. Above the limit
    of an address the answer is 503, as for connections without a proxy.
    """
    trusted = AllowedPeers(proxies)
    limits = limiter.limits
    of_browsers = ConnectionLimiter(limits, unlimited=())

    @web.middleware
    async def limit(request: web.Request, handler: Handler) -> web.StreamResponse:
        lasts = hdrs.UPGRADE in request.headers or request.can_read_body
        if not lasts or not trusted.allow(request.remote):
            return await handler(request)
        address = browser_address(request, trusted)
        if (reason := of_browsers.admit(address)) is not None:
            limiter.refused[reason] += 1
            log.warning("connection_refused", server=limiter.server, peer=address, reason=reason)
            raise web.HTTPServiceUnavailable(
                text="too many connections\n", headers={"Retry-After": str(limits.retry_after_s)}
            )
        try:
            return await handler(request)
        finally:
            of_browsers.release(address)

    return limit
