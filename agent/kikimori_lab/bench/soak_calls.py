"""Short calls through each way in, as the PBX would make them; also those that end irregularly."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal, Protocol
from uuid import UUID

import aiohttp

from kikimori.errors import KikimoriError
from kikimori.integrations.audiosocket.protocol import HANG_UP, IDENTIFIER
from kikimori_core.model.call import Role
from kikimori_lab.bench.soak_sip import RequestWriter, Rtp, Udp, answer_to, description, header, media_ports
from kikimori_lab.demo.leg import FRAME_HEADER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kikimori.taps.tap import Address
    from kikimori_lab.bench.soak_voices import Frames

Way = Literal["audiosocket", "chan_websocket", "freeswitch", "siprec", "mirror"]

CUSTOMER = "0312345678"


@dataclass(frozen=True, slots=True)
class Plan:
    """Plan of the calls to make; passed to the sending process as JSON."""

    way: Way
    calls: int
    at_once: int
    shortest_s: float
    longest_s: float
    broken_every: int
    """Number of calls in a row of which one ends irregularly, or never really begins; 0 = none."""
    page: str
    """URL of the dashboard, whose page is opened and left with every tenth call; empty = none."""
    addresses: dict[str, tuple[str, int]]
    session: str = ""
    """Token of the session by which the dashboard is opened."""
    calm: bool = False
    """True = only recordings that no rule should alert of, each from its beginning."""
    secret: str = ""
    """Secret in the path of FreeSWITCH's dialplan."""
    sip_port: int = 0
    """SIP port of the mirrored telephones."""


class Caller(Protocol):
    """One way in. `call` returns when the call is over; a broken one may leave something half open."""

    async def call(self, name: str, frames: Frames, fault: int | None) -> None:
        """Make a call. `fault`: any number, which selects the fault; None = no fault."""


@asynccontextmanager
async def caller_of(plan: Plan) -> AsyncIterator[Caller]:
    """Open the parts that all calls of this way share."""
    # Without aiohttp's limit: what broken calls leave half open must not keep the next ones waiting.
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        match plan.way:
            case "audiosocket":
                yield _AudioSocket(session, plan)
            case "chan_websocket":
                yield _ChanWebSocket(session, plan)
            case "freeswitch":
                yield _FreeSwitch(session, plan)
            case "siprec":
                udp = await Udp.open()
                udp.answer_request = lambda request, source: udp.send(answer_to(request, ""), source)
                yield _Siprec(udp, plan)
                udp.close()
            case "mirror":
                mirrored = await _Mirrored.open(plan)
                yield mirrored
                mirrored.close()


class _AudioSocket:
    def __init__(self, session: aiohttp.ClientSession, plan: Plan) -> None:
        self._session = session
        self._announce = "http://{}:{}/v1/legs".format(*plan.addresses["announce"])
        self._audio = plan.addresses["audiosocket"]
        self._left: list[asyncio.StreamWriter] = []

    async def call(self, name: str, frames: Frames, fault: int | None) -> None:
        wrong = _which(("never_comes", "mute", "garbage", "reset", "half_open"), fault)
        uuids = [await self._announced(name, role) for role in (Role.CUSTOMER, Role.OPERATOR)]
        if wrong == "never_comes":
            return
        writers = [(await asyncio.open_connection(*self._audio))[1] for _ in uuids]
        if wrong == "mute":
            self._left += writers
            return
        for writer, uuid in zip(writers, uuids, strict=True):
            writer.write(struct.pack(">BH", IDENTIFIER, 16) + uuid.bytes)
        customer, operator = writers
        await frames.play(partial(_write, customer), partial(_write, operator))
        if wrong == "half_open":
            self._left += writers
            return
        for writer in writers:
            if wrong == "garbage":
                writer.write(b"\x77\xff\xffGET / HTTP/1.1\r\n\r\n")
            elif wrong == "reset":
                writer.transport.abort()
            else:
                writer.write(struct.pack(">BH", HANG_UP, 0))
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _announced(self, name: str, role: Role) -> UUID:
        form = {"call": name, "role": str(role), "operator": "204", "caller": CUSTOMER}
        async with self._session.post(self._announce, data=form) as answer:
            answer.raise_for_status()
            return UUID(await answer.text())


