"""HTTP port, bounded in number and time. A connection too many gets 503 with Retry-After."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import structlog
from aiohttp import web

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from kikimori_core.serving.connection_limiter import ConnectionLimiter

log = structlog.get_logger()

LINGER_S = 1.0
"""Seconds in which a refused peer's data is read and dropped, or it would never see the answer."""
MOST_LINGERING = 100
"""Most refused connections in that state; more are closed at once."""
LOOKS_PER_LIMIT = 5
"""Number of checks of the connections within the shortest limit."""
SHUTDOWN_S = 2.0


class LimitedPort:
    """Serves `app`, an application that is not yet set up."""

    def __init__(self, app: web.Application, limiter: ConnectionLimiter) -> None:
        self._limiter = limiter
        self._limits = limits = limiter.limits
        self._connections: dict[asyncio.BaseTransport, _Connection] = {}
        self._lingering: set[asyncio.Transport] = set()
        app.middlewares.insert(0, self._request)
        app.middlewares.append(self._whole_body)
        self._runner = web.AppRunner(
            app,
            access_log=None,
            shutdown_timeout=SHUTDOWN_S,
            keepalive_timeout=limits.idle_s,
            lingering_time=LINGER_S,
        )
        self._listener: asyncio.Server | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Return the address at which it listens; the real port when 0 was asked for."""
        if self._listener is None:
            raise RuntimeError("not listening")
        host, port = self._listener.sockets[0].getsockname()[:2]
        return host, port

    async def prepare(self) -> None:
        """Set the application up, for connections that another listener accepts."""
        await self._runner.setup()
        self._watch = asyncio.create_task(self._close_the_overdue(), name="port")

    async def listen(self, host: str, port: int) -> None:
        """Set the application up and open the port; raises OSError when it is taken."""
        await self.prepare()
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(lambda: _Connection(self), host, port, backlog=512)

    def counted(self, address: str) -> _Connection:
        """Return the protocol of a connection that the limiter has admitted; once it is made, its end is told to it."""
        return _Connection(self, address)

    async def close(self) -> None:
        """Stop accepting, give handlers `SHUTDOWN_S` to end, then cancel them."""
        if self._listener is not None:
            self._listener.close()
        if self._watch is not None:
            self._watch.cancel()
        for transport in tuple(self._lingering):
            transport.abort()
        await self._runner.cleanup()

    # --- for its connections

    def admit(self, connection: _Connection) -> asyncio.Protocol | None:
        """Return aiohttp's protocol for a new connection; None = it was refused and answered so."""
        server, transport = self._runner.server, connection.transport
        if connection.counted:
            if server is None:
                self._limiter.release(connection.address)
                transport.abort()
                return None
        else:
            reason = "closing" if server is None else self._limiter.admit(connection.address)
            if server is None or reason is not None:
                log.warning(
                    "connection_refused", server=self._limiter.server, peer=connection.address, reason=reason
                )
                self._refuse(transport)
                return None
        self._connections[transport] = connection
        return server()

    def left(self, connection: _Connection) -> None:
        self._lingering.discard(connection.transport)
        if self._connections.pop(connection.transport, None) is not None:
            self._limiter.release(connection.address)

    def _refuse(self, transport: asyncio.Transport) -> None:
        transport.write(_too_many(self._limits.retry_after_s))
        if len(self._lingering) >= MOST_LINGERING:
            transport.close()
            return
        transport.write_eof()
        self._lingering.add(transport)
        asyncio.get_running_loop().call_later(LINGER_S, transport.abort)

    # --- inside

    @web.middleware
    async def _request(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Suspend the limit on headers while a request is answered; the outermost middleware."""
        connection = None if request.transport is None else self._connections.get(request.transport)
        if connection is None:
            return await handler(request)
        connection.answering = True
        connection.head_since = None
        try:
            return await handler(request)
        finally:
            connection.answering = False

    @web.middleware
    async def _whole_body(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Read the whole body in time, for the handlers; innermost, behind the checks that need no body."""
        if request.can_read_body:
            try:
                async with asyncio.timeout(self._limits.body_within_s):
                    await request.read()
            except TimeoutError:
                answer = web.Response(status=408, text="the body did not come in time\n")
                answer.force_close()
                return answer
        return await handler(request)

    async def _close_the_overdue(self) -> None:
        limits = self._limits
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(min(limits.head_within_s, limits.idle_s) / LOOKS_PER_LIMIT)
            now = loop.time()
            for connection in tuple(self._connections.values()):
                head_since = connection.head_since
                if (
                    head_since is not None and now - head_since > limits.head_within_s
                ) or now - connection.heard_at > limits.idle_s:
                    connection.transport.abort()


class _Connection(asyncio.Protocol):
    """Passes everything on to aiohttp, and notes the time of the last data."""

    transport: asyncio.Transport

    def __init__(self, port: LimitedPort, admitted: str | None = None) -> None:
        """`admitted`: address of a peer that the limiter has admitted already."""
        self._port = port
        self._time = asyncio.get_running_loop().time
        self._handler: asyncio.Protocol | None = None
        self.address = admitted
        self.counted = admitted is not None
        self.made = False
        self.heard_at = self._time()
        self.head_since: float | None = self.heard_at
        """Time since which the rest of a request's headers is awaited; None while it is not."""
        self.answering = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.made = True
        if not self.counted:
            peername = transport.get_extra_info("peername")
            self.address = peername[0] if peername else None
        self.heard_at = self.head_since = self._time()
        self._handler = self._port.admit(self)
        if self._handler is not None:
            self._handler.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self.heard_at = self._time()
        if self._handler is None:
            return
        if not self.answering and self.head_since is None:
            self.head_since = self.heard_at
        self._handler.data_received(data)

    def eof_received(self) -> bool | None:
        return None if self._handler is None else self._handler.eof_received()

    def pause_writing(self) -> None:
        if self._handler is not None:
            self._handler.pause_writing()

    def resume_writing(self) -> None:
        if self._handler is not None:
            self._handler.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._port.left(self)
        if self._handler is not None:
            self._handler.connection_lost(exc)


def _too_many(retry_after_s: int) -> bytes:
    body = b"too many connections\n"
    head = (
        "HTTP/1.1 503 Service Unavailable\r\n"
        f"Retry-After: {retry_after_s}\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Cache-Control: no-store\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode("ascii") + body
