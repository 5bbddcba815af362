"""chan_websocket's connections: one per leg, every one on its own. Nothing is ever sent to Asterisk but the end."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog
from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from kikimori.integrations.chan_websocket.protocol import (
    SUBPROTOCOL,
    ChanWebSocketError,
    DigitMessage,
    FormatConversion,
    MediaStart,
    decoding,
    read_event,
)
from kikimori.ports.limiter import ConnectionLimits, PortLimiter
from kikimori.taps.passed_over import PassedOver
from kikimori.taps.streamed_leg import FloodError, StreamedLeg
from kikimori_core.model.call import CallInfo, EndReason, Role, call_id_from

if TYPE_CHECKING:
    from kikimori.taps.announced.directory import LegDirectory
    from kikimori_core.model.feed import CallDesk
    from kikimori_core.wire.peers import AllowedPeers

log = structlog.get_logger()

MAX_MESSAGE_BYTES = 64 * 1024
"""20 ms of the highest rate are 7,680 bytes; MEDIA_START in JSON carries all variables of the channel."""

MAX_EVENTS = 10_000
"""Text messages of one connection. A call has some dozens: a key each, flow control."""

SAYS_GOODBYE_WITHIN_S = 1.0

_WATCH_EVERY_S = 0.25

_ENDING = frozenset({"not_a_websocket_message", "audio_flood", "event_flood", "format_not_known"})
"""Lost framing, floods, and a format in which nothing can ever be heard."""


class ChanWebSocketServer:
    """Takes WebSocket connections and opens a leg on `desk` for each.

    The leg is announced in `directory` under the channel's unique id. A channel that nobody announced becomes a call of
    its own with one mixed leg, labelled as what it is.
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
            refused="chan_websocket_refused",
            fault="chan_websocket_protocol_error",
            is_silent=lambda connection: connection.is_silent,
            end=lambda connection: connection.make_room(),
        )
        self.passed_over = PassedOver("chan_websocket")
        self.unannounced = 0
        self.last_unannounced = False
        """True = nobody had announced the channel that came last."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection to its end: the handler of `GET /media`."""
        socket = web.WebSocketResponse(
            protocols=(SUBPROTOCOL,),
            max_msg_size=MAX_MESSAGE_BYTES,
            timeout=SAYS_GOODBYE_WITHIN_S,
            compress=False,
        )
        connection = _Connection(self, socket, request.remote)
        refusal = self.limiter.admit(connection, request.remote)
        if refusal:
            raise web.HTTPForbidden(text=f"{refusal}\n")
        try:
            await socket.prepare(request)
            await connection.read()
        finally:
            # Reached with a reason already, or cancelled.
            connection.end(EndReason.SHUTDOWN)
            self.limiter.release(connection)
        return socket

    async def watch(self) -> None:
        """Turn network silence into gaps and end lost and unidentified connections, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_WATCH_EVERY_S)
            now = loop.time()
            for connection in list(self.limiter.admitted):
                if connection.check(now, self._limits):
                    # Which waits for the peer's goodbye: not here.
                    connection.hang_up_soon(WSCloseCode.POLICY_VIOLATION)

    async def close(self) -> None:
        """Refuse new connections and end every leg; close those that answer in time."""
        self.limiter.closed = True
        connections = list(self.limiter.admitted)
        for connection in connections:
            connection.end(EndReason.SHUTDOWN)
        await asyncio.gather(*(connection.hang_up(WSCloseCode.GOING_AWAY) for connection in connections))

    def claim(self, start: MediaStart) -> tuple[CallInfo, Role]:
        """Return the call and the role of the voice that this channel carries."""
        found = self._directory.claim(start.channel_id)
        self.last_unannounced = found is None
        if found is not None:
            return replace(found.call, tap="chan_websocket"), found.role
        self.unannounced += 1
        call = CallInfo(call_id=call_id_from(start.channel_id), tap="chan_websocket")
        log.info("chan_websocket_unannounced", call_id=call.call_id)
        return call, Role.MIXED


class _Connection:
    """One leg: messages in, feed out."""

    def __init__(self, server: ChanWebSocketServer, socket: web.WebSocketResponse, peer: str | None) -> None:
        self._server = server
        self._socket = socket
        self._peer = peer
        self._loop = asyncio.get_running_loop()
        self._opened_at = self._heard_at = self._loop.time()
        self._leg: StreamedLeg | None = None
        self._decoding: FormatConversion | None = None
        self._events = 0
        self._ended = False
        self._goodbye: asyncio.Task[None] | None = None
        self._log = log

    async def read(self) -> None:
        """Read until the connection is over."""
        try:
            while not self._ended:
                message = await self._socket.receive()
                self._heard_at = self._loop.time()
                ended = self._take(message)
                if ended is not None:
                    self.end(ended)
        except ChanWebSocketError as error:
            self._server.limiter.fault(self._peer, error.reason, self._log)
            self.end(EndReason.PROTOCOL_ERROR)
            await self.hang_up(WSCloseCode.PROTOCOL_ERROR)
        if self._goodbye is not None:
            await self._goodbye

    @property
    def is_silent(self) -> bool:
        """Return whether the channel has not yet said what it is."""
        return self._leg is None

    def check(self, now: float, limits: ConnectionLimits) -> bool:
        """Called a few times a second by the server's watch; return whether that ended the leg."""
        if self._ended:
            return False
        if self._leg is None and now - self._opened_at > limits.identify_within_s:
            self._server.limiter.fault(self._peer, "never_started", self._log)
        elif now - self._heard_at > limits.idle_s:
            self._log.warning("chan_websocket_idle", peer=self._peer, idle_s=limits.idle_s)
        else:
            if self._leg is not None:
                self._leg.check(now)
            return False
        self.end(EndReason.TIMED_OUT)
        return True

    def end(self, reason: EndReason) -> None:
        if self._ended:
            return
        self._ended = True
        if self._leg is not None:
            self._leg.close(reason)

    async def hang_up(self, code: WSCloseCode) -> None:
        """End the connection: Asterisk hangs up the WebSocket channel, which is not part of the call."""
        if self._socket.prepared:
            await self._socket.close(code=code)

    def make_room(self) -> None:
        """End a connection that has not identified itself."""
        self.end(EndReason.TIMED_OUT)
        self.hang_up_soon(WSCloseCode.TRY_AGAIN_LATER)

    def hang_up_soon(self, code: WSCloseCode) -> None:
        self._goodbye = self._loop.create_task(self.hang_up(code))

    def _take(self, message: WSMessage) -> EndReason | None:
        """Take one message; one whose content is not understood is passed over."""
        try:
            return self._act(message)
        except ChanWebSocketError as error:
            if error.reason in _ENDING:
                raise
            self._server.passed_over.note(error.reason, self._heard_at, self._log)
            return None

    def _act(self, message: WSMessage) -> EndReason | None:
        match message.type:
            case WSMsgType.BINARY:
                self._audio(message.data)
            case WSMsgType.TEXT:
                self._event(message.data)
            case WSMsgType.CLOSE:
                return EndReason.HUNG_UP
            case WSMsgType.ERROR:
                raise ChanWebSocketError("not_a_websocket_message")
            case _:
                # The stream stopped without a closing message.
                return EndReason.CONNECTION_LOST
        return None

    def _audio(self, payload: bytes) -> None:
        if self._leg is None or self._decoding is None:
            raise ChanWebSocketError("media_before_start")
        try:
            self._leg.audio(self._decoding.decode(payload), self._heard_at)
        except FloodError:
            raise ChanWebSocketError("audio_flood") from None

    def _event(self, text: str) -> None:
        self._events += 1
        if self._events > MAX_EVENTS:
            raise ChanWebSocketError("event_flood")
        event = read_event(text)
        match event:
            case MediaStart():
                self._start(event)
            case DigitMessage(digit) if self._leg is not None:
                self._leg.dtmf(digit)

    def _start(self, start: MediaStart) -> None:
        if self._leg is not None:
            raise ChanWebSocketError("started_twice")
        self._decoding = decoding(start.format)
        call, role = self._server.claim(start)
        self._log = log.bind(call_id=call.call_id, role=str(role))
        self._leg = StreamedLeg(self._server.desk, call, role, self._decoding.rate, self._heard_at)
