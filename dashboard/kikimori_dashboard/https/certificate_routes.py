"""HTTP route of the certificate's problems, for pages that are not pushed the site's state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from kikimori_dashboard.access.roles import Right
from kikimori_dashboard.access.rules import add_route, needs
from kikimori_dashboard.pages.worded import worded_problem

if TYPE_CHECKING:
    from kikimori_dashboard.https.certificate_keeper import CertificateKeeper


def add_certificate(app: web.Application, keeper: CertificateKeeper) -> None:
    """Register the route."""

    async def answer(_request: web.Request) -> web.Response:
        """Return what is wrong with the certificate of the pages."""
        return web.json_response({"problems": [worded_problem(each) for each in keeper.problems]})

    add_route(app, "GET", "/api/certificate", answer, needs(Right.SETTINGS, Right.WATCH))
