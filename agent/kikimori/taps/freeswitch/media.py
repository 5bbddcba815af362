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

from kikimori.model.call import EndReason
from kikimori.taps.freeswitch.metadata import read_metadata
from kikimori.taps.freeswitch.voices import StreamError, Voices

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.model.feed import CallDesk
    from kikimori.taps.peers import AllowedPeers

log = structlog.get_logger()

SUBPROTOCOL = "audio.drachtio.org"
MAX_MESSAGE_BYTES = 1024 * 1024
"""mod_audio_fork sends what has waited up to 5 s in one message: 5 s of 16 kHz stereo are 320,000 bytes."""
MAX_TEXTS = 100
"""Text messages of one stream; what they say after the first is not heard."""

_WATCH_EVERY_S = 0.25


@dataclass(frozen=True, slots=True)
class Limits:
    streams: int = 1000
    identify_within_s: float = 5.0
    """To ask for a path, and for a dialplan's stream to say what it is."""
    idle_s: float = 300.0


@dataclass(slots=True, eq=False)
class _Stream:
    """One WebSocket that was let in."""

    socket: web.WebSocketResponse
    since: float
    voices: Voices | None
    lost: Callable[[], None] | None
    """Told of the end; None = the voices end with the connection, as nobody else knows of the call."""
    texts: int = 0
    refusal: str | None = None


