"""Behaviour special to chan_websocket; what it shares with every tap is in `contract/`."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from aiohttp import web
from structlog.testing import capture_logs
from tests.support.deadline import WITHIN_S
from tests.support.recorder import Recorder
from tests.support.websocket_channel import PING, WebSocketChannel, announce
from tests.taps.contract.sound import find, voice

from kikimori.errors import KikimoriError
from kikimori.integrations.chan_websocket.server import MAX_EVENTS
from kikimori.integrations.chan_websocket.settings import ChanWebSocketTable
from kikimori.integrations.chan_websocket.tap import ChanWebSocketTap
from kikimori.media.g711 import encode_ulaw
from kikimori.ports.limiter import ConnectionLimits
from kikimori.taps.announced.directory import LegDirectory
from kikimori_core.model.call import EndReason, Role

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SILENCE = bytes(320)


class Office:
    def __init__(self, tap: ChanWebSocketTap, desk: Recorder) -> None:
        self.tap = tap
        self.desk = desk
        self.address = tap.addresses["chan_websocket"]
        self._channels: list[WebSocketChannel] = []

    async def connect(self, channel_id: str = "1763000000.4") -> WebSocketChannel:
        channel = await WebSocketChannel.connect(self.address, channel_id)
        self._channels.append(channel)
        return channel

    def hang_up(self) -> None:
        for channel in self._channels:
            channel.writer.close()


@asynccontextmanager
async def open_office(limits: ConnectionLimits | None = None) -> AsyncIterator[Office]:
    desk = Recorder()
    directory = LegDirectory(asyncio.get_running_loop().time)
    tap = ChanWebSocketTap(desk, directory, ChanWebSocketTable(port=0), limits)
    await tap.listen()
    watching = asyncio.create_task(tap.run())
    office = Office(tap, desk)
    try:
        yield office
    finally:
        await tap.close()
        office.hang_up()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


@pytest_asyncio.fixture
async def office(no_task_left: None) -> AsyncIterator[Office]:  # noqa: ARG001  (watches over all)
    async with open_office() as opened:
        yield opened


async def test_the_channels_unique_id_names_the_leg(office: Office) -> None:
    """Not the order in which connections come, nor anything in the address, which an earlier call may have left."""
    for number, role in ((4, "customer"), (5, "operator")):
        assert await announce(office.address, f"1763000000.{number}", call="c", role=role) == 201
    second = await office.connect("1763000000.5")
    second.start()
    first = await office.connect("1763000000.4")
    first.start(as_json=True)
    await office.desk.until(lambda: len(office.desk.legs) == 2)
    assert [leg.info.role for leg in office.desk.legs] == [Role.OPERATOR, Role.CUSTOMER]
    assert {leg.info.call.call_id for leg in office.desk.legs} == {"c"}


async def test_a_channel_that_nobody_announced_is_a_mixed_call_and_a_problem(office: Office) -> None:
    assert office.tap.problems() == ()
    channel = await office.connect()
    channel.start()
    await office.desk.until(lambda: office.desk.legs)
    info = office.desk.legs[0].info
    assert (info.call.call_id, info.role, info.rate) == ("1763000000.4", Role.MIXED, 8000)
    [problem] = office.tap.problems()
    assert problem.code == "chan_websocket_unannounced"
    assert await announce(office.address, "1763000000.5", call="c", role="customer") == 201
    announced = await office.connect("1763000000.5")
    announced.start()
    await office.desk.until(lambda: len(office.desk.legs) == 2)
    assert office.tap.problems() == ()


async def test_an_announcement_counts_once(office: Office) -> None:
    assert await announce(office.address, "1763000000.4", call="c", role="customer") == 201
    for expected in (Role.CUSTOMER, Role.MIXED):
        channel = await office.connect()
        channel.start()
        await office.desk.until(lambda: office.desk.legs and office.desk.legs[-1].ended is None)
        assert office.desk.legs[-1].info.role is expected
        channel.goodbye()
        await office.desk.until(lambda: office.desk.legs[-1].ended)


async def test_ulaw_is_heard(office: Office) -> None:
    channel = await office.connect()
    channel.start("ulaw")
    spoken = voice(1, 0.4, 8000)
    payload = encode_ulaw(spoken)
    for at in range(0, len(payload), 160):
        channel.media(payload[at : at + 160])
    await office.desk.until(lambda: office.desk.legs and len(office.desk.legs[0].pcm) == len(spoken))
    assert find(spoken, bytes(office.desk.legs[0].pcm)).snr_db > 30


async def test_nothing_is_sent_to_asterisk_but_pongs(office: Office) -> None:
    """Whatever we sent would be played into the channel, or taken for a command."""
    channel = await office.connect()
    channel.start()
    channel.media(SILENCE)
    await office.desk.until(lambda: office.desk.legs and office.desk.legs[0].pcm)
    channel.frame(PING, b"?")
    async with asyncio.timeout(WITHIN_S):
        assert await channel.reader.readexactly(3) == b"\x8a\x01?"
    channel.goodbye()
    await office.desk.until(lambda: office.desk.legs[0].ended)
    # The answer to the closing message, and the end.
    async with asyncio.timeout(WITHIN_S):
        assert (await channel.reader.read())[0] == 0x88


async def test_a_lost_stream_is_no_hang_up(office: Office) -> None:
    """Asterisk closes with a closing message; a stream that only ends is a loss."""
    channel = await office.connect()
    channel.start()
    channel.writer.write_eof()
    await office.desk.until(lambda: office.desk.legs and office.desk.legs[0].ended)
    assert office.desk.legs[0].ended is EndReason.CONNECTION_LOST


async def test_a_format_that_is_not_known_is_told_to_go(office: Office) -> None:
    channel = await office.connect()
    with capture_logs() as logs:
        channel.text("MEDIA_START channel_id:1.1 format:opus")
        channel.media(SILENCE)
        async with asyncio.timeout(WITHIN_S):
            assert await channel.closed_with() == 1002
    reasons = [each["reason"] for each in logs if each["event"] == "chan_websocket_protocol_error"]
    assert reasons == ["format_not_known"]
    assert office.desk.legs == []
    assert office.tap.counters()["chan_websocket_protocol_errors"] == 1


@pytest.mark.parametrize("before", [True, False], ids=["before MEDIA_START", "after it"])
@pytest.mark.parametrize(
    ("reason", "odd"),
    [
        ("not_an_event", "hello"),
        ("not_json", "{"),
        ("not_a_dtmf_digit", "DTMF_END digit:f"),
        ("no_channel_id", "MEDIA_START"),
        ("started_twice", "MEDIA_START channel_id:1.1 format:slin"),
        ("odd_audio_length", SILENCE + b"\0"),
        ("media_before_start", SILENCE),
    ],
)
async def test_what_is_not_understood_is_passed_over(
    office: Office, reason: str, odd: str | bytes, before: bool
) -> None:
    if (reason == "media_before_start") is not before and reason in (
        "media_before_start",
        "started_twice",
        "odd_audio_length",
    ):
        pytest.skip("not odd there")
    channel = await office.connect()

    def say() -> None:
        if isinstance(odd, str):
            channel.text(odd)
        else:
            channel.media(odd)

    if before:
        say()
    channel.text("MEDIA_START channel_id:1.1 format:slin")
    if not before:
        say()
    channel.media(SILENCE)
    channel.text("DTMF_END digit:5")
    await office.desk.until(lambda: office.desk.legs and office.desk.legs[0].digits == "5")
    assert bytes(office.desk.legs[0].pcm) == SILENCE
    assert office.tap.counters()["chan_websocket_passed_over"] == 1
    assert office.tap.counters()["chan_websocket_protocol_errors"] == 0
    [problem] = [each for each in office.tap.problems() if each.code == "chan_websocket_not_understood"]
    assert reason in problem.detail


async def test_audio_before_its_announcement_costs_no_call(office: Office) -> None:
    channel = await office.connect()
    case = Path(__file__).parents[2] / "taps" / "cases" / "15-chan_websocket-media-before-start.json"
    messages = json.loads(case.read_text("utf-8"))
    for kind, content in messages:
        if kind == "text":
            channel.text(content)
        else:
            channel.media(bytes(content))
    await office.desk.until(lambda: office.desk.legs and len(office.desk.legs[0].pcm) == 3200)
    assert office.desk.legs[0].ended is None
    assert office.tap.counters()["chan_websocket_passed_over"] == 5


async def test_events_without_end_end_the_leg(office: Office) -> None:
    channel = await office.connect()
    channel.start()
    with capture_logs() as logs:
        for _ in range(MAX_EVENTS):
            channel.text("MEDIA_XON")
        await office.desk.until(lambda: office.desk.legs and office.desk.legs[0].ended)
    assert office.desk.legs[0].ended is EndReason.PROTOCOL_ERROR
    assert [each["reason"] for each in logs if each["event"] == "chan_websocket_protocol_error"] == [
        "event_flood"
    ]


async def test_a_message_that_is_far_too_long_ends_the_leg(office: Office) -> None:
    channel = await office.connect()
    channel.start()
    channel.media(bytes(70_000))
    await office.desk.until(lambda: office.desk.legs and office.desk.legs[0].ended)
    assert office.desk.legs[0].ended is EndReason.PROTOCOL_ERROR
    assert not office.desk.legs[0].pcm


async def test_who_never_starts_is_ended() -> None:
    async with open_office(ConnectionLimits(identify_within_s=0.1)) as office:
        channel = await office.connect()
        async with asyncio.timeout(WITHIN_S):
            assert await channel.closed_with() == 1008
        assert office.desk.legs == []
        assert office.tap.counters()["chan_websocket_protocol_errors"] == 1


async def test_a_dead_line_is_ended() -> None:
    async with open_office() as office:
        channel = await office.connect()
        channel.start()
        await office.desk.until(lambda: office.desk.legs)
        office.tap.server._limits = ConnectionLimits(idle_s=0.1)
        await office.desk.until(lambda: office.desk.legs[0].ended)
        assert office.desk.legs[0].ended is EndReason.TIMED_OUT


async def test_too_many_connections_are_refused() -> None:
    async with open_office(ConnectionLimits(connections=1)) as office:
        channel = await office.connect()
        channel.start()
        await office.desk.until(lambda: office.desk.legs)
        with pytest.raises(ConnectionRefusedError):
            await office.connect()
        assert office.tap.counters()["chan_websocket_refused"] == 1
        assert office.desk.legs[0].ended is None


async def test_a_peer_that_does_not_answer_the_goodbye_does_not_hold_us_up(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    defaults = {**(web.WebSocketResponse.__init__.__kwdefaults__ or {}), "timeout": 10 * WITHIN_S}
    monkeypatch.setattr(web.WebSocketResponse.__init__, "__kwdefaults__", defaults)
    channel = await office.connect()
    channel.start()
    await office.desk.until(lambda: office.desk.legs)
    # aiohttp alone would wait for the answer, ten seconds or as above.
    async with asyncio.timeout(WITHIN_S):
        await office.tap.close()
    assert office.desk.legs[0].ended is EndReason.SHUTDOWN


async def test_a_taken_port_is_said(office: Office) -> None:
    directory = LegDirectory(asyncio.get_running_loop().time)
    second = ChanWebSocketTap(Recorder(), directory, ChanWebSocketTable(port=office.address[1]))
    with pytest.raises(KikimoriError, match=str(office.address[1])) as caught:
        await second.listen()
    assert "[chan_websocket] port" in (caught.value.next_step or "")
    await second.close()
