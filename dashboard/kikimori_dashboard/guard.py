"""Protection from other web sites in the same browser, before any session is looked at: checks and headers."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import hdrs, web

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler, Middleware

    from kikimori_dashboard.config import DashboardSettings

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def guard(settings: DashboardSettings) -> Middleware:
    """Refuse foreign names (DNS rebinding) and foreign origins (other sites' pages in the same browser)."""
    names = {"localhost", "127.0.0.1", "::1", settings.host}

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        host = request.headers.get(hdrs.HOST, "")
        if _name(host) not in names:
            raise web.HTTPForbidden(
                text="this name is not one of the dashboard's; open it as http://localhost\n"
            )
        changes_something = request.method not in (hdrs.METH_GET, hdrs.METH_HEAD)
        acts = changes_something or hdrs.UPGRADE in request.headers
        if acts and _origin_host(request.headers.get(hdrs.ORIGIN, "")) != host.lower():
            raise web.HTTPForbidden(text="the Origin header is missing or names another site\n")
        return await handler(request)

    return check


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Add the headers to an answer: a signal handler for `on_response_prepare`."""
    response.headers.update(HEADERS)
    # Pages and data are never kept; files are asked for again and answered with 304.
    response.headers.setdefault(
        "Cache-Control", "no-cache" if isinstance(response, web.FileResponse) else "no-store"
    )


def _origin_host(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None


def _name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
