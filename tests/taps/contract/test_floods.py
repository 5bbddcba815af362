"""Every port of every tap: whatever one bad peer does to it, the call beside it is heard, and then the next one."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp
import pytest
from structlog.testing import capture_logs
from tests.support.attacks import ATTACKS, Target, attack
from tests.support.certificates import self_signed
from tests.support.deadline import WITHIN_S
from tests.support.src import Recording, SipSocket
from tests.support.telephone import KIND_AUDIO_8K, KIND_IDENTITY, message
from tests.taps.contract.audiosocket import AudioSocketDriver
from tests.taps.contract.chan_websocket import ChanWebSocketDriver
from tests.taps.contract.driver import Driver
from tests.taps.contract.freeswitch import FreeSwitchDriver
from tests.taps.contract.office import open_office
from tests.taps.contract.siprec import SiprecDriver

from kikimori.logs import FLOOD_LINES, FloodGate

if TYPE_CHECKING:
    from pathlib import Path

    from tests.taps.contract.office import Call, Office

HEADER = b"X-Header: " + b"x" * 100 + b"\r\n"
UPGRADE = (
    b"GET /media HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: MDEyMzQ1Njc4OTAxMjM0NQ==\r\n\r\n"
)

SPOKEN_WITHIN_S = 20.0
"""Seconds after which something said counts as not heard whole, and is said again."""


def frame(first: int, payload: bytes) -> bytes:
    """A WebSocket frame of a client (RFC 6455, 5.2), masked with zeros; `first` is its first byte: FIN and opcode."""
    return bytes((first, 0x80 | len(payload), 0, 0, 0, 0)) + payload


@dataclass(frozen=True)
class Port:
    driver: Callable[[], Driver]
    address: str
    begins: bytes
    goes_on: bytes


PORTS = {
    "audiosocket": Port(
        AudioSocketDriver,
        "audiosocket",
        message(KIND_IDENTITY, bytes(16)),
        message(KIND_AUDIO_8K, bytes(60_000)),
    ),
    "audiosocket-message": Port(
        AudioSocketDriver, "audiosocket", message(KIND_IDENTITY, bytes(16)) + b"\x10\xff\xfe", b"\xff"
    ),
    "announcement-head": Port(
        AudioSocketDriver, "announce", b"POST /v1/legs HTTP/1.1\r\nHost: x\r\n", HEADER
    ),
    "announcement-line": Port(AudioSocketDriver, "announce", b"POST /v1/legs?", b"x"),
    "announcement-body": Port(
        AudioSocketDriver,
        "announce",
        b"POST /v1/legs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n",
        b"x",
    ),
    "announcement-requests": Port(
        AudioSocketDriver, "announce", b"", b"POST /v1/legs HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
    ),
    "chan_websocket-head": Port(
        ChanWebSocketDriver, "chan_websocket", b"GET /media HTTP/1.1\r\nHost: x\r\n", HEADER
    ),
    "chan_websocket-fragments": Port(
        ChanWebSocketDriver, "chan_websocket", UPGRADE + frame(0x02, b"x"), frame(0x00, bytes(120))
    ),
    "chan_websocket-pings": Port(ChanWebSocketDriver, "chan_websocket", UPGRADE, frame(0x89, bytes(120))),
    "freeswitch-head": Port(
        FreeSwitchDriver, "freeswitch_media", b"GET /v1/stream/x HTTP/1.1\r\nHost: x\r\n", HEADER
    ),
    "siprec-tcp-head": Port(SiprecDriver, "siprec_tcp", b"OPTIONS sip:x SIP/2.0\r\n", HEADER),
    "siprec-tcp-body": Port(
        SiprecDriver, "siprec_tcp", b"OPTIONS sip:x SIP/2.0\r\nContent-Length: 99999999\r\n\r\n", b"x"
    ),
    "siprec-tcp-pings": Port(SiprecDriver, "siprec_tcp", b"", b"\r\n\r\n"),
}


async def the_next_call(office: Office) -> Call:
    """Begun as soon as the port has seen that the crowd is gone."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            try:
                return await office.call()
            except (OSError, aiohttp.ClientError):
                await asyncio.sleep(0.05)


async def is_heard(call: Call) -> None:
    """Return when something said is heard whole. On a busy machine a packet may come too late for its jitter buffer."""
    for _ in range(2):
        with suppress(TimeoutError):
            async with asyncio.timeout(SPOKEN_WITHIN_S):
                await call.speak()
                return
    await call.speak()


async def withstands(driver: Driver, address: str, begins: bytes, goes_on: bytes) -> None:
    with capture_logs([FloodGate()]) as logs:
        async with open_office(driver) as office:
            call = await office.call()
            target = Target(office.tap.addresses[address], begins, goes_on)
            for kind in ATTACKS:
                async with attack(target, kind):
                    await is_heard(call)
            assert {leg.ended for leg in call.legs.values()} == {None}
            await (await the_next_call(office)).speak()
    said = Counter((each["event"], each.get("reason")) for each in logs if each["log_level"] != "info")
    assert all(number < 2 * FLOOD_LINES for number in said.values()), said


@pytest.mark.parametrize("name", PORTS)
async def test_a_bad_peer_harms_no_call(name: str, no_task_left: None) -> None:  # noqa: ARG001  (watches over all)
    port = PORTS[name]
    await withstands(port.driver(), port.address, port.begins, port.goes_on)


async def test_a_bad_peer_of_the_tls_port_harms_no_call(tmp_path: Path, no_task_left: None) -> None:  # noqa: ARG001
    driver = SiprecDriver(self_signed(tmp_path, "srs"))
    # A record of TLS that says how long it is.
    await withstands(driver, "siprec_tls", b"\x16\x03\x01\x3f\xff\x01", b"x")


async def test_a_flood_of_datagrams_harms_no_call() -> None:
    async with open_office(SiprecDriver()) as office:
        call = await office.call()
        line = await SipSocket.udp(office.tap.addresses["siprec_udp"])
        with capture_logs([FloodGate()]) as logs:
            for data in (b"\xff" * 1400, b"INVITE sip:x SIP/2.0\r\n\r\n", b"OPTIONS", b""):
                for number in range(2000):
                    line.send(data or Recording(line).message("OPTIONS"))
                    if not number % 50:
                        await asyncio.sleep(0)  # or the kernel's buffer would be all that is tried
        await call.speak()
        assert (await Recording(line).ask("OPTIONS")).status == 200
        assert {leg.ended for leg in call.legs.values()} == {None}
        assert len(logs) < 2 * FLOOD_LINES
        await line.close()
