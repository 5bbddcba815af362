"""The UDP ports on which RTP is received, and one timer for all sessions."""

from __future__ import annotations

import asyncio
import errno
import socket
from functools import partial
from typing import TYPE_CHECKING, cast

import structlog

from kikimori.errors import KikimoriError
from kikimori.media.rtp.receiver import RtpCounters

if TYPE_CHECKING:
    from kikimori.media.rtp.receiver import RtpSession
    from kikimori_core.wire.peers import AllowedPeers

log = structlog.get_logger()

ADVANCE_EVERY_S = 0.04

_RECEIVE_BUFFER_BYTES = 256 * 1024
"""Receive buffer in bytes: over a second of G.711 on one port, should this process be busy for as long."""

_TRIES = 64
"""Ports that other programs may hold in a row before the range counts as taken."""


class NoPortError(KikimoriError):
    """Every port of the range is in use."""


class RtpPort(asyncio.DatagramProtocol):
    """Open port; its datagrams go to the attached session."""

    def __init__(self, ports: RtpPorts, number: int) -> None:
        self.number = number
        """Port to which the other side should send."""
        self.session: RtpSession | None = None
        self._ports = ports
        self._transport: asyncio.DatagramTransport | None = None
        self._known: str | None = None

    def attach(self, session: RtpSession) -> None:
        """Give the datagrams from now on to `session`."""
        self.session = session

    def close(self) -> None:
        """Free the port. The session's owner flushes it first, and closes its leg."""
        self._ports.forget(self)
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        host = addr[0]
        if host != self._known:
            if not self._ports.peers.allow(host):
                self._ports.refuse(host)
                return
            self._known = host
        session = self.session
        if session is not None:
            try:
                session.receive(data, addr[:2])
            except Exception as error:  # noqa: BLE001  (one call's fault ends only that call's audio)
                self.fail(error)

    def error_received(self, exc: Exception) -> None:
        del exc  # an ICMP message about something we never sent

    def fail(self, error: Exception) -> None:
        """Note a fault; the session gets nothing any more."""
        log.error("rtp_session_failed", port=self.number, exc_info=error)
        self._ports.settle(self)


class RtpPorts:
    """Even ports of a range, opened as calls need them; use with `run` in a task."""

    def __init__(self, host: str, first: int, last: int, peers: AllowedPeers) -> None:
        """`first` to `last`: both included; the odd one after each belongs to its RTCP and is left alone."""
        self.peers = peers
        self._host = host
        self._range = range(first + first % 2, last + 1, 2)
        self._at = 0
        self._open: dict[int, RtpPort] = {}
        self._done = RtpCounters()
        self._refused = 0

    @property
    def capacity(self) -> int:
        """Return the number of ports in all."""
        return len(self._range)

    @property
    def in_use(self) -> int:
        return len(self._open)

    async def open(self) -> RtpPort:
        """Open the next free port.

        The range is gone through in turn, so that late packets of the last call do not reach the next one.

        Raises:
            NoPortError: none is free.
        """
        loop = asyncio.get_running_loop()
        taken = 0
        for _ in range(len(self._range)):
            number = self._range[self._at % len(self._range)]
            self._at += 1
            if number in self._open:
                continue
            port = RtpPort(self, number)
            self._open[number] = port
            try:
                transport, _ = await loop.create_datagram_endpoint(
                    partial(_itself, port), local_addr=(self._host, number)
                )
            except OSError as error:
                del self._open[number]
                taken += 1
                if error.errno != errno.EADDRINUSE or taken >= _TRIES:
                    raise self._no_port(error.strerror) from error
                continue
            except BaseException:
                del self._open[number]
                raise
            sock = transport.get_extra_info("socket")
            if sock is not None:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)
            return port
        raise self._no_port("all in use")

    async def run(self) -> None:
        """Advance the time of every session until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(ADVANCE_EVERY_S)
            now = loop.time()
            for port in list(self._open.values()):
                if port.session is not None:
                    try:
                        port.session.advance(now)
                    except Exception as error:  # noqa: BLE001  (as above)
                        port.fail(error)

    def close(self) -> None:
        for port in list(self._open.values()):
            port.close()

    def counters(self) -> dict[str, int]:
        """Return the sums over all sessions since start, by `packets`, `lost`, …, without a tap's name."""
        total = RtpCounters(refused=self._refused)
        total += self._done
        for port in self._open.values():
            if port.session is not None:
                total += port.session.counters
        return total.by_name()

    # What a port needs.

    def refuse(self, host: str) -> None:
        if not self._refused:
            log.warning("rtp_refused", peer=host, reason="peer_not_allowed")
        self._refused += 1

    def settle(self, port: RtpPort) -> None:
        """Keep the counters of a session that ends."""
        if port.session is not None:
            self._done += port.session.counters
            port.session = None

    def forget(self, port: RtpPort) -> None:
        if self._open.pop(port.number, None) is not None:
            self.settle(port)

    def _no_port(self, why: str | None) -> NoPortError:
        return NoPortError.of(
            "no_rtp_port", host=self._host, start=self._range.start, stop=self._range.stop - 1, why=why
        )


def _itself(port: RtpPort) -> RtpPort:
    return port
