"""An office whose telephones' packets are seen: every message and every sound goes through `CallCapture` as a frame."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Protocol

import numpy as np
from tests.integrations.mirror.frames import tcp, udp
from tests.support.recorder import RecordedLeg, Recorder

from kikimori.integrations.mirror.call_capture import CallCapture
from kikimori.integrations.mirror.settings import MirrorTable
from kikimori.media.g711 import decode_ulaw
from kikimori.media.rtp.packet import Packet, build
from kikimori.taps.sides import SidesTable
from kikimori_core.model.call import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

CARRIER, PBX, PHONE, OTHER_PHONE = "203.0.113.1", "192.0.2.10", "192.0.2.21", "192.0.2.22"
SIDES = SidesTable(operator_numbers=("2??", "0312345678"))


def sound(number: int) -> bytes:
    """A packet of μ-law unlike every other."""
    return np.random.default_rng(number).integers(0, 96, 160, dtype=np.uint8).tobytes()


def heard(*numbers: int) -> bytes:
    return b"".join(decode_ulaw(sound(number)) for number in numbers)


def sdp(
    host: str,
    port: int,
    *,
    direction: str = "sendrecv",
    protocol: str = "RTP/AVP",
    codecs: str = "0 101",
    more: str = "",
) -> str:
    return (
        f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
        f"m=audio {port} {protocol} {codecs}\r\na=rtpmap:101 telephone-event/8000\r\na={direction}\r\n{more}"
    )


class Carries(Protocol):
    """Carrier of messages from host to host."""

    def sip(self, source: str, target: str, text: bytes) -> None: ...


@dataclass
class Talk:
    """A SIP dialog: who calls whom, and which hosts the messages pass between."""

    office: Carries
    caller: str
    callee: str
    hosts: tuple[str, str]
    call_id: str
    sequence: int = 1
    branch: str = "z9hG4bK1"
    display: str = ""
    fork: str = "b"
    """Name of the called party that answers: the tag in To begins with it."""

    def request(
        self, method: str, body: str = "", *, by: int = 0, headers: str = "", new: bool = True
    ) -> None:
        if new and method not in ("ACK", "CANCEL"):
            self.sequence += 1
        self.office.sip(
            self.hosts[by],
            self.hosts[1 - by],
            self._text(f"{method} sip:x@{self.hosts[1 - by]} SIP/2.0", method, by, body, headers),
        )

    def invite(self, body: str = "", *, headers: str = "", asked_for: str = "") -> None:
        line = f"INVITE sip:{asked_for or self.callee}@{self.hosts[1]} SIP/2.0"
        self.office.sip(*self.hosts, self._text(line, "INVITE", 0, body, headers, first=True))

    def respond(self, status: int, body: str = "", *, by: int = 1, method: str = "INVITE") -> None:
        self.office.sip(
            self.hosts[by], self.hosts[1 - by], self._text(f"SIP/2.0 {status} X", method, 1 - by, body, "")
        )

    def answered(self, ports: tuple[int, int] = (16000, 17000)) -> Talk:
        """INVITE, 180, 200, ACK, both with a plain description."""
        self.invite(sdp(self.hosts[0], ports[0]))
        self.respond(180)
        self.respond(200, sdp(self.hosts[1], ports[1]))
        self.request("ACK")
        return self

    def _text(
        self, line: str, method: str, asked_by: int, body: str, headers: str, *, first: bool = False
    ) -> bytes:
        ends = [
            f"{self.display}<sip:{self.caller}@{self.hosts[0]}>;tag=a{self.call_id}",
            f"<sip:{self.callee}@{self.hosts[1]}>",
        ]
        if not first:
            ends[1] += f";tag={self.fork}{self.call_id}"
        if asked_by:
            ends.reverse()
        kind = "Content-Type: application/sdp\r\n" if body.startswith("v=0") else ""
        return (
            f"{line}\r\nVia: SIP/2.0/UDP x;branch={self.branch}\r\nFrom: {ends[0]}\r\nTo: {ends[1]}\r\n"
            f"Call-ID: {self.call_id}\r\nCSeq: {self.sequence} {method}\r\n{headers}{kind}"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()


@dataclass
class Office:
    table: MirrorTable = field(default_factory=MirrorTable)
    sides: SidesTable = SIDES
    over_tcp: bool = False

    def __post_init__(self) -> None:
        self.desk = Recorder()
        self.now = 1000.0
        self.capture = CallCapture(self.desk, self.table, self.sides)
        self.capture.now = self.now
        self._ids = count(1)
        self._sequences: dict[tuple[str, str], int] = {}
        self._packets: dict[tuple[tuple[str, int], int], Iterator[int]] = {}

    def talk(
        self, caller: str = "0901234567", callee: str = "204", hosts: tuple[str, str] = (PBX, PHONE)
    ) -> Talk:
        return Talk(self, caller, callee, hosts, f"call{next(self._ids)}")

    def sip(self, source: str, target: str, text: bytes) -> None:
        if self.over_tcp:
            at = self._sequences.get((source, target), 0)
            self.frame(tcp((source, 5060), (target, 5060), at, text))
            self._sequences[source, target] = at + len(text)
        else:
            self.frame(udp((source, 5060), (target, 5060), text))

    def frame(self, data: bytes) -> None:
        self.capture.frame(1, data, self.now)

    def speak(
        self, source: tuple[str, int], target: tuple[str, int], *numbers: int, payload_type: int = 0
    ) -> None:
        """20 ms each, in real time of this office."""
        for number in numbers:
            at = next(self._packets.setdefault((source, payload_type), count()))
            data = build(Packet(payload_type, False, at, at * 160, hash(source) & 0xFFFFFFFF, sound(number)))
            self.frame(udp(source, target, data))
            self.pass_time(0.02)

    def pass_time(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.02)):
            self.now += 0.02
            self.capture.advance(self.now)

    def leg(self, role: Role, at: int = -1) -> RecordedLeg:
        return [each for each in self.desk.legs if each.info.role is role][at]

    @property
    def live(self) -> list[RecordedLeg]:
        return [each for each in self.desk.legs if each.ended is None]
