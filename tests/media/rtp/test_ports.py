"""Real UDP ports on loopback."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import pytest
import structlog
from tests.support.deadline import WITHIN_S
from tests.support.ports import sound_ports
from tests.support.recorder import RecordedLeg, Recorder

from kikimori.media.g711 import decode_ulaw
from kikimori.media.rtp.formats import PCMU
from kikimori.media.rtp.packet import Packet, build
from kikimori.media.rtp.ports import NoPortError, RtpPorts
from kikimori.media.rtp.receiver import RtpSession
from kikimori_core.model.call import CallInfo, LegInfo, Role
from kikimori_core.wire.peers import AllowedPeers

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "127.0.0.1"


FIRST, LAST = sound_ports()[0], sound_ports()[19]


@pytest.fixture
def sender() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((HOST, 0))
        yield sock


def session_on(desk: Recorder) -> tuple[RtpSession, RecordedLeg]:
    leg = desk.open_leg(LegInfo(CallInfo("c", "t"), Role.CUSTOMER, 8000))
    return RtpSession(leg, {0: PCMU}, clock=asyncio.get_running_loop().time, log=structlog.get_logger()), leg


async def test_what_is_sent_to_a_port_reaches_its_leg_and_silence_becomes_a_gap(
    sender: socket.socket,
) -> None:
    desk, ports = Recorder(), RtpPorts(HOST, FIRST, LAST, AllowedPeers())
    port = await ports.open()
    assert port.number % 2 == 0
    session, leg = session_on(desk)
    port.attach(session)
    timer = asyncio.create_task(ports.run())
    for n in range(5):
        sender.sendto(build(Packet(0, False, n, n * 160, 1, bytes((n,)) * 160)), (HOST, port.number))
    await desk.until(lambda: len(leg.pcm) >= 5 * 320)
    assert bytes(leg.pcm) == b"".join(decode_ulaw(bytes((n,)) * 160) for n in range(5))
    await desk.until(lambda: leg.gap_samples > 800)
    port.close()
    timer.cancel()
    assert ports.counters()["packets"] == 5
    assert ports.in_use == 0


async def test_strangers_are_refused_and_counted(sender: socket.socket) -> None:
    ports = RtpPorts(HOST, FIRST, LAST, AllowedPeers(["192.0.2.0/24"]))
    port = await ports.open()
    sender.sendto(build(Packet(0, False, 1, 1, 1, b"x" * 160)), (HOST, port.number))
    async with asyncio.timeout(WITHIN_S):
        while not ports.counters()["refused"]:  # noqa: ASYNC110  (a counter sets no event)
            await asyncio.sleep(0.01)
    ports.close()


async def test_when_all_ports_are_used_it_says_so() -> None:
    ports = RtpPorts(HOST, FIRST, FIRST + 3, AllowedPeers())
    opened = [await ports.open() for _ in range(ports.capacity)]
    assert len({each.number for each in opened}) == 2
    with pytest.raises(NoPortError, match="all in use"):
        await ports.open()
    opened[0].close()
    assert ports.in_use == 1
    ports.close()


async def test_a_port_that_another_program_holds_is_passed_over(sender: socket.socket) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((HOST, FIRST))
        ports = RtpPorts(HOST, FIRST, LAST, AllowedPeers())
        port = await ports.open()
        assert port.number == FIRST + 2
        ports.close()
    del sender


async def test_a_fault_in_one_call_is_that_calls_own(sender: socket.socket) -> None:
    class Broken(RecordedLeg):
        def audio(self, pcm: bytes | bytearray | memoryview) -> None:
            raise RuntimeError(len(pcm))

    desk, ports = Recorder(), RtpPorts(HOST, FIRST, LAST, AllowedPeers())
    bad, good = await ports.open(), await ports.open()
    clock = asyncio.get_running_loop().time
    broken = Broken(LegInfo(CallInfo("b", "t"), Role.CUSTOMER, 8000), desk)
    bad.attach(RtpSession(broken, {0: PCMU}, clock=clock, log=structlog.get_logger()))
    session, leg = session_on(desk)
    good.attach(session)
    for port in (bad, good):
        sender.sendto(build(Packet(0, False, 1, 1, 1, b"x" * 160)), (HOST, port.number))
    await desk.until(lambda: len(leg.pcm) == 320)
    assert bad.session is None
    ports.close()
