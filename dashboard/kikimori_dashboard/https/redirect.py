"""Answers to plain HTTP where the pages have a certificate: the way to HTTPS, and the authority's certificate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import hdrs, web

from kikimori_dashboard.https.authority_file import add_authority
from kikimori_dashboard.web.guard import add_headers, require_known_name
from kikimori_dashboard.web.large_bodies import MAX_BODY

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_dashboard.https.certificate_keeper import CertificateKeeper
    from kikimori_dashboard.web.host_names import HostNames

REFUSED = (
    "このアドレスは暗号化されていないため、何も受け取りません。https で開いてください：{url}\n"
    "This address is not encrypted and takes nothing. Open it with https: {url}\n"
)


def redirect_app(names: HostNames, keeper: CertificateKeeper, url: Callable[[str], str]) -> web.Application:
    """Make the application of the port of plain HTTP.

    Args:
        names: Names by which browsers may ask.
        keeper: Keeps the certificate, whose names HTTPS is asked by.
        url: Returns the address of the pages under a name.
    """
    app = web.Application(middlewares=[require_known_name(names)], client_max_size=MAX_BODY)
    app.on_response_prepare.append(add_headers)
    add_authority(app, keeper)

    async def lead(request: web.Request) -> web.Response:
        address = url(keeper.name_for(request.headers[hdrs.HOST]))
        if request.method not in (hdrs.METH_GET, hdrs.METH_HEAD):
            return web.Response(status=403, text=REFUSED.format(url=address))
        # Not kept by browsers: an office may go back to plain HTTP.
        location = address.removesuffix("/") + request.rel_url.raw_path_qs
        return web.Response(status=308, headers={hdrs.LOCATION: location})

    app.router.add_route("*", "/{path:.*}", lead)
    return app
