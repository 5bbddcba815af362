"""AudioSocket's sockets: one connection per leg, every one on its own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import structlog

from kikimori.integrations.audiosocket.protocol import AUDIO_8K, AudioSocketDecoder, AudioSocketError, encode
from kikimori.ports.keep_alive import keep_alive
from kikimori.ports.limiter import ConnectionLimits, PortLimiter
from kikimori.taps.passed_over import PassedOver
from kikimori.taps.streamed_leg import FloodError, StreamedLeg
from kikimori_core.model.call import CallInfo, EndReason, Role

if TYPE_CHECKING:
    from uuid import UUID

    from kikimori.taps.announced.directory import AnnouncedLeg, LegDirectory
    from kikimori_core.model.feed import CallDesk
    from kikimori_core.wire.peers import AllowedPeers

log = structlog.get_logger()

_WATCH_EVERY_S = 0.25

SILENCE = encode(AUDIO_8K, bytes(320))
"""20 ms of silence. Every release takes this kind; a channel of another rate drops it, which does no harm."""
SILENCE_EVERY_S = 0.02
SILENCE_FOR_S = 2.0
"""Seconds of silence in that interval after the connection, while the PBX puts the channel together; later
with each watch."""
_MOST_UNSENT_BYTES = 4096


class AudioSocketServer:
    """Accepts AudioSocket connections and opens a leg on `desk` for each.

    A UUID that nobody announced becomes a call of its own with one mixed leg, so that a bare
    `AudioSocket(${UUID()},host:port)` in a dialplan works, labelled as what it is.
    """

    def __init__(
        self,
        desk: CallDesk,
        directory: LegDirectory,
        peers: AllowedPeers,
        limits: ConnectionLimits | None = None,
    ) -> None:
        self.desk = desk
        self._directory = directory
        self._limits = limits or ConnectionLimits()
        self.limiter = PortLimiter[_Connection](
            peers,
            self._limits.connections,
            refused="audiosocket_refused",
            fault="audiosocket_protocol_error",
            is_silent=lambda connection: connection.is_silent,
            end=lambda connection: connection.end(EndReason.TIMED_OUT),
        )
        self.passed_over = PassedOver("audiosocket")
        self._server: asyncio.Server | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Return the address at which it listens; the real port when 0 was asked for."""
        if self._server is None:
            raise RuntimeError("not listening")
        host, port = self._server.sockets[0].getsockname()[:2]
        return host, port

    async def listen(self, host: str, port: int) -> None:
        """Open the port; raises OSError when it is taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), host, port, backlog=256)

    async def watch(self) -> None:
        """Turn network silence into gaps and end lost and unidentified connections, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_WATCH_EVERY_S)
            now = loop.time()
            for connection in list(self.limiter.admitted):
                connection.check(now, self._limits)

    async def close(self) -> None:
        """Stop accepting, then end every leg."""
        if self._server is not None:
            self._server.close()
        self.limiter.closed = True
        for connection in list(self.limiter.admitted):
            connection.end(EndReason.SHUTDOWN)

    def claim(self, uuid: UUID) -> AnnouncedLeg | None:
        return self._directory.claim(uuid)