class _ChanWebSocket:
    def __init__(self, session: aiohttp.ClientSession, plan: Plan) -> None:
        self._session = session
        self._url = "http://{}:{}".format(*plan.addresses["chan_websocket"])
        self._left: list[aiohttp.ClientWebSocketResponse] = []

    async def call(self, name: str, frames: Frames, fault: int | None) -> None:
        wrong = _which(("never_comes", "mute", "garbage", "reset", "half_open"), fault)
        streams = []
        for role in (Role.CUSTOMER, Role.OPERATOR):
            leg = f"{name}-{role}"
            form = {"call": name, "role": str(role), "leg": leg, "operator": "204", "caller": CUSTOMER}
            async with self._session.post(f"{self._url}/v1/legs", data=form) as answer:
                answer.raise_for_status()
            if wrong == "never_comes":
                continue
            stream = await self._session.ws_connect(f"{self._url}/media", protocols=("media",))
            streams.append(stream)
            if wrong != "mute":
                await stream.send_str(
                    f"MEDIA_START connection_id:{leg} channel:WebSocket/soak channel_id:{leg} format:slin "
                    "optimal_frame_size:320 ptime:20"
                )
        if streams:
            await _stream_both(frames, streams, wrong, self._left)


class _FreeSwitch:
    """Streams that the dialplan starts: both voices in one."""

    def __init__(self, session: aiohttp.ClientSession, plan: Plan) -> None:
        self._session = session
        host, port = plan.addresses["freeswitch_media"]
        self._url = f"http://{host}:{port}/v1/dialplan/{plan.secret}"
        self._left: list[aiohttp.ClientWebSocketResponse] = []

    async def call(self, name: str, frames: Frames, fault: int | None) -> None:
        wrong = _which(("mute", "garbage", "reset", "half_open"), fault)
        streams = []
        for role in (Role.CUSTOMER, Role.OPERATOR):
            stream = await self._session.ws_connect(self._url)
            streams.append(stream)
            if wrong != "mute":
                await stream.send_str(json.dumps({"call": name, "role": str(role), "operator": "204"}))
        await _stream_both(frames, streams, wrong, self._left)


class _Siprec:
    def __init__(self, udp: Udp, plan: Plan) -> None:
        self._udp = udp
        self._to = plan.addresses["siprec_udp"]

    async def call(self, name: str, frames: Frames, fault: int | None) -> None:
        wrong = _which(("never_acknowledged", "garbage", "no_media", "no_bye"), fault)
        if wrong == "garbage":
            self._udp.send(
                f"INVITE sip:srs SIP/2.0\r\nCall-ID: {name}\r\nContent-Length: 9999\r\n\r\n".encode(),
                self._to,
            )
            return
        media = [await Udp.open() for _ in range(2)]
        dialog = RequestWriter(self._udp, self._to, name, "soak", "srs", siprec=True)
        try:
            answer = await self._udp.ask(dialog.invite(*(each.local[1] for each in media)), self._to)
            if not answer.startswith(b"SIP/2.0 200"):
                raise KikimoriError.of("invite_refused", reason=answer.splitlines()[0].decode())
            if wrong == "never_acknowledged":
                return
            self._udp.send(dialog.ack(answer), self._to)
            if wrong == "no_media":
                return
            streams = [
                Rtp(each, (self._to[0], port)) for each, port in zip(media, media_ports(answer), strict=True)
            ]
            await frames.play(streams[0].frame, streams[1].frame)
            if wrong != "no_bye":
                await self._udp.ask(dialog.bye(), self._to)
        finally:
            for each in media:
                each.close()


