"""SIP's sockets: UDP, TCP and TLS. RFC 3261, 18; RFC 3581 (rport); RFC 5626, 4.4.1 (keep-alive)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from kikimori.media.sip.datagrams import Datagrams, UdpFlow
from kikimori.media.sip.handshake import failure_of
from kikimori.media.sip.message import Request, Response, SipError
from kikimori.media.sip.origin import Address, note_source, source_towards
from kikimori.media.sip.stream import PONG, StreamDecoder
from kikimori.media.sip.tls import TlsListener
from kikimori.ports.keep_alive import keep_alive
from kikimori.ports.limiter import PortLimiter

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from kikimori.media.sip.message import Message
    from kikimori.media.sip.transaction import Flow
    from kikimori_core.wire.peers import AllowedPeers

_MAX_UNSENT_BYTES = 512 * 1024


class Handler(Protocol):
    """Receiver of the messages. Called on the event loop; returns at once."""

    def request(self, request: Request, flow: Flow) -> None: ...

    def response(self, response: Response) -> None: ...


@dataclass(frozen=True, slots=True)
class SipLimits:
    connections: int = 200
    """TCP and TLS connections at a time; an SRC needs one or two."""
    first_message_s: float = 30.0
    """Seconds after which a new connection without a message is closed."""
    message_s: float = 10.0
    """Seconds after which an incomplete message ends its connection: its sender is lost."""


class SipTransport:
    """Listener that parses data into messages and passes them on with their flow."""

    def __init__(
        self,
        handler: Handler,
        peers: AllowedPeers,
        limits: SipLimits | None = None,
        *,
        advertise: str | None = None,
        note: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Open nothing yet.

        Args:
            handler: Who gets the messages.
            peers: Everybody else is refused, TLS or not.
            limits: On connections.
            advertise: Address of this machine as the peers know it; None = found out for each peer.
            note: Gets a stable word for what people should know: why a TLS handshake failed.
        """
        self.handler = handler
        self.limits = limits or SipLimits()
        self.limiter = PortLimiter[_Connection](
            peers,
            self.limits.connections,
            refused="sip_refused",
            fault="sip_malformed",
            is_silent=lambda connection: connection.is_silent,
            end=lambda connection: connection.close(),
        )
        self._peers = peers
        self._advertise = advertise
        self._note = note
        self._loop = asyncio.get_running_loop()
        self._udp: Datagrams | None = None
        self._tcp: asyncio.Server | None = None
        self._tls: TlsListener | None = None
        self._ways: dict[str, str] = {}

    @property
    def addresses(self) -> dict[str, Address]:
        """Return the addresses by `udp`, `tcp` and `tls`, with the real port where 0 was asked for."""
        found: dict[str, Address] = {}
        if self._udp is not None:
            found["udp"] = self._udp.bound
        if self._tcp is not None:
            found["tcp"] = self._tcp.sockets[0].getsockname()[:2]
        if self._tls is not None:
            found["tls"] = self._tls.address
        return found

    async def listen_udp(self, host: str, port: int) -> None:
        """Open the port; raises OSError."""
        _, self._udp = await self._loop.create_datagram_endpoint(
            lambda: Datagrams(self), local_addr=(host, port)
        )

    async def listen_tcp(self, host: str, port: int) -> None:
        """Open the port; raises OSError."""
        self._tcp = await self._loop.create_server(lambda: _Connection(self, "TCP"), host, port, backlog=128)

    def listen_tls(self, host: str, port: int, context: ssl.SSLContext) -> None:
        """Open the port; raises OSError."""
        self._tls = TlsListener(context, self._admit_tls, self._no_tls)
        self._tls.listen(host, port)

    def udp_flow(self, peer: Address) -> Flow | None:
        """Return a flow to `peer`, an IP address; None for one outside the allow-list."""
        if self._udp is None or not self._peers.allow(peer[0]):
            return None
        return UdpFlow(self._udp, peer)

    def advance(self, now: float) -> None:
        """Close silent connections and those stopped inside a message; call it about once a second."""
        for connection in list(self.limiter.admitted):
            connection.check(now)

    async def close(self) -> None:
        self.limiter.closed = True
        if self._tcp is not None:
            self._tcp.close()
        if self._tls is not None:
            await self._tls.close()
        for connection in list(self.limiter.admitted):
            connection.close()
        if self._udp is not None:
            self._udp.close()

    # What the sockets need of it.

    def hears(self, peer: str) -> bool:
        """Return whether datagrams of this address are read; count and log a refusal."""
        if self._peers.allow(peer):
            return True
        self.limiter.refuse(peer, "peer_not_allowed")
        return False

    def spoilt(self, peer: str | None, transport: str, reason: str) -> None:
        self.limiter.fault(peer, reason, transport=transport)

    def way_to(self, peer: str, bound: str) -> str:
        """Our own address as `peer` sees it, for a socket bound to `bound`."""
        if self._advertise is not None:
            return self._advertise
        if bound not in {"0.0.0.0", "::"}:  # noqa: S104  (asked, not bound)
            return bound
        if peer not in self._ways:
            if len(self._ways) > 1000:
                self._ways.clear()
            self._ways[peer] = source_towards(peer) or bound
        return self._ways[peer]

    # What the TLS listener needs of it.

    def _admit_tls(self, peer: Address) -> _Connection | None:
        connection = _Connection(self, "TLS")
        return None if self.limiter.admit(connection, peer[0]) else connection

    def _no_tls(self, connection: asyncio.Protocol, peer: Address, error: OSError) -> None:
        self.limiter.release(cast("_Connection", connection))
        failure = failure_of(error)
        self._note(failure.reason)
        self.limiter.fault(peer[0], failure.reason, transport="TLS", detail=failure.detail)


