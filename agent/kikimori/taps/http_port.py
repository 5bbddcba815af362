"""HTTP port of a tap, bounded against crowds and slow peers; handlers see only connections that ask."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from aiohttp import web

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from kikimori.taps.tap import Address
    from kikimori_core.wire.peers import AllowedPeers

LINGER_S = 1.0
"""Seconds in which a peer's data after its answer is read and dropped, or it would never see the answer."""
MOST_STRANGERS = 8
"""Connections at a time from addresses outside the allow-list: enough for a handler to tell them why."""
SHUTDOWN_S = 1.0


class HttpPort:
    """Serves `app`; not more than `most` connections at a time, of which strangers cannot take more than a few.

    A connection that has not asked within `asks_within_s` is closed, in the middle of a request's head too, and every
    one after its first answer. A handler must bound by itself how long it waits for a body.
    """

    def __init__(
        self, app: web.Application, peers: AllowedPeers, *, most: int, asks_within_s: float = 5.0
    ) -> None:
        self._peers = peers
        self._most = most
        self._asks_within_s = asks_within_s
        self._mute: dict[asyncio.BaseTransport, asyncio.TimerHandle] = {}
        """Connections without a request yet. aiohttp alone would wait for them for a long time."""
        app.middlewares.insert(0, self._asked)
        app.on_response_prepare.append(_close_after)
        self._runner = web.AppRunner(
            app, access_log=None, lingering_time=LINGER_S, shutdown_timeout=SHUTDOWN_S
        )
        self._listener: asyncio.Server | None = None
        self._strangers: set[asyncio.Transport] = set()
        self.turned_away = 0
        """Number of connections closed at once, as there were too many."""

    @property
    def address(self) -> Address:
        """Return the address at which it listens; the real port when 0 was asked for."""
        if self._listener is None:
            raise RuntimeError("not listening")
        host, port = self._listener.sockets[0].getsockname()[:2]
        return host, port

    async def listen(self, host: str, port: int) -> None:
        """Open the port; raises OSError when it is taken."""
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(lambda: _Threshold(self), host, port, backlog=256)

    async def close(self) -> None:
        """Stop accepting, give handlers `SHUTDOWN_S` to end, then cancel them."""
        if self._listener is not None:
            self._listener.close()
        for timer in self._mute.values():
            timer.cancel()
        await self._runner.cleanup()

    def receive(self, transport: asyncio.Transport) -> asyncio.Protocol | None:
        """Return the protocol for a new connection; None = it is refused."""
        server = self._runner.server
        if server is None or not self._has_room(transport, len(server.connections)):
            self.turned_away += 1
            return None
        if len(self._mute) >= 2 * self._most:
            self._forget_the_gone()
        loop = asyncio.get_running_loop()
        self._mute[transport] = loop.call_later(self._asks_within_s, self._give_up, transport)
        return server()

    def _has_room(self, transport: asyncio.Transport, inside: int) -> bool:
        peername = transport.get_extra_info("peername")
        if inside >= self._most and not self._make_room():
            return False
        if self._peers.allow(peername[0] if peername else None):
            return True
        self._strangers = {each for each in self._strangers if not each.is_closing()}
        if len(self._strangers) >= MOST_STRANGERS:
            return False
        self._strangers.add(transport)
        return True

    def _make_room(self) -> bool:
        """End the oldest connection without a request; False when there is none."""
        for transport in list(self._mute):
            self._mute.pop(transport).cancel()
            if not transport.is_closing():
                cast("asyncio.Transport", transport).abort()
                self.turned_away += 1
                return True
        return False

    def _forget_the_gone(self) -> None:
        """Forget closed connections, so that many short ones are not kept until their time is up."""
        for gone in [each for each in self._mute if each.is_closing()]:
            self._mute.pop(gone).cancel()

    def _give_up(self, transport: asyncio.Transport) -> None:
        del self._mute[transport]
        transport.abort()

    @web.middleware
    async def _asked(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.transport is not None and request.transport in self._mute:
            self._mute.pop(request.transport).cancel()
        return await handler(request)


class _Threshold(asyncio.Protocol):
    """Connection before it is known whether it is admitted."""

    def __init__(self, port: HttpPort) -> None:
        self._port = port

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        stream = cast("asyncio.Transport", transport)
        handler = self._port.receive(stream)
        if handler is None:
            stream.abort()
            return
        stream.set_protocol(handler)
        handler.connection_made(stream)


async def _close_after(_request: web.Request, response: web.StreamResponse) -> None:
    """Close the connection after each answer, so that no peer sends requests faster than their answers."""
    if not isinstance(response, web.WebSocketResponse):
        response.headers["Connection"] = "close"
        response.force_close()
