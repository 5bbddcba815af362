"""Ports of one dashboard: plain HTTP alone, or HTTPS and a port of plain HTTP that leads there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.serving.hangup import on_hangup
from kikimori_core.serving.https_listener import HttpsListener
from kikimori_core.serving.limited_port import LimitedPort
from kikimori_dashboard.https.redirect import redirect_app
from kikimori_dashboard.web.host_names import HostNames

if TYPE_CHECKING:
    from aiohttp import web

    from kikimori_core.serving.connection_limiter import ConnectionLimiter
    from kikimori_dashboard.https.certificate_keeper import CertificateKeeper
    from kikimori_dashboard.web.address_settings import AddressSettings


class PortNotOpenError(OSError):
    """A port that cannot be opened, with its number."""

    def __init__(self, error: OSError, port: int) -> None:
        super().__init__(error.errno, error.strerror or str(error))
        self.port = port


class DashboardPorts:
    """Serves the pages on the ports that the settings say."""

    def __init__(
        self,
        app: web.Application,
        limiter: ConnectionLimiter,
        settings: AddressSettings,
        keeper: CertificateKeeper,
    ) -> None:
        """`app` is not yet set up; its connections and those of the redirect are counted together."""
        self._settings = settings
        self._keeper = keeper
        self._limiter = limiter
        self._pages = LimitedPort(app, limiter)
        names = HostNames(settings, keeper.covers)
        self._redirect = LimitedPort(redirect_app(names, keeper, self._url), limiter)
        self._listeners: list[HttpsListener] = []
        self.page_port = settings.page_port
        """Port of the pages; the real one when 0 was asked for."""
        self.plain_port = settings.port
        """Port of plain HTTP, likewise."""

    async def open(self) -> str:
        """Open the ports and return the address of the pages; raises PortNotOpenError."""
        on_hangup(self._keeper)
        if self._settings.certificate is None:
            await self._open_plain()
            host = self._settings.host
        else:
            await self._open_secure()
            host = self._keeper.own_name
        return self._url(host)

    async def close(self) -> None:
        for each in self._listeners:
            await each.close()
        await self._pages.close()
        await self._redirect.close()

    def _url(self, host: str) -> str:
        return self._settings.url(host, self.page_port)

    async def _open_plain(self) -> None:
        try:
            await self._pages.listen(self._settings.host, self._settings.port)
        except OSError as error:
            raise PortNotOpenError(error, self._settings.port) from error
        self.page_port = self.plain_port = self._pages.address[1]

    async def _open_secure(self) -> None:
        await self._pages.prepare()
        await self._redirect.prepare()
        self.page_port = await self._listen(self._settings.https_port, self._pages)
        self.plain_port = await self._listen(self._settings.port, self._redirect)

    async def _listen(self, port: int, secure: LimitedPort) -> int:
        listener = HttpsListener(self._limiter, lambda: self._keeper.context, secure, self._redirect)
        try:
            await listener.listen(self._settings.host, port)
        except OSError as error:
            await listener.close()
            raise PortNotOpenError(error, port) from error
        self._listeners.append(listener)
        return listener.address[1]
