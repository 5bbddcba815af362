"""TLS port without handshakes for unknown peers; slow handshakes count as connections.

`loop.create_server(ssl=…)` tells of a connection only after its handshake: until then no limit would count it.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Coroutine

    from kikimori.media.sip.origin import Address

HANDSHAKE_S = 10.0
BACKLOG = 128
_NO_DESCRIPTORS_S = 1.0
"""Wait before accepting again when the process has no file descriptor left."""


class TlsListener:
    """Accepts until it is closed.

    `admit` is asked with the peer's address before the handshake and gives who will speak with it, or None to hang up;
    `failed` is told whose handshake failed, and how: `kikimori.media.sip.handshake` has words for it.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        admit: Callable[[Address], asyncio.Protocol | None],
        failed: Callable[[asyncio.Protocol, Address, OSError], None],
    ) -> None:
        self._context = context
        self._admit = admit
        self._failed = failed
        self._loop = asyncio.get_running_loop()
        self._socket: socket.socket | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> Address:
        if self._socket is None:
            raise RuntimeError("not listening")
        host, port = self._socket.getsockname()[:2]
        return host, port

    def listen(self, host: str, port: int) -> None:
        """Open the port; raises OSError."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=BACKLOG)
        self._socket.setblocking(False)
        self._start(self._accept(self._socket))

    async def close(self) -> None:
        """Stop accepting, and end the handshakes under way. Completed connections stay."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._socket is not None:
            self._socket.close()

    async def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                accepted, address = await self._loop.sock_accept(listening)
            except OSError:
                await asyncio.sleep(_NO_DESCRIPTORS_S)
                continue
            peer = address[0], address[1]
            protocol = self._admit(peer)
            if protocol is None:
                accepted.close()
            else:
                self._start(self._secure(accepted, protocol, peer))

    async def _secure(self, accepted: socket.socket, protocol: asyncio.Protocol, peer: Address) -> None:
        try:
            await self._loop.connect_accepted_socket(
                lambda: protocol, accepted, ssl=self._context, ssl_handshake_timeout=HANDSHAKE_S
            )
        except OSError as error:  # also ssl.SSLError
            self._failed(protocol, peer, error)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
