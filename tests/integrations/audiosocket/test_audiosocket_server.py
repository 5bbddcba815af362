"""Real sockets on loopback: every connection is a leg of its own, and its faults are its own."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import aiohttp
import numpy as np
import pytest
import pytest_asyncio
from aiohttp import web
from structlog.testing import capture_logs
from tests.support.deadline import WITHIN_S
from tests.support.recorder import Recorder
from tests.support.telephone import KIND_AUDIO_8K, KIND_DTMF, KIND_HANG_UP, KIND_IDENTITY, SILENCE, message

from kikimori.integrations.audiosocket.protocol import AUDIO_RATES
from kikimori.integrations.audiosocket.server import AudioSocketServer
from kikimori.ports.limiter import ConnectionLimits
from kikimori.taps.announced.directory import AnnouncedLeg, LegDirectory
from kikimori.taps.announced.handler import announce_app
from kikimori.taps.streamed_leg import FLOOD_S
from kikimori_core.model.call import CallInfo, EndReason, Party, Role
from kikimori_core.wire.peers import AllowedPeers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

FIELDS = {
    "call": "1764000000.42",
    "role": "customer",
    "caller": "03-5555-0142",
    "caller_name": "山田",
    "operator": "204",
    "operator_name": "佐藤",
    "queue": "料金窓口",
    "channel": "PJSIP/trunk-00000001",
}

CASES = Path(__file__).parents[2] / "taps" / "cases"


class Tap:
    """A server with its desk, its directory and the HTTP side of it."""

    def __init__(self, server: AudioSocketServer, desk: Recorder, http: aiohttp.ClientSession) -> None:
        self.server = server
        self.desk = desk
        self.http = http

    async def announce(self, **fields: str) -> UUID:
        async with self.http.post("/v1/legs", data={**FIELDS, **fields}) as answer:
            assert answer.status == 201, await answer.text()
            return UUID(await answer.text())

    @asynccontextmanager
    async def connected(self, uuid: UUID | None = None) -> AsyncIterator[asyncio.StreamWriter]:
        """Connect; with `uuid` identified."""
        reader, writer = await asyncio.open_connection(*self.server.address)
        if uuid is not None:
            writer.write(message(KIND_IDENTITY, uuid.bytes))
        try:
            yield writer
        finally:
            writer.close()
            del reader

    async def silent(self) -> asyncio.StreamWriter:
        """Connect and say nothing."""
        _, writer = await asyncio.open_connection(*self.server.address)
        return writer

    async def closed_by_server(self, data: bytes) -> None:
        """Send and wait until the server hangs up."""
        reader, writer = await asyncio.open_connection(*self.server.address)
        writer.write(data)
        async with asyncio.timeout(WITHIN_S):
            with suppress(ConnectionResetError):
                assert await reader.read() == b""
        writer.close()


@asynccontextmanager
async def open_tap(
    *, limits: ConnectionLimits | None = None, networks: tuple[str, ...] = ("127.0.0.0/8",)
) -> AsyncIterator[Tap]:
    desk = Recorder()
    directory = LegDirectory(asyncio.get_running_loop().time)
    peers = AllowedPeers(networks)
    server = AudioSocketServer(desk, directory, peers, limits)
    await server.listen("127.0.0.1", 0)
    watching = asyncio.create_task(server.watch())
    runner = web.AppRunner(announce_app(directory, peers), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        async with aiohttp.ClientSession(f"http://{host}:{port}") as http:
            yield Tap(server, desk, http)
    finally:
        await runner.cleanup()
        await server.close()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


@pytest_asyncio.fixture
async def tap() -> AsyncIterator[Tap]:
    async with open_tap() as opened:
        yield opened


async def test_two_legs_of_one_call(tap: Tap) -> None:
    """The announced facts come with each leg; voices, keys and the end stay apart."""
    customer = await tap.announce()
    operator = await tap.announce(role="operator")
    desk = tap.desk
    async with tap.connected(customer) as one, tap.connected(operator) as two:
        one.write(message(KIND_AUDIO_8K, b"\1\0" * 160))
        two.write(message(KIND_AUDIO_8K, b"\2\0" * 160) + message(KIND_DTMF, b"*") + message(KIND_DTMF, b"9"))
        await desk.until(lambda: len(desk.legs) == 2 and all(leg.pcm for leg in desk.legs))
        legs = {leg.info.role: leg for leg in desk.legs}
        await desk.until(lambda: legs[Role.OPERATOR].digits == "*9")
        one.write(message(KIND_HANG_UP))
        await desk.until(lambda: legs[Role.CUSTOMER].ended)
        assert legs[Role.OPERATOR].ended is None
    await desk.until(lambda: legs[Role.OPERATOR].ended)

    assert bytes(legs[Role.CUSTOMER].pcm) == b"\1\0" * 160
    assert bytes(legs[Role.OPERATOR].pcm) == b"\2\0" * 160
    assert {leg.ended for leg in desk.legs} == {EndReason.HUNG_UP}
    call = legs[Role.CUSTOMER].info.call
    assert call == legs[Role.OPERATOR].info.call
    assert call.call_id == "1764000000.42"
    assert call.caller == Party(number="03-5555-0142", name="山田")
    assert call.operator == Party(number="204", name="佐藤")
    assert (call.queue, call.channel) == ("料金窓口", "PJSIP/trunk-00000001")


async def test_an_unannounced_leg_is_a_mixed_call(tap: Tap) -> None:
    """A bare AudioSocket() in a dialplan works, labelled as what it is."""
    uuid = uuid4()
    async with tap.connected(uuid) as writer:
        writer.write(message(KIND_AUDIO_8K, SILENCE))
        await tap.desk.until(lambda: tap.desk.legs)
    info = tap.desk.legs[0].info
    assert (info.call.call_id, info.role, info.rate) == (str(uuid), Role.MIXED, 8000)


@pytest.mark.parametrize(("kind", "rate"), AUDIO_RATES.items())
async def test_every_rate_is_heard(tap: Tap, kind: int, rate: int) -> None:
    """A tone of 500 Hz stays one, at 8 or 16 kHz."""
    tone = (np.sin(np.arange(rate // 2) * 2 * np.pi * 500 / rate) * 8000).astype("<i2").tobytes()
    async with tap.connected(await tap.announce()) as writer:
        for at in range(0, len(tone), 60_000):
            writer.write(message(kind, tone[at : at + 60_000]))
        writer.write(message(KIND_HANG_UP))
        await tap.desk.until(lambda: tap.desk.legs and tap.desk.legs[0].ended)
    [leg] = tap.desk.legs
    assert leg.info.rate == (8000 if rate < 16000 else 16000)
    heard = np.frombuffer(bytes(leg.pcm), "<i2").astype(float)
    assert len(heard) == pytest.approx(leg.info.rate / 2, abs=2)
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    assert np.argmax(spectrum) * leg.info.rate / len(heard) == pytest.approx(500, abs=5)


async def test_a_label_may_be_overruled(tap: Tap) -> None:
    """Old Asterisk labels every rate as 8 kHz; the announcement knows better."""
    async with tap.connected(await tap.announce(rate="16000")) as writer:
        writer.write(message(KIND_AUDIO_8K, SILENCE))
        await tap.desk.until(lambda: tap.desk.legs)
    assert tap.desk.legs[0].info.rate == 16000


async def test_a_silent_network_becomes_a_gap(tap: Tap) -> None:
    """A PBX that stops sending (hold) does not make time stand still."""
    async with tap.connected(await tap.announce()) as writer:
        writer.write(message(KIND_AUDIO_8K, SILENCE))
        await tap.desk.until(lambda: tap.desk.legs and tap.desk.legs[0].gap_samples)
        assert tap.desk.legs[0].ended is None


@pytest.mark.parametrize(
    "bad",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        message(KIND_IDENTITY, uuid4().bytes) + b"".join(message(kind, b"?") for kind in range(0x70, 0x78)),
        message(KIND_IDENTITY, uuid4().bytes) + message(KIND_AUDIO_8K, bytes(60_000)) * 4,
        struct.pack(">BH", KIND_IDENTITY, 65535),
    ],
    ids=["http", "lost framing", "flood", "length"],
)
async def test_a_bad_peer_ends_alone(tap: Tap, bad: bytes) -> None:
    """It ends with a logged reason; the call beside it goes on."""
    async with tap.connected(await tap.announce()) as good:
        good.write(message(KIND_AUDIO_8K, SILENCE))
        await tap.desk.until(lambda: tap.desk.legs)
        leg = tap.desk.legs[0]
        with capture_logs() as logs:
            await tap.closed_by_server(bad)
        [fault] = [each for each in logs if each["event"] == "audiosocket_protocol_error"]
        assert fault["reason"]
        assert all(other.ended is EndReason.PROTOCOL_ERROR for other in tap.desk.legs[1:])
        before = len(leg.pcm)
        good.write(message(KIND_AUDIO_8K, SILENCE))
        await tap.desk.until(lambda: len(leg.pcm) > before)
        assert leg.ended is None
    assert tap.server.limiter.faults == 1


async def test_what_is_not_understood_is_told_and_the_call_goes_on(tap: Tap) -> None:
    stream = (CASES / "14-audiosocket-silence-kind-02.bin").read_bytes()
    async with tap.connected(uuid4()) as writer:
        writer.write(stream[19:])  # who it is was said
        await tap.desk.until(lambda: tap.desk.legs and tap.desk.legs[0].ended)
    assert len(tap.desk.legs[0].pcm) == 3200
    assert tap.desk.legs[0].ended is EndReason.HUNG_UP
    assert tap.server.passed_over.total == 1
    [problem] = tap.server.passed_over.problems(asyncio.get_running_loop().time())
    assert problem.code == "audiosocket_not_understood"
    assert "unknown_kind_02" in problem.detail


async def test_a_format_that_changes_goes_on_in_another_leg_of_the_call(tap: Tap) -> None:
    async with tap.connected(uuid4()) as writer:
        writer.write(message(KIND_AUDIO_8K, SILENCE) + message(0x12, SILENCE * 2))
        await tap.desk.until(lambda: len(tap.desk.legs) == 2)
        assert [leg.info.rate for leg in tap.desk.legs] == [8000, 16000]
        assert len({leg.info.call.call_id for leg in tap.desk.legs}) == 1
        assert tap.desk.legs[0].ended is EndReason.HUNG_UP


def test_the_flood_above_is_one() -> None:
    assert FLOOD_S < 4 * 60_000 / 2 / 8000


async def test_a_reset_is_a_lost_connection(tap: Tap) -> None:
    async with tap.connected(await tap.announce()) as writer:
        writer.write(message(KIND_AUDIO_8K, SILENCE))
        await tap.desk.until(lambda: tap.desk.legs)
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        await tap.desk.until(lambda: tap.desk.legs[0].ended)
    assert tap.desk.legs[0].ended is EndReason.CONNECTION_LOST


@pytest.mark.parametrize("half", [b"", message(KIND_AUDIO_8K, SILENCE)[:100]])
async def test_to_hang_up_with_our_silence_unread_is_no_loss(tap: Tap, half: bytes) -> None:
    """TCP makes a reset of it, and how much Asterisk has read is chance. Half a message is a loss all the same."""
    call = CallInfo(call_id="c1", tap="asterisk")
    uuid = tap.server._directory.announce(AnnouncedLeg(call, Role.CUSTOMER, needs_silence=True))
    async with tap.connected(uuid) as writer:
        writer.write(message(KIND_AUDIO_8K, SILENCE) + half)
        await tap.desk.until(lambda: tap.desk.legs)
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        await tap.desk.until(lambda: tap.desk.legs[0].ended)
    assert tap.desk.legs[0].ended is (EndReason.CONNECTION_LOST if half else EndReason.HUNG_UP)


async def test_half_a_message_is_a_lost_connection(tap: Tap) -> None:
    async with tap.connected(await tap.announce()) as writer:
        writer.write(message(KIND_AUDIO_8K, SILENCE) + message(KIND_AUDIO_8K, SILENCE)[:100])
        await tap.desk.until(lambda: tap.desk.legs)
    await tap.desk.until(lambda: tap.desk.legs[0].ended)
    assert tap.desk.legs[0].ended is EndReason.CONNECTION_LOST


async def test_the_pbx_reports_an_error(tap: Tap) -> None:
    async with tap.connected(await tap.announce()) as writer:
        writer.write(message(KIND_AUDIO_8K, SILENCE) + message(0xFF, b"\x02"))
        await tap.desk.until(lambda: tap.desk.legs and tap.desk.legs[0].ended)
    assert tap.desk.legs[0].ended is EndReason.CONNECTION_LOST


async def test_who_never_identifies_is_ended() -> None:
    async with open_tap(limits=ConnectionLimits(identify_within_s=0.1)) as tap:
        await tap.closed_by_server(b"")
        assert tap.desk.legs == []
        assert tap.server.limiter.faults == 1


async def test_a_dead_line_is_ended() -> None:
    async with (
        open_tap() as tap,
        tap.connected(await tap.announce()) as writer,
    ):
        writer.write(message(KIND_AUDIO_8K, SILENCE))
        await tap.desk.until(lambda: tap.desk.legs)
        tap.server._limits = ConnectionLimits(idle_s=0.1)
        await tap.desk.until(lambda: tap.desk.legs[0].ended)
        assert tap.desk.legs[0].ended is EndReason.TIMED_OUT


async def test_too_many_connections_are_refused() -> None:
    async with open_tap(limits=ConnectionLimits(connections=1)) as tap, tap.connected(uuid4()) as writer:
        writer.write(message(KIND_AUDIO_8K, SILENCE))
        await tap.desk.until(lambda: tap.desk.legs)
        await tap.closed_by_server(b"")
        assert tap.server.limiter.refused == 1
        assert tap.desk.legs[0].ended is None


async def test_two_thousand_silent_connections_shut_no_call_out() -> None:
    """From an allowed address, and with no limit of time for them: the oldest make room."""
    limits = ConnectionLimits(identify_within_s=3600)
    async with open_tap(limits=limits) as tap:
        crowd = []
        while len(tap.server.limiter.admitted) < limits.connections:
            # Some at a time: what does not fit into the kernel's queue only believes to be connected.
            missing = min(limits.connections - len(tap.server.limiter.admitted), 100)
            crowd += await asyncio.gather(*(tap.silent() for _ in range(missing)))
            await asyncio.sleep(0.02)
        uuid = await tap.announce()
        async with tap.connected(uuid) as writer:
            writer.write(message(KIND_AUDIO_8K, SILENCE))
            await tap.desk.until(lambda: tap.desk.legs)
            # More of them end each other, and not the call.
            crowd += await asyncio.gather(*(tap.silent() for _ in range(100)))
            writer.write(message(KIND_AUDIO_8K, SILENCE))
            await tap.desk.until(lambda: len(tap.desk.legs[0].pcm) >= 2 * len(SILENCE))
            assert tap.desk.legs[0].ended is None
            assert len(tap.server.limiter.admitted) == limits.connections
        for each in crowd:
            each.close()


async def test_strangers_are_refused() -> None:
    async with open_tap(networks=("192.0.2.0/24",)) as tap:
        await tap.closed_by_server(b"")
        assert tap.server.limiter.refused == 1
        async with tap.http.post("/v1/legs", data=FIELDS) as answer:
            assert answer.status == 403


async def test_close_ends_every_leg(tap: Tap) -> None:
    async with tap.connected(uuid4()) as one, tap.connected(uuid4()) as two:
        one.write(message(KIND_AUDIO_8K, SILENCE))
        two.write(message(KIND_AUDIO_8K, SILENCE))
        await tap.desk.until(lambda: len(tap.desk.legs) == 2)
        await tap.server.close()
        assert [leg.ended for leg in tap.desk.legs] == [EndReason.SHUTDOWN] * 2
        assert tap.server.limiter.admitted == set()


# --- announcing


async def test_json_is_as_good_as_a_form(tap: Tap) -> None:
    async with tap.http.post("/v1/legs", json=FIELDS) as answer:
        assert answer.status == 201
        uuid = UUID(await answer.text())
    async with tap.connected(uuid) as writer:
        writer.write(message(KIND_AUDIO_8K, SILENCE))
        await tap.desk.until(lambda: tap.desk.legs)
    assert tap.desk.legs[0].info.call.caller.name == "山田"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"role": "customer"}, "call"),
        ({"call": "", "role": "customer"}, "call"),
        ({"call": "c", "role": "boss"}, "role"),
        ({"call": "c", "role": "customer", "rate": "8001"}, "rate"),
        ({"call": "c", "role": "customer", "rate": "fast"}, "rate"),
        ({"call": "c", "role": "customer", "colour": "red"}, "colour"),
        ({"call": "c" * 257, "role": "customer"}, "call"),
        ({"call": "c", "role": "customer", "caller": "0" * 65}, "caller"),
    ],
)
async def test_a_bad_announcement_names_the_field(tap: Tap, fields: dict[str, str], named: str) -> None:
    for request in (tap.http.post("/v1/legs", data=fields), tap.http.post("/v1/legs", json=fields)):
        async with request as answer:
            assert answer.status == 400
            assert (await answer.text()).startswith(f"{named}:")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", json.dumps({"call": 1}).encode()])
async def test_a_body_that_is_no_announcement(tap: Tap, body: bytes) -> None:
    async with tap.http.post("/v1/legs", data=body, headers={"Content-Type": "application/json"}) as answer:
        assert answer.status == 400


async def test_a_huge_announcement_is_refused(tap: Tap) -> None:
    async with tap.http.post("/v1/legs", data={"call": "x" * 100_000, "role": "customer"}) as answer:
        assert answer.status == 413


async def test_numbers_and_names_are_not_logged(tap: Tap) -> None:
    with capture_logs() as logs:
        async with tap.connected(await tap.announce()) as writer:
            writer.write(message(KIND_AUDIO_8K, SILENCE) + message(0xFF, b""))
            await tap.desk.until(lambda: tap.desk.legs and tap.desk.legs[0].ended)
        async with tap.http.post("/v1/legs", data={**FIELDS, "role": "boss"}):
            pass
    assert logs
    assert not any(secret in str(logs) for secret in ("03-5555-0142", "山田", "佐藤"))


# --- silence for a PBX that reads without looking


async def test_silence_is_sent_to_whom_it_was_promised() -> None:
    """Asterisk's AudioSocket channel may stop the PBX when nothing comes; everybody else is sent nothing."""
    async with open_tap() as tap:
        call = CallInfo(call_id="c1", tap="asterisk")
        directory = tap.server._directory
        needs = directory.announce(AnnouncedLeg(call, Role.CUSTOMER, needs_silence=True))
        plain = directory.announce(AnnouncedLeg(call, Role.OPERATOR))
        one_reader, one = await asyncio.open_connection(*tap.server.address)
        two_reader, two = await asyncio.open_connection(*tap.server.address)
        one.write(message(KIND_IDENTITY, needs.bytes))
        two.write(message(KIND_IDENTITY, plain.bytes) + message(KIND_HANG_UP))
        async with asyncio.timeout(WITHIN_S):
            # More than what the watch alone would send in the time that the first ones take.
            assert await one_reader.readexactly(5 * 323) == message(KIND_AUDIO_8K, bytes(320)) * 5
            assert await two_reader.read() == b""
        one.close()
        two.close()
