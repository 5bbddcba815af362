"""The WebSocket server on real sockets: streams by token and by a dialplan's secret, and peers that misbehave."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import aiohttp
import numpy as np
import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from tests.support.deadline import WITHIN_S
from tests.support.freeswitch.stream import AudioStream
from tests.support.recorder import Recorder

from kikimori.integrations.freeswitch.tap.media import MAX_EARLY_BYTES, MAX_TEXTS, FreeSwitchMediaServer
from kikimori.integrations.freeswitch.tap.metadata import read_metadata
from kikimori.integrations.freeswitch.tap.voices import EARLIER_S, StreamError, Voices
from kikimori.ports.limiter import ConnectionLimits
from kikimori.taps.streamed_leg import FLOOD_S
from kikimori_core.model.call import CallInfo, EndReason, Party, Role
from kikimori_core.wire.peers import AllowedPeers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

BOTH = (Role.CUSTOMER, Role.OPERATOR)
CALL = CallInfo("c", "freeswitch")
METADATA = {
    "call": "5c449fd5-1",
    "role": "stereo",
    "caller": "0355550142",
    "caller_name": "山田",
    "operator": "204",
    "queue": "料金窓口",
    "channel": "5c449fd5-1",
}


class Office:
    def __init__(self, server: FreeSwitchMediaServer, desk: Recorder) -> None:
        self.server = server
        self.desk = desk

    def url(self, path: str) -> str:
        host, port = self.server.address
        return f"ws://{host}:{port}{path}"

    @asynccontextmanager
    async def streaming(
        self,
        path: str = "/v1/dialplan/secret",
        *,
        mix: str = "stereo",
        metadata: str | None = None,
        fork: bool = True,
    ) -> AsyncIterator[AudioStream]:
        said = json.dumps(METADATA) if metadata is None else metadata
        stream = AudioStream(self.url(path), mix, 8000, subprotocol=fork, metadata=said)
        await stream.connect()
        try:
            yield stream
        finally:
            with suppress(Exception):
                await stream.close()


@asynccontextmanager
async def open_office(
    limits: ConnectionLimits | None = None, *, by_dialplan: bool = True
) -> AsyncIterator[Office]:
    desk = Recorder()
    server = FreeSwitchMediaServer(desk, AllowedPeers(), limits, secret="secret" if by_dialplan else None)
    await server.listen("127.0.0.1", 0)
    watching = asyncio.create_task(server.watch())
    try:
        yield Office(server, desk)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await server.close()


@pytest_asyncio.fixture
async def office() -> AsyncIterator[Office]:
    async with open_office() as opened:
        yield opened


ONE = (np.arange(1600) % 1000).astype("<i2").tobytes()
TWO = (-np.arange(1600) % 999).astype("<i2").tobytes()


@pytest.mark.parametrize("fork", [True, False])
async def test_a_dialplan_says_whose_voices_it_sends(office: Office, fork: bool) -> None:
    async with office.streaming(fork=fork) as stream:
        assert stream.socket.protocol == ("audio.drachtio.org" if fork else None)
        await stream.send(ONE, TWO)
        await office.desk.until(
            lambda: len(office.desk.legs) == 2 and len(office.desk.legs[1].pcm) == len(TWO)
        )
    legs = {leg.info.role: leg for leg in office.desk.legs}
    assert bytes(legs[Role.CUSTOMER].pcm) == ONE
    assert bytes(legs[Role.OPERATOR].pcm) == TWO
    call = legs[Role.CUSTOMER].info.call
    assert (call.call_id, call.channel, call.queue) == ("5c449fd5-1", "5c449fd5-1", "料金窓口")
    assert (call.caller, call.operator) == (Party(number="0355550142", name="山田"), Party(number="204"))
    await office.desk.until(lambda: all(leg.ended for leg in office.desk.legs))
    assert {leg.ended for leg in office.desk.legs} == {EndReason.HUNG_UP}


async def test_the_channel_may_be_the_operators(office: Office) -> None:
    async with office.streaming(metadata=json.dumps(METADATA | {"first": "operator"})) as stream:
        await stream.send(ONE, TWO)
        await office.desk.until(lambda: len(office.desk.legs) == 2 and office.desk.legs[1].pcm)
    assert [leg.info.role for leg in office.desk.legs] == [Role.OPERATOR, Role.CUSTOMER]


async def test_a_mixed_stream_is_labelled_so(office: Office) -> None:
    async with office.streaming(mix="mixed", metadata='{"call": "sip:1@x"}') as stream:
        await stream.send(ONE)
        await office.desk.until(lambda: office.desk.legs)
    (leg,) = office.desk.legs
    assert leg.info.role is Role.MIXED
    assert len(leg.info.call.call_id) == 36


async def test_audio_that_overtakes_the_metadata_is_left_out(office: Office) -> None:
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(office.url("/v1/dialplan/secret")) as socket,
    ):
        await socket.send_bytes(b"\1\0" * 320)
        await socket.send_str('{"call": "c"}')
        await socket.send_bytes(ONE)
        await office.desk.until(lambda: office.desk.legs and office.desk.legs[0].pcm)
    assert bytes(office.desk.legs[0].pcm) == ONE


@pytest.mark.parametrize("path", ["/v1/dialplan/wrong", "/v1/dialplan/", "/v1/stream/wrong", "/"])
async def test_without_the_right_token_nobody_comes_in(office: Office, path: str) -> None:
    async with office.streaming(path) as stream:
        assert stream.refused
    assert office.desk.legs == []


async def test_a_token_is_good_for_one_stream(office: Office) -> None:
    voices = Voices(office.desk, CALL, BOTH, 8000)
    arrived, lost = asyncio.Event(), asyncio.Event()
    office.server.expect("once", voices, arrived.set, lost.set)
    async with office.streaming("/v1/stream/once", metadata="") as stream:
        await stream.send(ONE, TWO)
        await office.desk.until(lambda: len(office.desk.legs) == 2)
        assert arrived.is_set()
        async with office.streaming("/v1/stream/once", metadata="") as other:
            assert other.refused
    async with asyncio.timeout(WITHIN_S):
        await lost.wait()
    assert not voices.ended, "whoever expected it decides what becomes of the call"


async def test_the_dialplans_way_is_closed_without_a_secret() -> None:
    async with open_office(by_dialplan=False) as office, office.streaming() as stream:
        assert stream.refused


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ([bytes(MAX_EARLY_BYTES), b"\1\0"], "audio_before_metadata"),
        (["{"], "bad_metadata"),
        (["[1]"], "bad_metadata"),
        (['{"call": "x", "what": 1}'], "bad_metadata"),
        (['{"call": ""}'], "bad_metadata"),
        (["x" * 9000], "metadata_too_long"),
        ([json.dumps(METADATA), b"\1\0\1"], "odd_size"),
        ([json.dumps(METADATA), b"\1\0"], "odd_size"),
        ([json.dumps(METADATA), bytes(round((FLOOD_S + EARLIER_S + 1) * 8000) * 4)], "audio_flood"),
        ([json.dumps(METADATA), *["hello"] * (MAX_TEXTS + 1)], "text_flood"),
        ([json.dumps(METADATA), bytes(2_000_000)], "bad_websocket"),
    ],
)
async def test_who_misbehaves_is_cut_off_with_a_reason(
    office: Office, sent: list[str | bytes], reason: str
) -> None:
    with capture_logs() as logs:
        async with (
            aiohttp.ClientSession() as http,
            http.ws_connect(office.url("/v1/dialplan/secret")) as socket,
        ):
            with suppress(ConnectionError):
                for each in sent:
                    await (socket.send_str(each) if isinstance(each, str) else socket.send_bytes(each))
            async with asyncio.timeout(WITHIN_S):
                while not socket.closed:
                    await socket.receive()
    assert [each["reason"] for each in logs if each["event"] == "freeswitch_media_error"] == [reason]
    assert office.server.limiter.faults == 1
    assert {leg.ended for leg in office.desk.legs} <= {EndReason.PROTOCOL_ERROR}
    async with office.streaming() as good:
        await good.send(ONE, TWO)
        await office.desk.until(lambda: any(leg.ended is None for leg in office.desk.legs))


async def test_who_never_speaks_is_let_go() -> None:
    """A stream that does not say what it is, and a connection that asks for nothing."""
    async with open_office(ConnectionLimits(identify_within_s=3)) as office:
        reader, writer = await asyncio.open_connection(*office.server.address)
        writer.write(b"GET /v1/dialplan/sec")
        async with office.streaming(metadata="") as silent, asyncio.timeout(WITHIN_S):
            assert (await silent.socket.receive()).data == aiohttp.WSCloseCode.POLICY_VIOLATION
            with suppress(ConnectionResetError):
                assert await reader.read() == b""
        writer.close()
        assert office.server.limiter.faults == 1


async def test_more_streams_than_allowed_are_refused() -> None:
    async with (
        open_office(ConnectionLimits(connections=1)) as office,
        office.streaming() as first,
        office.streaming() as second,
    ):
        assert not first.refused
        assert second.refused


# --- the voices themselves, by a clock of the test's own


def test_a_broken_stream_leaves_a_gap_and_no_shift() -> None:
    desk = Recorder()
    voices = Voices(desk, CALL, BOTH, 8000)
    voices.feed(bytes(640), 10.0)
    voices.check(13.0)
    voices.feed(bytes(640), 14.0)
    for leg in desk.legs:
        assert len(leg.pcm) // 2 + leg.gap_samples == round((14.0 - 10.0 + 0.02) * 8000)


def test_music_is_left_out_and_time_goes_on() -> None:
    desk = Recorder()
    voices = Voices(desk, CALL, BOTH, 8000)
    voices.feed(bytes(640), 0.02)
    voices.hush(Role.OPERATOR, on=True)
    voices.feed(bytes(640), 0.04)
    voices.hush(Role.OPERATOR, on=False)
    voices.feed(bytes(640), 0.06)
    customer, operator = desk.legs
    assert (len(customer.pcm), customer.gap_samples) == (960, 0)
    assert (len(operator.pcm), operator.gap_samples) == (640, 160)


@given(
    st.text(max_size=300) | st.binary(max_size=300).map(lambda each: each.decode("utf-8", "surrogateescape"))
)
def test_no_metadata_does_harm(text: str) -> None:
    with suppress(StreamError):
        read_metadata(text)


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.binary(max_size=800), st.floats(0, 3)), max_size=30),
    st.sampled_from([BOTH, BOTH[:1]]),
)
def test_whatever_comes_legs_stay_together(
    messages: list[tuple[bytes, float]], roles: tuple[Role, ...]
) -> None:
    desk = Recorder()
    voices = Voices(desk, CALL, roles, 8000)
    now = 100.0
    with suppress(StreamError):
        for data, passed in messages:
            now += passed
            voices.check(now)
            voices.feed(data, now)
    assert len({len(leg.pcm) // 2 + leg.gap_samples for leg in desk.legs}) <= 1
    voices.close(EndReason.HUNG_UP)
    voices.close(EndReason.SHUTDOWN)
    assert all(leg.ended is EndReason.HUNG_UP for leg in desk.legs)
