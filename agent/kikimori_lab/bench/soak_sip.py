"""SIP and RTP as `kikimori bench soak` sends them: an SRC that records to us, and two telephones on a mirrored wire.

Only what a call of some seconds needs, written by hand: the parsers of the agent are what is tried.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from kikimori.errors import KikimoriError
from kikimori.media.g711 import encode_ulaw

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.taps.tap import Address

ANSWER_WITHIN_S = 10.0
_ULAW = 0


class Udp(asyncio.DatagramProtocol):
    """One UDP socket on loopback; answers are handed out by Call-ID."""

    def __init__(self) -> None:
        self.local: Address = ("", 0)
        self.answer_request: Callable[[bytes, Address], None] | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._waiting: dict[str, asyncio.Future[bytes]] = {}

    @classmethod
    async def open(cls, port: int = 0) -> Udp:
        loop = asyncio.get_running_loop()
        _, udp = await loop.create_datagram_endpoint(cls, local_addr=("127.0.0.1", port))
        return udp

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.local = transport.get_extra_info("sockname")[:2]

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if not data.startswith(b"SIP/2.0"):
            if self.answer_request is not None and data[:1].isalpha():
                self.answer_request(data, addr)
        elif not data.startswith(b"SIP/2.0 1"):
            waiting = self._waiting.pop(header(data, "call-id"), None)
            if waiting is not None and not waiting.done():
                waiting.set_result(data)

    def error_received(self, exc: Exception) -> None:
        del exc  # a port that has been closed meanwhile

    def send(self, data: bytes, to: Address) -> None:
        if self._transport is not None:
            self._transport.sendto(data, to)

    async def ask(self, request: bytes, to: Address) -> bytes:
        """Send, again each half second, until a final answer comes; raises KikimoriError when none does."""
        call_id = header(request, "call-id")
        waiting: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[call_id] = waiting
        try:
            for _ in range(int(ANSWER_WITHIN_S / 0.5)):
                self.send(request, to)
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.5):
                        return await asyncio.shield(waiting)
        finally:
            self._waiting.pop(call_id, None)
        raise KikimoriError.of("sip_no_answer")

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class Rtp:
    """One stream of PCMU in packets of 20 ms."""

    def __init__(self, udp: Udp, to: Address) -> None:
        self._udp = udp
        self._to = to
        self._ssrc = secrets.randbits(32)
        self._sequence = itertools.count(secrets.randbelow(1 << 16))
        self._timestamp = secrets.randbits(32)

    def frame(self, pcm: bytes) -> None:
        """Send 20 ms of s16le at 8 kHz."""
        head = struct.pack(
            ">BBHII", 0x80, _ULAW, next(self._sequence) & 0xFFFF, self._timestamp & 0xFFFFFFFF, self._ssrc
        )
        self._timestamp += len(pcm) // 2
        self._udp.send(head + encode_ulaw(pcm), self._to)


class RequestWriter:
    """Writes the requests of one call. `siprec`: it is offered to a recording server."""

    def __init__(
        self, udp: Udp, to: Address, call_id: str, caller: str, callee: str, *, siprec: bool
    ) -> None:
        self.call_id = call_id
        self._via = f"SIP/2.0/UDP {udp.local[0]}:{udp.local[1]}"
        self._uri = f"sip:{callee}@{to[0]}:{to[1]}"
        self._from = f"<sip:{caller}@{udp.local[0]}>;tag={secrets.token_hex(4)}"
        self._to = f"<sip:{callee}@{to[0]}>"
        self._contact = f"<sip:{caller}@{udp.local[0]}:{udp.local[1]}>" + (";+sip.src" if siprec else "")
        self._siprec = siprec
        self._sequence = 0

    def invite(self, *ports: int) -> bytes:
        """The offer: one stream for each port."""
        more = ("Require: siprec",) if self._siprec else ()
        return self._request("INVITE", description("sendonly" if self._siprec else "sendrecv", *ports), *more)

    def ack(self, answer: bytes) -> bytes:
        self._to = header(answer, "to")
        return self._request("ACK", "")

    def bye(self) -> bytes:
        return self._request("BYE", "")

    def _request(self, method: str, body: str, *more: str) -> bytes:
        self._sequence += method != "ACK"
        lines = [
            f"{method} {self._uri} SIP/2.0",
            f"Via: {self._via};branch=z9hG4bK{secrets.token_hex(8)};rport",
            f"From: {self._from}",
            f"To: {self._to}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {self._sequence} {method}",
            "Max-Forwards: 70",
            f"Contact: {self._contact}",
            *more,
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        return "\r\n".join([*lines, "", body]).encode()


def description(direction: str, *ports: int) -> str:
    """An SDP body of PCMU streams on 127.0.0.1."""
    lines = ["v=0", "o=soak 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0"]
    for label, port in enumerate(ports, 1):
        lines += [f"m=audio {port} RTP/AVP 0", "a=rtpmap:0 PCMU/8000", f"a=label:{label}", f"a={direction}"]
    return "\r\n".join([*lines, ""])


def answer_to(request: bytes, body: str) -> bytes:
    """200 to a request, with the same dialog."""
    kept = ("via", "from", "call-id", "cseq")
    to = header(request, "to")
    lines = [
        "SIP/2.0 200 OK",
        *(f"{name.title()}: {header(request, name)}" for name in kept),
        f"To: {to}" if ";tag=" in to else f"To: {to};tag=callee",
        *(["Content-Type: application/sdp"] if body else []),
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*lines, "", body]).encode()


def header(message: bytes, name: str) -> str:
    """The first value of a header; empty when it is not there."""
    head = message.partition(b"\r\n\r\n")[0].decode()
    for line in head.split("\r\n")[1:]:
        key, _, value = line.partition(":")
        if key.strip().lower() == name:
            return value.strip()
    return ""


def media_ports(message: bytes) -> list[int]:
    """The port of each m-line."""
    body = message.partition(b"\r\n\r\n")[2].decode()
    return [int(line.split()[1]) for line in body.splitlines() if line.startswith("m=")]
