"""Certificate of the office's own authority, given to everybody who is to trust it: `/authority.crt`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aiohttp import web

from kikimori_dashboard.access.rules import OPEN, add_route

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_dashboard.https.certificate_keeper import CertificateKeeper

PATH = "/authority.crt"
CONTENT_TYPE = "application/x-x509-ca-cert"
MOST_BYTES = 64 * 1024

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")


def read_authority(file: Path) -> bytes | None:
    """Read the certificates of a file, and nothing else of it: a key may stand beside them. None = there are none."""
    try:
        if not file.is_file():  # a pipe would be waited for
            return None
        with file.open("rb") as opened:
            found = _CERTIFICATE.findall(opened.read(MOST_BYTES))
    except OSError:
        return None
    return b"\n".join(found) + b"\n" if found else None


def add_authority(app: web.Application, keeper: CertificateKeeper) -> None:
    """Register the route."""

    async def answer(_request: web.Request) -> web.Response:
        """Give the certificate of the office's own authority."""
        if keeper.authority is None:
            return web.Response(status=404, text="no [dashboard] authority is set here\n")
        return web.Response(
            body=keeper.authority,
            content_type=CONTENT_TYPE,
            headers={"Content-Disposition": 'attachment; filename="authority.crt"'},
        )

    add_route(app, "GET", PATH, answer, OPEN)
