"""An SRC on loopback, over UDP, TCP or TLS: its messages are written here by hand, not by the code under test."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
import socket
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pylibsrtp import Policy, Session
from tests.support.deadline import WITHIN_S

if TYPE_CHECKING:
    import ssl

    from kikimori.taps.tap import Address

FRAME = 160


@dataclass(frozen=True)
class Answer:
    """A response as it stands."""

    status: int
    headers: dict[str, str]
    body: str
    raw: str

    @property
    def media(self) -> list[tuple[int, str]]:
        """Port and direction of each m-line."""
        found: list[tuple[int, str]] = []
        for line in self.body.splitlines():
            if line.startswith("m="):
                found.append((int(line.split()[1]), ""))
            elif (
                line.startswith("a=")
                and line[2:] in {"recvonly", "inactive", "sendonly", "sendrecv"}
                and found
            ):
                found[-1] = (found[-1][0], line[2:])
        return found

    @property
    def to_tag(self) -> str:
        return self.headers["to"].partition(";tag=")[2]


def read_answer(text: str) -> Answer:
    head, _, body = text.partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers.setdefault(name.lower(), value.strip())
    return Answer(int(first.split()[1]), headers, body, text)


class SipSocket(asyncio.DatagramProtocol):
    """One UDP socket or one TCP connection to the recording server; what comes waits in a queue."""

    def __init__(self) -> None:
        self.answers: asyncio.Queue[Answer] = asyncio.Queue()
        self.requests: asyncio.Queue[str] = asyncio.Queue()
        self.local: Address = ("", 0)
        self.transport = "UDP"
        self._udp: asyncio.DatagramTransport | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None

    @classmethod
    async def udp(cls, server: Address) -> SipSocket:
        line = cls()
        line._udp, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: line, remote_addr=server
        )
        line.local = line._udp.get_extra_info("sockname")[:2]
        return line

    @classmethod
    async def tcp(cls, server: Address, tls: ssl.SSLContext | None = None) -> SipSocket:
        line = cls()
        line.transport = "TLS" if tls else "TCP"
        reader, line._writer = await asyncio.open_connection(*server, ssl=tls)
        line.local = line._writer.get_extra_info("sockname")[:2]
        line._reading = asyncio.create_task(line._read(reader))
        return line

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        del addr
        self._take(data.decode())

    def send(self, text: str | bytes) -> None:
        data = text.encode() if isinstance(text, str) else text
        if self._writer is not None:
            self._writer.write(data)
        elif self._udp is not None:
            self._udp.sendto(data)

    async def answer(self, *, final: bool = True) -> Answer:
        """The next answer; provisional ones are passed over if `final`."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                answer = await self.answers.get()
                if answer.status >= 200 or not final:
                    return answer

    async def asked(self) -> str:
        """The next request from the recording server."""
        async with asyncio.timeout(WITHIN_S):
            return await self.requests.get()

    def answer_200(self, request: str) -> None:
        """Say 200 to a request of the server."""
        kept = [
            line
            for line in request.split("\r\n")
            if line.partition(":")[0].lower() in {"via", "from", "to", "call-id", "cseq"}
        ]
        self.send("\r\n".join(["SIP/2.0 200 OK", *kept, "Content-Length: 0", "", ""]))

    async def close(self) -> None:
        if self._udp is not None:
            self._udp.close()
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()

    def abort(self) -> None:
        """Cut the network without a word to the other side."""
        if self._writer is not None:
            self._writer.transport.abort()

    def _take(self, text: str) -> None:
        if text.startswith("SIP/2.0"):
            self.answers.put_nowait(read_answer(text))
        else:
            self.requests.put_nowait(text)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if not head.strip():
                    continue
                lines = head.decode().lower().split("\r\n")
                length = next(
                    (int(line.split(":")[1]) for line in lines if line.startswith("content-length")), 0
                )
                self._take((head + await reader.readexactly(length)).decode())


@dataclass
class Recording:
    """One recording session, as its SRC sees it."""

    line: SipSocket
    call_id: str = field(default_factory=lambda: secrets.token_hex(8))
    from_tag: str = field(default_factory=lambda: secrets.token_hex(4))
    to_tag: str = ""
    contact: str = ""
    sequence: int = 0
    branch: str = ""

    def message(
        self,
        method: str,
        *headers: str,
        body: str = "",
        content_type: str = "multipart/mixed;boundary=edge",
        sequence: int | None = None,
        branch: str | None = None,
    ) -> str:
        host, port = self.line.local
        if sequence is None:
            if method not in {"ACK", "CANCEL"}:
                self.sequence += 1
            sequence = self.sequence
        self.branch = branch or f"z9hG4bK{secrets.token_hex(6)}"
        to_tag = f";tag={self.to_tag}" if self.to_tag else ""
        lines = [
            f"{method} {self.contact or 'sip:srs@127.0.0.1'} SIP/2.0",
            f"Via: SIP/2.0/{self.line.transport} {host}:{port};branch={self.branch};rport",
            f"From: <sip:sbc@{host}>;tag={self.from_tag}",
            f"To: <sip:srs@127.0.0.1>{to_tag}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {sequence} {method}",
            f"Contact: <sip:sbc@{host}:{port}>;+sip.src",
            "Max-Forwards: 70",
            *headers,
            *([f"Content-Type: {content_type}"] if body else []),
            f"Content-Length: {len(body.encode())}",
        ]
        return "\r\n".join([*lines, "", body])

    async def ask(self, method: str, *headers: str, body: str = "", **more: str) -> Answer:
        self.line.send(self.message(method, *headers, body=body, **more))  # type: ignore[arg-type]  # texts only
        return await self.line.answer()

    async def invite(self, body: str, *headers: str) -> Answer:
        """INVITE or re-INVITE, and the ACK of whatever is answered."""
        answer = await self.ask("INVITE", "Require: siprec", *headers, body=body)
        self.acknowledge(answer)
        return answer

    def acknowledge(self, answer: Answer, body: str = "", content_type: str = "application/sdp") -> None:
        if answer.status < 300:
            self.to_tag = answer.to_tag
            self.contact = answer.headers["contact"].partition("<")[2].partition(">")[0]
            self.line.send(self.message("ACK", body=body, content_type=content_type))
        else:
            before, self.to_tag = self.to_tag, answer.to_tag
            self.line.send(self.message("ACK", branch=self.branch))
            self.to_tag = before

    async def bye(self) -> Answer:
        return await self.ask("BYE")


