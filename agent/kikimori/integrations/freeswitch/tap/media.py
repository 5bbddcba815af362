"""The WebSocket server that FreeSWITCH streams audio to.

Two paths: `/v1/stream/TOKEN` for streams that we had started over the event socket, each token good for one
connection; `/v1/dialplan/SECRET` for those that a dialplan starts, whose first message says whose voice it is. Both
modules send metadata as text, if there is any, then s16le as binary; mod_audio_fork asks for the subprotocol
`audio.drachtio.org`. Nothing is ever sent to FreeSWITCH but pongs and the end.
"""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from kikimori.integrations.freeswitch.tap.metadata import read_metadata
from kikimori.integrations.freeswitch.tap.voices import StreamError, Voices
from kikimori.ports.limiter import ConnectionLimits, PortLimiter
from kikimori.taps.http_port import HttpPort
from kikimori_core.model.call import EndReason

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.taps.tap import Address
    from kikimori_core.model.feed import CallDesk
    from kikimori_core.wire.peers import AllowedPeers

log = structlog.get_logger()

SUBPROTOCOL = "audio.drachtio.org"
MAX_MESSAGE_BYTES = 1024 * 1024
"""Largest message in bytes; mod_audio_fork sends up to 5 s in one: 320,000 bytes at 16 kHz stereo."""
ROOM_TO_ASK = 100
"""Connections allowed besides the streams: those without a request yet and those being refused."""
MAX_EARLY_BYTES = 64_000
"""Bytes of audio before the metadata that are dropped without an error (mod_audio_stream sends both from
threads of its own: seen on a busy machine); more than a second of 16 kHz stereo is no such accident."""
MAX_TEXTS = 100
"""Most text messages of one stream; those after the first are not read."""

_WATCH_EVERY_S = 0.25


@dataclass(slots=True, eq=False)
class _Stream:
    """Admitted WebSocket."""

    socket: web.WebSocketResponse
    peer: str | None
    since: float
    voices: Voices | None = None
    lost: Callable[[], None] | None = None
    """Called at the end; None = the voices end with the connection, as nothing else knows of the call."""
    texts: int = 0
    early_bytes: int = 0
    cut_off: EndReason | None = None
    """Set when this side ends it."""