class MediaServer:
    """Accepts streams and puts their audio on `desk`."""

    def __init__(
        self, desk: CallDesk, peers: AllowedPeers, limits: Limits | None = None, *, secret: str | None = None
    ) -> None:
        """`secret` opens the dialplan's path; None = it is closed."""
        self._desk = desk
        self._peers = peers
        self._limits = limits or Limits()
        self._secret = secret
        self._expected: dict[str, tuple[Voices, Callable[[], None], Callable[[], None]]] = {}
        self._streams: set[_Stream] = set()
        self._voices: set[Voices] = set()
        self._asked: set[asyncio.BaseTransport] = set()
        self._first_seen: dict[object, float] = {}
        self._goodbyes: set[asyncio.Task[bool]] = set()
        self._closing = False
        app = web.Application()
        app.router.add_get("/v1/stream/{token}", self._expected_stream)
        app.router.add_get("/v1/dialplan/{secret}", self._dialplan_stream)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        self.refused = 0
        self.protocol_errors = 0

    @property
    def address(self) -> tuple[str, int]:
        host, port = self._runner.addresses[0][:2]
        return host, port

    @property
    def streams(self) -> int:
        return len(self._streams)

    async def listen(self, host: str, port: int) -> None:
        """Open the port; raises OSError when it is taken."""
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port, backlog=256).start()

    def expect(
        self, token: str, voices: Voices, arrived: Callable[[], None], lost: Callable[[], None]
    ) -> None:
        """Let one stream in under `token`: `arrived` and `lost` are called when it comes and when it ends."""
        self._expected[token] = (voices, arrived, lost)
        self._voices.add(voices)

    def forget(self, token: str) -> None:
        """Do not let it in any more."""
        self._expected.pop(token, None)

    async def watch(self) -> None:
        """Until cancelled: turn silent networks into gaps, end the idle and those who never say what they want."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_WATCH_EVERY_S)
            now = loop.time()
            self._watch_mute_connections(now)
            for voices in [each for each in self._voices if each.ended]:
                self._voices.discard(voices)
            for voices in self._voices:
                voices.check(now)
            for stream in list(self._streams):
                late = stream.voices is None and now - stream.since > self._limits.identify_within_s
                if late:
                    self._refuse(stream, "never_identified")
                elif stream.voices is not None and stream.voices.idle_s(now) > self._limits.idle_s:
                    self._refuse(stream, "idle")

    async def close(self) -> None:
        """Stop accepting, then end every leg."""
        self._closing = True
        self._expected.clear()
        for voices in self._voices | {each.voices for each in self._streams if each.voices}:
            voices.close(EndReason.SHUTDOWN)
        for stream in self._streams:
            self._say_goodbye(stream, WSCloseCode.GOING_AWAY, "shutdown")
        if self._goodbyes:
            await asyncio.wait(self._goodbyes, timeout=2)
        await self._runner.cleanup()

    # --- requests

    async def _expected_stream(self, request: web.Request) -> web.StreamResponse:
        self._admit(request)
        found = self._expected.pop(request.match_info["token"], None)
        if found is None:
            raise self._refusal(request, "unknown_token")
        voices, arrived, lost = found
        return await self._serve(request, voices, arrived, lost)

    async def _dialplan_stream(self, request: web.Request) -> web.StreamResponse:
        self._admit(request)
        given = request.match_info["secret"].encode()
        if self._secret is None or not hmac.compare_digest(given, self._secret.encode()):
            raise self._refusal(request, "wrong_token")
        return await self._serve(request, None, None, None)

    def _admit(self, request: web.Request) -> None:
        if request.transport is not None:
            self._asked.add(request.transport)
        if not self._peers.allow(request.remote):
            raise self._refusal(request, "peer_not_allowed")
        if self._closing or len(self._streams) >= self._limits.streams:
            raise self._refusal(request, "too_many_streams")

    def _refusal(self, request: web.Request, reason: str) -> web.HTTPForbidden:
        self.refused += 1
        log.warning("freeswitch_media_refused", peer=request.remote, reason=reason)
        return web.HTTPForbidden(text=f"{reason}\n", headers={"Connection": "close"})

    async def _serve(
        self,
        request: web.Request,
        voices: Voices | None,
        arrived: Callable[[], None] | None,
        lost: Callable[[], None] | None,
    ) -> web.WebSocketResponse:
        loop = asyncio.get_running_loop()
        # No compression: mod_audio_stream may ask for it, and it would cost more than the network does on a LAN.
        socket = web.WebSocketResponse(
            protocols=(SUBPROTOCOL,), max_msg_size=MAX_MESSAGE_BYTES, compress=False, timeout=1.0
        )
        stream = _Stream(socket, loop.time(), voices, lost)
        self._streams.add(stream)
        try:
            await socket.prepare(request)
            if arrived is not None:
                arrived()
            await self._receive(stream, request.remote)
        finally:
            self._streams.discard(stream)
            self._over(stream)
        return socket

    async def _receive(self, stream: _Stream, peer: str | None) -> None:
        loop = asyncio.get_running_loop()
        socket = stream.socket
        # receive() and not `async for`: the reason of the end is in the last message.
        while True:
            message = await socket.receive()
            try:
                if not self._take(stream, message, loop.time()):
                    return
            except StreamError as error:
                self.protocol_errors += 1
                log.warning("freeswitch_media_error", peer=peer, reason=error.reason)
                self._refuse(stream, error.reason)
                return

    def _take(self, stream: _Stream, message: WSMessage, now: float) -> bool:
        """Hear one message; False when it was the last. Raises `StreamError`."""
        match message.type:
            case WSMsgType.BINARY:
                if stream.voices is None:
                    raise StreamError("audio_before_metadata")
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
        if stream.refusal is not None:
            timed_out = stream.refusal in ("idle", "never_identified")
            voices.close(EndReason.TIMED_OUT if timed_out else EndReason.PROTOCOL_ERROR)
        if stream.lost is not None:
            stream.lost()
        elif not voices.ended:
            closed = stream.socket.close_code == WSCloseCode.OK
            voices.close(EndReason.HUNG_UP if closed else EndReason.CONNECTION_LOST)

    def _refuse(self, stream: _Stream, reason: str) -> None:
        if stream.refusal is not None:
            return
        stream.refusal = reason
        if reason in ("idle", "never_identified"):
            log.warning("freeswitch_media_refused", reason=reason)
            self.refused += 1
        self._say_goodbye(stream, WSCloseCode.POLICY_VIOLATION, reason)

    def _say_goodbye(self, stream: _Stream, code: int, reason: str) -> None:
        """Close in the background: a peer that does not read must not hold up the others."""
        goodbye = asyncio.create_task(stream.socket.close(code=code, message=reason.encode(), drain=False))
        self._goodbyes.add(goodbye)
        goodbye.add_done_callback(self._goodbyes.discard)

    def _watch_mute_connections(self, now: float) -> None:
        """End connections that send no request: aiohttp would wait for ever."""
        server = self._runner.server
        if server is None:
            return
        seen: dict[object, float] = {}
        alive: set[asyncio.BaseTransport] = set()
        for handler in server.connections:
            transport = handler.transport
            if transport is None:
                continue
            alive.add(transport)
            seen[handler] = self._first_seen.get(handler, now)
            if transport not in self._asked and now - seen[handler] > self._limits.identify_within_s:
                self.refused += 1
                log.warning("freeswitch_media_refused", reason="never_asked")
                transport.abort()
        self._first_seen = seen
        self._asked &= alive
