"""A switch's mirror port: real sockets on loopback play carrier, PBX and telephone, and the tap sees their packets.

Each call is seen twice, as beside a real PBX: its audio between carrier and PBX, its operator between PBX and telephone.
"""

from __future__ import annotations

import asyncio
import os
import socket
from itertools import count
from typing import TYPE_CHECKING

import pytest
from tests.taps.contract.driver import Abilities, PeerCall

from kikimori.integrations.mirror.live import LiveError
from kikimori.integrations.mirror.settings import MirrorTable
from kikimori.integrations.mirror.tap import MirrorTap
from kikimori.media.g711 import encode_ulaw
from kikimori.media.rtp.dtmf import DIGITS
from kikimori.media.rtp.packet import Packet, build
from kikimori.taps.sides import SidesTable
from kikimori_core.model.call import Party, Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kikimori_core.model.feed import CallDesk

# Loopback is one for all: a second run beside this one must not be overheard.
_NETWORK = f"127.{100 + os.getpid() % 100}.{os.getpid() // 100 % 250}"
CARRIER, PBX, PHONE = f"{_NETWORK}.1", f"{_NETWORK}.2", f"{_NETWORK}.3"
SIP_PORT = 15978
STEP_S = 0.02
STEP = 160
SILENCE = b"\xff" * STEP
OFFICE_NUMBER = "0355550100"


class MirrorDriver:
    abilities = Abilities(
        snr_db=30,
        hold=True,
        replaces=True,
        tells_loss=False,
        garbage_ends=False,
        flood_ends=False,
        listens=False,
    )

    def __init__(self) -> None:
        self._calls = count(1)
        self._ports = iter(range(26000, 27000, 2))
        self._sockets: dict[tuple[str, int], socket.socket] = {}

    async def open(self, desk: CallDesk, networks: tuple[str, ...]) -> MirrorTap:
        del networks
        table = MirrorTable(
            enabled=True, interface="lo", sip_ports=(SIP_PORT,), networks=(f"{_NETWORK}.0/24",), buffer_mb=4
        )
        tap = MirrorTap(desk, table, SidesTable(operator_numbers=(OFFICE_NUMBER,)))
        try:
            await tap.listen()
        except LiveError as error:
            pytest.skip(str(error))
        return tap

    async def begin(self, customer: Party, operator: Party) -> PeerCall:
        return _Call(self, f"mirror-{next(self._calls)}", customer, operator)

    async def knock(self) -> int:
        raise NotImplementedError

    async def close(self) -> None:
        for each in self._sockets.values():
            each.close()

    def port(self) -> int:
        return next(self._ports)

    def send(self, source: tuple[str, int], target: tuple[str, int], payload: bytes) -> None:
        for end in (source, target):
            if end not in self._sockets:
                self._sockets[end] = made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                made.bind(end)
        self._sockets[source].sendto(payload, target)


class _Dialog:
    def __init__(
        self, driver: MirrorDriver, name: str, parties: tuple[Party, Party], hosts: tuple[str, str]
    ) -> None:
        self.hosts = hosts
        self.ports = (driver.port(), driver.port())
        self._driver = driver
        self._name = name
        self._parties = parties
        self._sequence = count(1)
        self._number = 0

    def invite(self) -> None:
        self._send(0, "INVITE", sdp=True, to_tag="")

    def answer(self) -> None:
        self._send(1, "200 OK", sdp=True)
        self._send(0, "ACK")

    def change(self, by: int, direction: str) -> None:
        self._send(by, "INVITE", sdp=True, direction=direction)
        answer = "recvonly" if direction == "sendonly" else direction
        self._send(1 - by, "200 OK", sdp=True, direction=answer, asked_by=by)

    def bye(self) -> None:
        self._send(0, "BYE")

    def _send(
        self,
        by: int,
        what: str,
        *,
        sdp: bool = False,
        direction: str = "sendrecv",
        to_tag: str = ";tag=there",
        asked_by: int | None = None,
    ) -> None:
        is_request = not what[0].isdigit()
        if is_request and what != "ACK":
            self._number = next(self._sequence)
            self._method = what
        asked_by = (by if is_request else 1 - by) if asked_by is None else asked_by
        tags = (";tag=here", to_tag)
        ends = [
            f'"{party.name}" <sip:{party.number}@{host}>{tag}'
            for party, host, tag in zip(self._parties, self.hosts, tags, strict=True)
        ]
        body = ""
        if sdp:
            host, port = self.hosts[by], self.ports[by]
            body = (
                f"v=0\r\no=- 1 {self._number} IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
                f"m=audio {port} RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\na={direction}\r\n"
            )
        line = f"{what} sip:x@{self.hosts[1 - by]} SIP/2.0" if is_request else f"SIP/2.0 {what}"
        text = (
            f"{line}\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK1\r\nFrom: {ends[asked_by]}\r\nTo: {ends[1 - asked_by]}\r\n"
            f"Call-ID: {self._name}\r\nCSeq: {self._number} {what if what == 'ACK' else self._method}\r\n"
            f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        )
        self._driver.send((self.hosts[by], SIP_PORT), (self.hosts[1 - by], SIP_PORT), text.encode())


