"""A bad network between sipp and the tap: of every call each kind of message is lost once, and then comes twice."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from kikimori.taps.tap import Address


class _End(asyncio.DatagramProtocol):
    def __init__(self, network: LossyNetwork) -> None:
        self._network = network
        self.transport: asyncio.DatagramTransport | None = None
        self.peer: Address | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._network.carry(self, data, addr)

    def send(self, data: bytes) -> None:
        assert self.transport is not None
        if self.peer is not None:
            self.transport.sendto(data, self.peer)


class LossyNetwork:
    """Relays between whoever sends to `address` and the tap. The peers must use `rport`."""

    def __init__(self) -> None:
        self.lost = 0
        self.doubled = 0
        self._seen: set[tuple[bytes, bytes, bytes]] = set()

    async def open(self, tap: Address) -> Address:
        loop = asyncio.get_running_loop()
        self._near, self._far = _End(self), _End(self)
        await loop.create_datagram_endpoint(lambda: self._near, local_addr=("127.0.0.1", 0))
        await loop.create_datagram_endpoint(lambda: self._far, local_addr=("127.0.0.1", 0))
        self._far.peer = tap
        assert self._near.transport is not None
        host, port = self._near.transport.get_extra_info("sockname")[:2]
        return host, port

    def close(self) -> None:
        for end in (self._near, self._far):
            assert end.transport is not None
            end.transport.close()

    def carry(self, end: _End, data: bytes, source: Address) -> None:
        if end is self._near:
            end.peer = source
        other = self._far if end is self._near else self._near
        lines = {
            line.partition(b":")[0].lower(): line for line in data.split(b"\r\n\r\n")[0].split(b"\r\n")[1:]
        }
        kind = (data[:11], lines.get(b"call-id", b""), lines.get(b"cseq", b""))
        if kind not in self._seen:
            self._seen.add(kind)
            self.lost += 1
            return
        self.doubled += 1
        other.send(data)
        other.send(data)
