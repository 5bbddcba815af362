"""Idle sessions, with a clock of the test's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest
from tests.support.recorder import Recorder
from tests.support.src import sdp

from kikimori.integrations.siprec.offer import Offer
from kikimori.integrations.siprec.parties import Parties
from kikimori.integrations.siprec.session import LONGEST_HOLD_S, RecordingSession
from kikimori.media.sip.sdp import parse_sdp
from kikimori.taps.sides import SidesTable
from kikimori_core.model.call import EndReason, Role

if TYPE_CHECKING:
    from kikimori.media.rtp.ports import RtpPort, RtpPorts
    from kikimori.media.rtp.receiver import RtpSession


class Port:
    """Stands for an `RtpPort`: no socket."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.session: RtpSession | None = None
        self.closed = False

    def attach(self, session: RtpSession) -> None:
        self.session = session

    def close(self) -> None:
        self.closed = True


class Ports:
    """Stands for `RtpPorts`."""

    def __init__(self) -> None:
        self.opened: list[Port] = []

    async def open(self) -> RtpPort:
        self.opened.append(Port(20000 + 2 * len(self.opened)))
        return cast("RtpPort", self.opened[-1])

    def settle(self, port: Port) -> None:
        port.session = None


class Call:
    def __init__(self) -> None:
        self.now = 0.0
        self.ports = Ports()
        self.desk = Recorder()
        self.session = RecordingSession(
            "call",
            self.desk,
            cast("RtpPorts", self.ports),
            Parties(SidesTable(), Role.CUSTOMER),
            address="192.0.2.20",
            clock=lambda: self.now,
        )

    async def take(self, *streams: str) -> None:
        await self.session.take(Offer(parse_sdp(sdp(*streams).encode()), None))

    def packet(self) -> None:
        session = self.ports.opened[0].session
        assert session is not None
        session.receive(bytes((0x80, 0)) + bytes(10) + b"\xff" * 160, ("192.0.2.10", 4000))

    def idle_after(self, seconds: float) -> float:
        """As the server asks: about once a second."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(self.now + 1, end)
            self.session.idle_s(self.now)
        return self.session.idle_s(self.now)


@pytest.fixture
async def call() -> Call:
    made = Call()
    await made.take("sendonly", "sendonly")
    return made


async def test_a_packet_in_one_stream_keeps_the_session(call: Call) -> None:
    assert call.idle_after(100) == 100
    call.packet()
    assert call.session.idle_s(call.now) == 0
    assert call.idle_after(50) == 50


@pytest.mark.parametrize("streams", [("sendonly", "inactive"), ("inactive", "inactive")])
async def test_on_hold_silence_is_no_sign_of_death_for_an_hour(call: Call, streams: tuple[str, ...]) -> None:
    await call.take(*streams)
    assert call.idle_after(LONGEST_HOLD_S - 10) == 0
    assert call.idle_after(310) > 290
    await call.take("sendonly", "sendonly")
    assert call.desk.holds == [("call", True), ("call", False)]
    assert call.session.idle_s(call.now) == 0


async def test_the_end_frees_all_ports_once(call: Call) -> None:
    call.session.end(EndReason.HUNG_UP)
    call.session.end(EndReason.HUNG_UP)
    assert all(port.closed for port in call.ports.opened)
    assert {leg.ended for leg in call.desk.legs} == {EndReason.HUNG_UP}