class _Connection(asyncio.Protocol):
    """One leg: bytes in, feed out. Also the receiver of the decoder's messages."""

    def __init__(self, server: AudioSocketServer) -> None:
        self._server = server
        self._decoder = AudioSocketDecoder(self)
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._peer: str | None = None
        self._opened_at = self._loop.time()
        self._heard_at = self._opened_at
        self._announced: AnnouncedLeg | None = None
        self._uuid: UUID | None = None
        self._leg: StreamedLeg | None = None
        self._labelled = 0
        self._ended = False
        self._log = log

    # --- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        peername = transport.get_extra_info("peername")
        self._peer = peername[0] if peername else None
        if self._server.limiter.admit(self, self._peer):
            self._ended = True
            self._transport.abort()
            return
        keep_alive(transport)

    def data_received(self, data: bytes) -> None:
        if self._ended:
            return
        self._heard_at = self._loop.time()
        try:
            self._decoder.feed(data)
        except AudioSocketError as error:
            self._server.limiter.fault(self._peer, error.reason, self._log)
            self.end(EndReason.PROTOCOL_ERROR)
        while self._decoder.passed_over:
            self._server.passed_over.note(self._decoder.passed_over.pop(), self._heard_at, self._log)

    def connection_lost(self, exc: Exception | None) -> None:
        # Asterisk ends a call by closing the connection; only a reset or half a message is a loss. And where it has
        # not yet read the silence that we send, its closing is a reset.
        usual = self._silent and isinstance(exc, ConnectionError)
        broken = self._decoder.mid_message or (exc is not None and not usual)
        self.end(EndReason.CONNECTION_LOST if broken else EndReason.HUNG_UP)

    # --- protocol.Messages

    def identified(self, uuid: UUID) -> None:
        self._uuid = uuid
        self._announced = self._server.claim(uuid)
        if self._announced is None:
            self._log.info("audiosocket_unannounced", peer=self._peer, call_id=str(uuid))
        elif self._silent:
            self._silence_often()

    def audio(self, rate: int, pcm: memoryview) -> None:
        if self._leg is None:
            self._leg, self._labelled = self._open(rate), rate
        elif rate != self._labelled and self._announced is None:
            # The channel changed its format: the call goes on in another leg.
            before, self._leg, self._labelled = self._leg, self._open(rate), rate
            before.close(EndReason.HUNG_UP)
        try:
            self._leg.audio(pcm, self._heard_at)
        except FloodError:
            raise AudioSocketError("audio_flood") from None

    def dtmf(self, digit: str) -> None:
        if self._leg is not None:
            self._leg.dtmf(digit)

    def hung_up(self) -> None:
        self.end(EndReason.HUNG_UP)

    def failed(self, code: int) -> None:
        self._log.warning("audiosocket_peer_error", peer=self._peer, code=code)
        self.end(EndReason.CONNECTION_LOST)

    # --- the leg

    @property
    def _silent(self) -> bool:
        """Return whether silence is sent."""
        return self._announced is not None and self._announced.needs_silence

    def _open(self, labelled_rate: int) -> StreamedLeg:
        uuid, announced = self._uuid, self._announced
        if announced is None:
            call, role, asked = CallInfo(call_id=str(uuid), tap="audiosocket"), Role.MIXED, None
        else:
            call, role, asked = announced.call, announced.role, announced.rate
        self._log = log.bind(call_id=call.call_id, role=str(role))
        return StreamedLeg(self._server.desk, call, role, asked or labelled_rate, self._heard_at)

    def _silence_often(self) -> None:
        if self._ended or self._loop.time() - self._opened_at > SILENCE_FOR_S:
            return
        self._say_silence()
        self._loop.call_later(SILENCE_EVERY_S, self._silence_often)

    def _say_silence(self) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if transport.get_write_buffer_size() < _MOST_UNSENT_BYTES:
            transport.write(SILENCE)

    @property
    def is_silent(self) -> bool:
        """Return whether nobody announced this leg and no audio came: it may be none."""
        return self._leg is None and self._announced is None

    def check(self, now: float, limits: ConnectionLimits) -> None:
        """Called a few times a second by the server's watch."""
        if self._ended:
            return
        if self._silent:
            self._say_silence()
        if self._uuid is None and now - self._opened_at > limits.identify_within_s:
            self._server.limiter.fault(self._peer, "never_identified", self._log)
            self.end(EndReason.TIMED_OUT)
        elif now - self._heard_at > limits.idle_s:
            self._log.warning("audiosocket_idle", peer=self._peer, idle_s=limits.idle_s)
            self.end(EndReason.TIMED_OUT)
        elif self._leg is not None:
            self._leg.check(now)

    def end(self, reason: EndReason) -> None:
        if self._ended:
            return
        self._ended = True
        if self._leg is not None:
            self._leg.close(reason)
        self._server.limiter.release(self)
        if self._transport is not None:
            self._transport.close()