class FreeSwitchMediaServer:
    """Accepts streams and puts their audio on `desk`."""

    def __init__(
        self,
        desk: CallDesk,
        peers: AllowedPeers,
        limits: ConnectionLimits | None = None,
        *,
        secret: str | None = None,
    ) -> None:
        """`secret` opens the dialplan's path; None = the path is closed."""
        self._desk = desk
        self._limits = limits or ConnectionLimits()
        self.limiter = PortLimiter[_Stream](
            peers,
            self._limits.connections,
            refused="freeswitch_media_refused",
            fault="freeswitch_media_error",
            is_silent=lambda stream: stream.voices is None and stream.cut_off is None,
            end=lambda stream: self._cut_off(stream, EndReason.TIMED_OUT, "silent_made_room"),
        )
        self._secret = secret
        self._expected: dict[str, tuple[Voices, Callable[[], None], Callable[[], None]]] = {}
        self._voices: set[Voices] = set()
        self._goodbyes: set[asyncio.Task[bool]] = set()
        app = web.Application()
        app.router.add_get("/v1/stream/{token}", self._expected_stream)
        app.router.add_get("/v1/dialplan/{secret}", self._dialplan_stream)
        self.port = HttpPort(
            app,
            peers,
            most=self._limits.connections + ROOM_TO_ASK,
            asks_within_s=self._limits.identify_within_s,
        )

    @property
    def address(self) -> Address:
        return self.port.address

    async def listen(self, host: str, port: int) -> None:
        """Open the port; raises OSError when it is taken."""
        await self.port.listen(host, port)

    def expect(
        self, token: str, voices: Voices, arrived: Callable[[], None], lost: Callable[[], None]
    ) -> None:
        """Admit one stream under `token`: `arrived` and `lost` are called when it comes and when it ends."""
        self._expected[token] = (voices, arrived, lost)
        self._voices.add(voices)

    def forget(self, token: str) -> None:
        """Refuse the stream from now on."""
        self._expected.pop(token, None)

    async def watch(self) -> None:
        """Turn network silence into gaps and end idle and unidentified streams, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_WATCH_EVERY_S)
            now = loop.time()
            for voices in [each for each in self._voices if each.ended]:
                self._voices.discard(voices)
            for voices in self._voices:
                voices.check(now)
            for stream in list(self.limiter.admitted):
                self._check(stream, now)

    async def close(self) -> None:
        """Stop accepting, then end every leg."""
        self.limiter.closed = True
        self._expected.clear()
        for voices in self._voices | {each.voices for each in self.limiter.admitted if each.voices}:
            voices.close(EndReason.SHUTDOWN)
        for stream in self.limiter.admitted:
            self._say_goodbye(stream, WSCloseCode.GOING_AWAY, "shutdown")
        if self._goodbyes:
            await asyncio.wait(self._goodbyes, timeout=2)
        await self.port.close()

    # --- requests

    async def _expected_stream(self, request: web.Request) -> web.StreamResponse:
        stream = self._admit(request)
        found = self._expected.pop(request.match_info["token"], None)
        if found is None:
            raise self._turned_away(stream, "unknown_token")
        stream.voices, arrived, stream.lost = found
        return await self._serve(request, stream, arrived)

    async def _dialplan_stream(self, request: web.Request) -> web.StreamResponse:
        stream = self._admit(request)
        given = request.match_info["secret"].encode()
        if self._secret is None or not hmac.compare_digest(given, self._secret.encode()):
            raise self._turned_away(stream, "wrong_token")
        return await self._serve(request, stream, None)

    def _admit(self, request: web.Request) -> _Stream:
        # No compression: mod_audio_stream may ask for it, and it would cost more than the network does on a LAN.
        socket = web.WebSocketResponse(
            protocols=(SUBPROTOCOL,), max_msg_size=MAX_MESSAGE_BYTES, compress=False, timeout=1.0
        )
        stream = _Stream(socket, request.remote, asyncio.get_running_loop().time())
        refusal = self.limiter.admit(stream, request.remote)
        if refusal:
            raise web.HTTPForbidden(text=f"{refusal}\n")
        return stream

    def _turned_away(self, stream: _Stream, reason: str) -> web.HTTPForbidden:
        self.limiter.release(stream)
        self.limiter.refuse(stream.peer, reason)
        return web.HTTPForbidden(text=f"{reason}\n")

    async def _serve(
        self, request: web.Request, stream: _Stream, arrived: Callable[[], None] | None
    ) -> web.WebSocketResponse:
        try:
            await stream.socket.prepare(request)
            if arrived is not None:
                arrived()
            await self._receive(stream)
        finally:
            self.limiter.release(stream)
            self._over(stream)
        return stream.socket

    async def _receive(self, stream: _Stream) -> None:
        loop = asyncio.get_running_loop()
        socket = stream.socket
        # receive() and not `async for`: the reason of the end is in the last message.
        while True:
            message = await socket.receive()
            try:
                if not self._take(stream, message, loop.time()):
                    return
            except StreamError as error:
                self.limiter.fault(stream.peer, error.reason)
                self._cut_off(stream, EndReason.PROTOCOL_ERROR, error.reason)
                return

    def _take(self, stream: _Stream, message: WSMessage, now: float) -> bool:
        """Take one message; False when it was the last. Raises `StreamError`."""
        match message.type:
            case WSMsgType.BINARY:
                if stream.voices is None:
                    stream.early_bytes += len(message.data)
                    if stream.early_bytes > MAX_EARLY_BYTES:
                        raise StreamError("audio_before_metadata")
                else:
                    stream.voices.feed(message.data, now)
            case WSMsgType.TEXT:
                stream.texts += 1
                if stream.texts > MAX_TEXTS:
                    raise StreamError("text_flood")
                if stream.voices is None:
                    said = read_metadata(message.data)
                    stream.voices = Voices(self._desk, said.info(), said.roles, said.rate)
                    self._voices.add(stream.voices)
            case WSMsgType.ERROR:
                raise StreamError("bad_websocket")
            case _:
                return False
        return True

    def _over(self, stream: _Stream) -> None:
        voices = stream.voices
        if voices is None or voices.ended:
            return
        if stream.cut_off is not None:
            voices.close(stream.cut_off)
        if stream.lost is not None:
            stream.lost()
        elif not voices.ended:
            closed = stream.socket.close_code == WSCloseCode.OK
            voices.close(EndReason.HUNG_UP if closed else EndReason.CONNECTION_LOST)

    def _check(self, stream: _Stream, now: float) -> None:
        if stream.cut_off is not None:
            return
        if stream.voices is None:
            if now - stream.since > self._limits.identify_within_s:
                self.limiter.fault(stream.peer, "never_identified")
                self._cut_off(stream, EndReason.TIMED_OUT, "never_identified")
        elif stream.voices.idle_s(now) > self._limits.idle_s:
            log.warning("freeswitch_media_idle", peer=stream.peer, idle_s=self._limits.idle_s)
            self._cut_off(stream, EndReason.TIMED_OUT, "idle")

    def _cut_off(self, stream: _Stream, end: EndReason, reason: str) -> None:
        if stream.cut_off is not None:
            return
        stream.cut_off = end
        self._say_goodbye(stream, WSCloseCode.POLICY_VIOLATION, reason)

    def _say_goodbye(self, stream: _Stream, code: int, reason: str) -> None:
        """Close in the background: a peer that does not read must not delay the others."""
        goodbye = asyncio.create_task(stream.socket.close(code=code, message=reason.encode(), drain=False))
        self._goodbyes.add(goodbye)
        goodbye.add_done_callback(self._goodbyes.discard)