def sdp(
    *streams: str,
    port: int = 40000,
    codecs: str = "0 8 101",
    version: int = 1,
    profile: str = "RTP/AVP",
    crypto: tuple[tuple[str, ...], ...] = (),
) -> str:
    """An offer: each stream is its direction, or `off`; labels count from 1; `crypto` are each stream's lines."""
    lines = ["v=0", f"o=sbc 1 {version} IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0"]
    for at, direction in enumerate(streams):
        lines += [
            f"m=audio {0 if direction == 'off' else port + 2 * at} {profile} {codecs}",
            *(f"a=crypto:{line}" for line in (crypto[at] if at < len(crypto) else ())),
            "a=rtpmap:101 telephone-event/8000",
            "a=fmtp:101 0-16",
            f"a=label:{at + 1}",
            *([] if direction == "off" else [f"a={direction}"]),
        ]
    return "\r\n".join([*lines, ""])


def metadata(*parties: tuple[str, str, str, str], mode: str = "complete", left: tuple[str, ...] = ()) -> str:
    """RFC 7865: each party is id, address, name and the label of the stream it speaks in ("" = in none)."""
    lines = [
        "<?xml version='1.0' encoding='UTF-8'?>",
        "<recording xmlns='urn:ietf:params:xml:ns:recording:1'>",
    ]
    lines += [f"<datamode>{mode}</datamode>", "<session session_id='s1'/>"]
    for who, aor, name, _ in parties:
        lines.append(
            f"<participant participant_id='{who}'><nameID aor='{aor}'><name>{name}</name></nameID></participant>"
        )
    lines += [
        f"<stream stream_id='st{label}' session_id='s1'><label>{label}</label></stream>"
        for label in sorted({label for *_, label in parties if label})
    ]
    lines += [
        f"<participantsessionassoc participant_id='{who}' session_id='s1'>"
        "<disassociate-time>2026-11-25T00:00:00Z</disassociate-time></participantsessionassoc>"
        for who in left
    ]
    lines += [
        f"<participantstreamassoc participant_id='{who}'><send>st{label}</send></participantstreamassoc>"
        for who, *_, label in parties
        if label
    ]
    return "\r\n".join([*lines, "</recording>", ""])


def both(description: str, about: str) -> str:
    """The two as a body with the boundary `edge`."""
    return (
        f"--edge\r\nContent-Type: application/sdp\r\n\r\n{description}\r\n--edge\r\n"
        "Content-Type: application/rs-metadata+xml\r\nContent-Disposition: recording-session\r\n\r\n"
        f"{about}\r\n--edge--\r\n"
    )


class RtpSender:
    """Sends RTP of one stream to one port."""

    def __init__(self, port: int, payload_type: int = 0, key: bytes | None = None) -> None:
        """`key`: master key and salt, for SRTP by AES_CM_128_HMAC_SHA1_80."""
        self.rekey(key)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(("127.0.0.1", port))
        self._type = payload_type
        self._ssrc = secrets.randbits(32)
        self._sequence = itertools.count(secrets.randbelow(60_000))
        self._timestamp = secrets.randbits(31)

    def frame(self, payload: bytes) -> None:
        """Send one packet of 20 ms."""
        self._packet(self._type, payload)
        self._timestamp += FRAME

    def key(self, event: int, payload_type: int = 101) -> None:
        """Send a key as RFC 4733 does: one event, its end three times."""
        for end, duration in ((0, 160), (0, 320), (0x80, 480), (0x80, 480), (0x80, 480)):
            self._packet(payload_type, struct.pack(">BBH", event, end | 10, duration))
        self._timestamp += 480

    def pause(self, seconds: float) -> None:
        """Send nothing for a time; timestamps go on."""
        self._timestamp += round(seconds * 8000)

    def rekey(self, key: bytes | None) -> None:
        """Send under another key from now on; None = plain RTP."""
        self._srtp = None if key is None else Session(Policy(key, Policy.SSRC_ANY_OUTBOUND))

    def begin_anew(self) -> None:
        """Another stream: SSRC, sequence and timestamps are new."""
        self._ssrc = secrets.randbits(32)
        self._sequence = itertools.count(secrets.randbelow(60_000))
        self._timestamp = secrets.randbits(31)

    def raw(self, data: bytes) -> None:
        self._socket.send(data)

    def close(self) -> None:
        self._socket.close()

    def _packet(self, payload_type: int, payload: bytes) -> None:
        head = struct.pack(
            ">BBHII",
            0x80,
            payload_type,
            next(self._sequence) & 0xFFFF,
            self._timestamp & 0xFFFFFFFF,
            self._ssrc,
        )
        data = head + payload
        with contextlib.suppress(ConnectionRefusedError):
            self._socket.send(data if self._srtp is None else self._srtp.protect(data))