class _Connection(asyncio.Protocol):
    """One TCP or TLS connection; also the flow of its messages' answers."""

    def __init__(self, owner: SipTransport, transport: str) -> None:
        self.transport = transport
        self.peer: Address = ("", 0)
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self._bound: Address = ("", 0)
        self._socket: asyncio.Transport | None = None
        self._decoder = StreamDecoder()
        self._since = self._loop.time()
        self._spoken = False

    @property
    def local(self) -> Address:
        return self._owner.way_to(self.peer[0], self._bound[0]), self._bound[1]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._socket = cast("asyncio.Transport", transport)
        peername = transport.get_extra_info("peername")
        limiter = self._owner.limiter
        # Over TLS it came in before the handshake.
        if self not in limiter.admitted and limiter.admit(self, peername[0] if peername else None):
            self._socket.abort()
            self._socket = None
            return
        self.peer = peername[:2]
        self._bound = transport.get_extra_info("sockname")[:2]
        # An SBC that was switched off must not keep its place among the few there are.
        keep_alive(transport)

    def data_received(self, data: bytes) -> None:
        if self._socket is None:
            return
        was_whole = not self._decoder.mid_message
        try:
            for message in self._decoder.feed(data):
                self._spoken = True
                was_whole = True
                self._handle(message)
        except SipError as error:
            self._owner.spoilt(self.peer[0], self.transport, error.reason)
            self.close()
            return
        if self._decoder.pings:
            self._decoder.pings = 0
            self._spoken = True
            self.send(PONG)
        if was_whole:
            self._since = self._loop.time()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  (the protocol's signature)
        self._socket = None
        self._owner.limiter.release(self)

    def send(self, data: bytes) -> None:
        if self._socket is None or self._socket.is_closing():
            return
        if self._socket.get_write_buffer_size() > _MAX_UNSENT_BYTES:
            # It asks and does not listen.
            self._owner.spoilt(self.peer[0], self.transport, "peer_does_not_read")
            self._socket.abort()
            return
        self._socket.write(data)

    @property
    def is_silent(self) -> bool:
        """Return whether no whole message came yet, over TCP; a TLS handshake has a limit of its own."""
        return not self._spoken and self._socket is not None

    def check(self, now: float) -> None:
        limits = self._owner.limits
        age = now - self._since
        if self._decoder.mid_message and age > limits.message_s:
            self._owner.spoilt(self.peer[0], self.transport, "message_never_ends")
            self.close()
        elif not self._spoken and age > limits.first_message_s:
            self._owner.spoilt(self.peer[0], self.transport, "says_nothing")
            self.close()

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._owner.limiter.release(self)

    def _handle(self, message: Message) -> None:
        if isinstance(message, Response):
            self._owner.handler.response(message)
        else:
            note_source(message, self.peer)
            self._owner.handler.request(message, self)
