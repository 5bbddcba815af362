"""Protection from other web sites in the same browser, before any session is looked at: checks and headers."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from kikimori_core.wire.peers import AllowedPeers
from kikimori_core.wire.settings import LOOPBACK
from kikimori_dashboard.web.host_names import is_this_machine

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler, Middleware

    from kikimori_dashboard.web.address_settings import AddressSettings
    from kikimori_dashboard.web.host_names import HostNames

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Permitted-Cross-Domain-Policies": "none",
    "X-DNS-Prefetch-Control": "off",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
STRICT_TRANSPORT = "max-age=31536000"
"""Seconds in which a browser asks by HTTPS alone for a name; not for names below it, which may be other machines'."""

UNKNOWN_NAME = (
    "この名前では開けません。管理者が kikimori.toml の [dashboard] host_names に名前を加えると開けます。\n"
    "This is not one of the dashboard's names. An administrator can add it to [dashboard] host_names.\n"
)
ONLY_BY_PROXY = (
    "ここは暗号化されていません。{url} を開いてください。\nThis address is not encrypted. Open {url}\n"
)
FORWARDED_PROTO = "X-Forwarded-Proto"


def require_known_name(names: HostNames) -> Middleware:
    """Refuse requests for foreign names (DNS rebinding)."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not names.allow(request.headers.get(hdrs.HOST, "")):
            raise web.HTTPMisdirectedRequest(text=UNKNOWN_NAME)
        return await handler(request)

    return check


class Guard:
    """Checks of each request's way: plain HTTP from this machine and from named proxies alone, no foreign origin."""

    def __init__(self, settings: AddressSettings) -> None:
        self._public_url = settings.public_url
        self._proxies = AllowedPeers(settings.trusted_proxies)
        self._near = AllowedPeers([*LOOPBACK, *settings.trusted_proxies])

    @web.middleware
    async def check(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self._unprotected(request):
            return self._to_the_proxy(request)
        changes_something = request.method not in (hdrs.METH_GET, hdrs.METH_HEAD)
        acts = changes_something or hdrs.UPGRADE in request.headers
        if acts and not self._is_own(request.headers.get(hdrs.ORIGIN, ""), request):
            raise web.HTTPForbidden(text="the Origin header is missing or names another site\n")
        return await handler(request)

    async def add_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        """Add the headers to an answer: a signal handler for `on_response_prepare`."""
        await add_headers(request, response)
        # For loopback it would be another program's on the same machine that browsers no longer open.
        if self._over_tls(request) and not is_this_machine(request.headers.get(hdrs.HOST, "")):
            response.headers["Strict-Transport-Security"] = STRICT_TRANSPORT

    def _over_tls(self, request: web.Request) -> bool:
        """Return whether the browser's own connection is encrypted, as far as we or a named proxy can tell."""
        return request.secure or self._told_by_proxy(request) == "https"

    def _unprotected(self, request: web.Request) -> bool:
        """Return whether a request came, or a proxy says that it came, over a network in plain text."""
        if self._public_url is not None and self._told_by_proxy(request) == "http":
            return True
        return not request.secure and not self._near.allow(request.remote)

    def _told_by_proxy(self, request: web.Request) -> str | None:
        """Return the scheme that a named proxy tells of its browser; of others that header says nothing."""
        if not self._proxies.allow(request.remote):
            return None
        return request.headers.get(FORWARDED_PROTO, "").rpartition(",")[2].strip().lower() or None

    def _to_the_proxy(self, request: web.Request) -> web.Response:
        if self._public_url is None or request.method not in (hdrs.METH_GET, hdrs.METH_HEAD):
            text = ONLY_BY_PROXY.format(url=self._public_url or "https")
            return web.Response(status=403, text=text)
        return web.Response(
            status=308, headers={hdrs.LOCATION: self._public_url + request.rel_url.raw_path_qs}
        )

    def _is_own(self, origin: str, request: web.Request) -> bool:
        """Return whether an Origin header names the address under which this page was asked for."""
        if self._public_url is not None and origin.lower() == self._public_url:
            return True
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        # Behind a proxy that is not named the scheme of the browser's address is not known.
        schemes = ("https",) if request.secure else ("http", "https")
        return parts.scheme in schemes and parts.netloc.lower() == request.headers[hdrs.HOST].lower()


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Add the headers that every answer has: a signal handler for `on_response_prepare`."""
    response.headers.update(HEADERS)
    # It names the versions of Python and aiohttp.
    response.headers.pop(hdrs.SERVER, None)
    # Pages and data are never kept; files are asked for again and answered with 304.
    response.headers.setdefault(
        "Cache-Control", "no-cache" if isinstance(response, web.FileResponse) else "no-store"
    )