class _Mirrored:
    """Two telephones whose packets pass the interface that the agent watches."""

    def __init__(self, caller: Udp, callee: Udp) -> None:
        self._caller = caller
        self._callee = callee
        self._ports: dict[str, int] = {}
        """Ports at which the callee receives the audio, by Call-ID."""
        callee.answer_request = self._answer

    @classmethod
    async def open(cls, plan: Plan) -> _Mirrored:
        return cls(await Udp.open(), await Udp.open(plan.sip_port))

    def close(self) -> None:
        self._caller.close()
        self._callee.close()

    async def call(self, name: str, frames: Frames, fault: int | None) -> None:
        wrong = _which(("no_bye", "no_media"), fault)
        media = [await Udp.open() for _ in range(2)]
        to = self._callee.local
        dialog = RequestWriter(self._caller, to, name, CUSTOMER, "204", siprec=False)
        self._ports[name] = media[1].local[1]
        try:
            answer = await self._caller.ask(dialog.invite(media[0].local[1]), to)
            self._caller.send(dialog.ack(answer), to)
            if wrong == "no_media":
                return
            customer, operator = Rtp(media[0], media[1].local), Rtp(media[1], media[0].local)
            await frames.play(customer.frame, operator.frame)
            if not wrong:
                await self._caller.ask(dialog.bye(), to)
        finally:
            del self._ports[name]
            for each in media:
                each.close()

    def _answer(self, request: bytes, source: Address) -> None:
        if request.startswith(b"ACK"):
            return
        port = self._ports.get(header(request, "call-id"))
        body = description("sendrecv", port) if request.startswith(b"INVITE") and port else ""
        self._callee.send(answer_to(request, body), source)


def _write(writer: asyncio.StreamWriter, pcm: bytes) -> None:
    if writer.is_closing():
        raise KikimoriError.of("agent_hung_up")
    writer.write(FRAME_HEADER + pcm)


def _which(kinds: tuple[str, ...], fault: int | None) -> str:
    return "" if fault is None else kinds[fault % len(kinds)]


async def _stream_both(
    frames: Frames,
    streams: list[aiohttp.ClientWebSocketResponse],
    wrong: str,
    left: list[aiohttp.ClientWebSocketResponse],
) -> None:
    """Send both voices and end the call, with a fault; a connection that must not be closed is put into `left`."""
    if wrong == "mute":
        left += streams
        return
    await _stream(frames, streams[0], streams[1])
    if wrong == "half_open":
        left += streams
        return
    for stream in streams:
        await _end(stream, wrong)


async def _stream(
    frames: Frames, customer: aiohttp.ClientWebSocketResponse, operator: aiohttp.ClientWebSocketResponse
) -> None:
    """Send both voices; raises KikimoriError when the agent ended the connection under us."""
    loop = asyncio.get_running_loop()
    sending: set[asyncio.Task[None]] = set()
    lost: set[str] = set()

    def sent(task: asyncio.Task[None]) -> None:
        sending.discard(task)
        if not task.cancelled() and task.exception() is not None:
            lost.add("the agent closed the connection")

    def send(stream: aiohttp.ClientWebSocketResponse, pcm: bytes) -> None:
        if not lost:
            task = loop.create_task(stream.send_bytes(pcm))
            sending.add(task)
            task.add_done_callback(sent)

    await frames.play(lambda pcm: send(customer, pcm), lambda pcm: send(operator, pcm))
    await asyncio.gather(*sending, return_exceptions=True)
    if lost:
        raise KikimoriError(lost.pop())


async def _end(stream: aiohttp.ClientWebSocketResponse, wrong: str) -> None:
    if wrong == "garbage":
        with suppress(ConnectionError, aiohttp.ClientError):
            await stream.send_str("\x00no event at all")
    if wrong == "reset":
        drop(stream)
    await stream.close()


def drop(connection: aiohttp.ClientWebSocketResponse) -> None:
    """Close a connection without the protocol's end."""
    own = connection.get_extra_info("socket")
    if own is not None:
        # uvloop lends a socket that cannot be shut down: a copy of it can.
        with suppress(OSError), socket.socket(fileno=os.dup(own.fileno())) as copy:
            copy.shutdown(socket.SHUT_RDWR)
