"""Port that takes HTTPS and plain HTTP, told apart by a connection's first byte: TLS for the pages, plain for the redirect.

A connection counts before its handshake: `loop.create_server(ssl=…)` would tell of it only afterwards. Browsers that have once
been told to use HTTPS for a name (HSTS) do so at the port of plain HTTP too, so that each of the two ports takes both.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Coroutine

    from kikimori_core.serving.connection_limiter import ConnectionLimiter
    from kikimori_core.serving.limited_port import LimitedPort

log = structlog.get_logger()

TLS_HANDSHAKE = b"\x16"
"""First byte of a TLS connection: the record type of its ClientHello."""
BACKLOG = 512
SHUTDOWN_S = 2.0
"""Seconds in which a browser may answer the end of TLS; then the connection is cut."""
NO_DESCRIPTORS_S = 1.0
"""Wait before accepting again when the process has no file descriptor left."""


class HttpsListener:
    """Accepts connections until it is closed, and hands them to the servers of TLS and of plain HTTP."""

    def __init__(
        self,
        limiter: ConnectionLimiter,
        context: Callable[[], ssl.SSLContext],
        secure: LimitedPort,
        plain: LimitedPort,
    ) -> None:
        """Prepare for `listen`.

        Args:
            limiter: Counts the connections, those whose handshake is under way too.
            context: Returns the TLS context for a new connection.
            secure: Server of TLS connections.
            plain: Server of the others.
        """
        self._limiter = limiter
        self._context = context
        self._secure = secure
        self._plain = plain
        self._loop = asyncio.get_running_loop()
        self._sockets: list[socket.socket] = []
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> tuple[str, int]:
        """Return the address at which it listens; the real port when 0 was asked for."""
        if not self._sockets:
            raise RuntimeError("not listening")
        host, port = self._sockets[0].getsockname()[:2]
        return host, port

    async def listen(self, host: str, port: int) -> None:
        """Open the port; raises OSError when it is taken."""
        found = await self._loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, address in dict.fromkeys((each[0], str(each[4][0])) for each in found):
            # The second address of `localhost` gets the port that the first one was given.
            asked = self.address[1] if self._sockets else port
            opened = socket.create_server((address, asked), family=family, backlog=BACKLOG)
            opened.setblocking(False)
            self._sockets.append(opened)
        for each in self._sockets:
            self._start(self._accept(each))

    async def close(self) -> None:
        """Stop accepting, and end the handshakes under way. Completed connections stay."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for each in self._sockets:
            each.close()

    async def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                accepted, address = await self._loop.sock_accept(listening)
            except OSError:
                await asyncio.sleep(NO_DESCRIPTORS_S)
                continue
            reason = self._limiter.admit(address[0])
            if reason is None:
                self._start(self._take(accepted, address[0]))
                continue
            # No answer: it would need a handshake, which is what there is no room for.
            log.warning("connection_refused", server=self._limiter.server, peer=address[0], reason=reason)
            accepted.close()

    async def _take(self, accepted: socket.socket, peer: str) -> None:
        """Hand a connection on; from then on its server counts it."""
        within_s = self._limiter.limits.head_within_s
        connection = None
        try:
            try:
                async with asyncio.timeout(within_s):
                    first = await self._first_byte(accepted)
            except BaseException:
                accepted.close()
                raise
            if first == TLS_HANDSHAKE:
                connection = made = self._secure.counted(peer)
                await self._loop.connect_accepted_socket(
                    lambda: made,
                    accepted,
                    ssl=self._context(),
                    ssl_handshake_timeout=within_s,
                    ssl_shutdown_timeout=SHUTDOWN_S,
                )
            elif first:
                connection = made = self._plain.counted(peer)
                await self._loop.connect_accepted_socket(lambda: made, accepted)
            else:
                accepted.close()
        except OSError as error:  # also ssl.SSLError and TimeoutError
            log.debug("handshake_failed", server=self._limiter.server, error=str(error))
        finally:
            if connection is None or not connection.made:
                self._limiter.release(peer)

    async def _first_byte(self, accepted: socket.socket) -> bytes:
        """Wait for the first byte and leave it where it is; empty when the peer has closed."""
        ready = asyncio.Event()
        self._loop.add_reader(accepted, ready.set)
        try:
            await ready.wait()
        finally:
            self._loop.remove_reader(accepted)
        return accepted.recv(1, socket.MSG_PEEK)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(work, name="https")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
