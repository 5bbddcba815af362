"""SIP over UDP: the socket, and the way back to one address. RFC 3261, 18."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, cast

from kikimori.media.sip.message import Response, SipError, parse_datagram
from kikimori.media.sip.origin import Address, note_source

if TYPE_CHECKING:
    from kikimori.media.sip.transport import SipTransport

_RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024


class UdpFlow:
    """Flow to one address by UDP."""

    transport = "UDP"

    def __init__(self, datagrams: Datagrams, peer: Address) -> None:
        self._datagrams = datagrams
        self.peer = peer

    @property
    def local(self) -> Address:
        bound = self._datagrams.bound
        return self._datagrams.owner.way_to(self.peer[0], bound[0]), bound[1]

    def send(self, data: bytes) -> None:
        self._datagrams.send(data, self.peer)


class Datagrams(asyncio.DatagramProtocol):
    """UDP port of SIP."""

    def __init__(self, owner: SipTransport) -> None:
        self.owner = owner
        self.bound: Address = ("", 0)
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.bound = transport.get_extra_info("sockname")[:2]
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        source = addr[0], addr[1]
        if not self.owner.hears(source[0]):
            return
        if not data.strip(b"\r\n\0 "):
            return  # a keep-alive of some SBCs
        try:
            message = parse_datagram(data)
            if isinstance(message, Response):
                self.owner.handler.response(message)
                return
            back = note_source(message, source)
        except SipError as error:
            self.owner.spoilt(source[0], "UDP", error.reason)
            return
        self.owner.handler.request(message, UdpFlow(self, back))

    def error_received(self, exc: Exception) -> None:
        """Ignore an ICMP error for an earlier datagram; the transaction's timers handle it."""

    def send(self, data: bytes, peer: Address) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, peer)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