class _Call:
    def __init__(self, driver: MirrorDriver, name: str, customer: Party, operator: Party) -> None:
        self._driver = driver
        self._name = name
        self._customer = customer
        self._clock = asyncio.get_running_loop().time
        self._began = self._clock()
        office = Party(number=OFFICE_NUMBER, name="office")
        self._outer = _Dialog(driver, name, (customer, office), (CARRIER, PBX))
        self._inner = _Dialog(driver, f"{name}-in", (customer, operator), (PBX, PHONE))
        self._inners = count(1)
        self._sequences = {Role.CUSTOMER: count(), Role.OPERATOR: count()}
        self._outer.invite()
        self._inner.invite()
        self._inner.answer()
        self._outer.answer()

    async def speak(self, voices: Mapping[Role, bytes]) -> None:
        coded = {role: encode_ulaw(voice) for role, voice in voices.items()}
        began = self._clock()
        stamp = self._stamp()
        for n, at in enumerate(range(0, len(next(iter(coded.values()))), STEP)):
            # The pace of telephones: their timestamps are their clocks.
            await asyncio.sleep(began + n * STEP_S - self._clock())
            for role in self._sequences:
                payload = coded[role][at : at + STEP] if role in coded else SILENCE
                self._rtp(role, 0, stamp + at, payload)
        await asyncio.sleep(began + (n + 1) * STEP_S - self._clock())

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def key(self, role: Role, digit: str) -> None:
        stamp = self._stamp()
        for n in range(5):
            event = bytes((DIGITS.index(digit), 0x80 if n > 2 else 0, 0, 160))
            self._rtp(role, 101, stamp, event, marker=n == 0)
        await asyncio.sleep(2 * STEP_S)

    async def hold(self, *, on: bool) -> None:
        self._outer.change(1, "sendonly" if on else "sendrecv")

    async def replace_operator(self, operator: Party) -> None:
        self._inner.bye()
        name = f"{self._name}-in{next(self._inners)}"
        self._inner = _Dialog(self._driver, name, (self._customer, operator), (PBX, PHONE))
        self._inner.invite()
        self._inner.answer()

    async def hang_up(self) -> None:
        self._outer.bye()
        self._inner.bye()

    async def break_connection(self) -> None:
        raise NotImplementedError

    async def flood(self) -> None:
        stamp = self._stamp()
        for n in range(1500):
            for role in self._sequences:
                self._rtp(role, 0, stamp + n * STEP, SILENCE)

    async def garbage(self) -> None:
        for role in self._sequences:
            source, target = self._ends(role)
            for data in (b"", b"GET / HTTP/1.1\r\n\r\n", b"\x80" + bytes(7), b"\x9f" + bytes(40)):
                self._driver.send(source, target, data)
        self._driver.send((CARRIER, SIP_PORT), (PBX, SIP_PORT), b"\x16\x03\x01" + bytes(100))

    def _stamp(self) -> int:
        return round((self._clock() - self._began) / STEP_S) * STEP

    def _ends(self, role: Role) -> tuple[tuple[str, int], tuple[str, int]]:
        (caller, callee), (one, other) = self._outer.hosts, self._outer.ports
        ends = ((caller, one), (callee, other))
        return ends if role is Role.CUSTOMER else ends[::-1]

    def _rtp(self, role: Role, kind: int, stamp: int, payload: bytes, *, marker: bool = False) -> None:
        sequence = next(self._sequences[role]) & 0xFFFF
        data = build(Packet(kind, marker, sequence, stamp & 0xFFFFFFFF, 7, payload))
        self._driver.send(*self._ends(role), data)
