"""Port of the records service: HTTPS with the office's certificate, or plain HTTP on loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from kikimori_core.journal.sink import RefusalCode
from kikimori_core.serving.certificate_keeper import PairKeeper
from kikimori_core.serving.connection_limiter import ConnectionLimiter, PortLimits
from kikimori_core.serving.hangup import on_hangup
from kikimori_core.serving.https_listener import HttpsListener
from kikimori_core.serving.limited_port import LimitedPort

if TYPE_CHECKING:
    from kikimori_core.journal.settings import RecordsTable

LIMITS = PortLimits(connections=128, per_address=48, body_within_s=90.0, idle_s=120.0)
"""An agent has one connection, a dashboard up to 32 (`service_sound.AT_ONCE`). An agent's slowest delivery of 2 MiB takes a minute and a half at 200 kbit/s."""


class RecordsPort:
    """Serves an application on the address that `[records]` says. `keep` runs while it is open."""

    def __init__(self, settings: RecordsTable, app: web.Application, limits: PortLimits = LIMITS) -> None:
        self._settings = settings
        self._limiter = ConnectionLimiter(limits, unlimited=(), server="records")
        self._served = LimitedPort(app, self._limiter)
        self._plain = LimitedPort(_only_https(), self._limiter)
        self._keeper = PairKeeper(settings.certificate, settings.certificate_key)
        self._listener: HttpsListener | None = None

    async def open(self) -> str:
        """Open the port and return the address of the service.

        Raises:
            ConfigError: the certificate cannot be used.
            OSError: the port is taken, or must not be used.
        """
        await self._keeper.begin()
        if not self._keeper.has_certificate:
            await self._served.listen(self._settings.address, self._settings.port)
            return _url("http", *self._served.address)
        on_hangup(self._keeper)
        await self._served.prepare()
        await self._plain.prepare()
        self._listener = HttpsListener(self._limiter, lambda: self._keeper.context, self._served, self._plain)
        await self._listener.listen(self._settings.address, self._settings.port)
        return _url("https", *self._listener.address)

    async def keep(self) -> None:
        """Read a renewed certificate, until cancelled."""
        await self._keeper.keep()

    async def close(self) -> None:
        """Stop accepting, and let requests under way end."""
        if self._listener is not None:
            await self._listener.close()
        await self._served.close()
        await self._plain.close()


def _url(scheme: str, host: str, port: int) -> str:
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _only_https() -> web.Application:
    """Make the application for who speaks plain HTTP to a port of HTTPS."""
    app = web.Application(client_max_size=1)

    async def refuse(_request: web.Request) -> web.Response:
        said = {"code": str(RefusalCode.REQUEST_WRONG), "detail": "this port takes HTTPS alone"}
        return web.json_response(said, status=403)

    app.router.add_route("*", "/{path:.*}", refuse)
    return app
