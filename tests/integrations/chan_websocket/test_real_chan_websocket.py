"""A real Asterisk with the dialplan of `config/pbx/asterisk/`: what it taps arrives, and what it sends is what we think.

The parties are tones of Asterisk's own: which voice is on which leg is told by their pitch.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

import aiohttp
import numpy as np
import pytest
import pytest_asyncio
from aiohttp import web
from tests.support.deadline import WITHIN_S
from tests.support.ports import free_port
from tests.support.real_asterisk import Layout, RealAsterisk, needs_asterisk, running_asterisk
from tests.support.recorder import RecordedLeg, Recorder
from tests.support.sip_phone import Phone
from tests.support.websocket_channel import CAPTURED, announce

from kikimori.config import DEFAULTS
from kikimori.integrations.chan_websocket.settings import ChanWebSocketTable
from kikimori.integrations.chan_websocket.tap import ChanWebSocketTap
from kikimori.taps.announced.directory import LegDirectory
from kikimori_core.model.call import EndReason, Role

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

pytestmark = needs_asterisk

DIALPLAN = DEFAULTS / "pbx" / "asterisk" / "kikimori-websocket.conf"

CALLS = {0: (440, 1000), 1: (500, 1200), 2: (600, 1500), 3: (700, 1700), 4: (800, 2000)}
"""Calls of the office: pitch of the operator and of the customer, in Hz."""

OFFICE = "[office]\n" + "".join(
    f"exten => call{n},1,Dial(Local/operator{n}@office/n,30,U(kikimori-websocket^${{CHANNEL}}))\n"
    f"exten => operator{n},1,Answer()\n same => n,Playtones({operator})\n same => n,Wait(60)\n"
    f"exten => customer{n},1,Answer()\n same => n,Playtones({customer})\n same => n,Wait(60)\n"
    for n, (operator, customer) in CALLS.items()
)


def pitch(leg: RecordedLeg) -> int:
    """Return the loudest frequency of the last half second, to 10 Hz."""
    samples = np.frombuffer(bytes(leg.pcm), "<i2")[-leg.info.rate // 2 :]
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return round(float(np.argmax(spectrum)) * leg.info.rate / len(samples) / 10) * 10


class Office:
    def __init__(self, asterisk: RealAsterisk, tap: ChanWebSocketTap, desk: Recorder) -> None:
        self.asterisk = asterisk
        self.tap = tap
        self.desk = desk

    async def call(self, number: int) -> None:
        await self.asterisk.cli(
            f"channel originate Local/customer{number}@office/n extension call{number}@office"
        )

    async def heard(self, seconds: float, legs: int) -> None:
        """Wait until so many legs have so much audio."""
        await self.desk.until(
            lambda: (
                len(self.desk.legs) >= legs
                and all(len(leg.pcm) >= 2 * leg.info.rate * seconds for leg in self.desk.legs)
            )
        )

    async def channels(self) -> int:
        return int((await self.asterisk.cli("core show channels count")).split()[0])


async def shown(asterisk: RealAsterisk, condition: Callable[[str], bool]) -> str:
    """Wait until the list of channels is as told, and return it."""
    async with asyncio.timeout(WITHIN_S):
        while not condition(listed := await asterisk.cli("core show channels concise")):  # noqa: ASYNC110  (another process)
            await asyncio.sleep(0.1)
    return listed


@asynccontextmanager
async def asterisk_with(
    folder: Path, port: int, office: str = OFFICE, phones: Mapping[str, int] | None = None
) -> AsyncIterator[RealAsterisk]:
    files = {
        "kikimori-websocket.conf": DIALPLAN.read_text(encoding="utf-8").replace("8767", str(port)),
        "websocket_client.conf": "[kikimori]\ntype = websocket_client\nconnection_type = per_call_config\n"
        f"uri = ws://127.0.0.1:{port}/media\nprotocols = media\nreconnect_attempts = 1\n",
    }
    layout = Layout(phones or {}, office + "\n#include kikimori-websocket.conf\n", files)
    async with running_asterisk(folder, layout) as asterisk:
        if "chan_websocket.so" not in await asterisk.cli("module show like chan_websocket"):
            pytest.skip(
                f"no chan_websocket in {(await asterisk.cli('core show version')).split(' built')[0]}"
            )
        yield asterisk


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[ChanWebSocketTap, Recorder]]:
    desk = Recorder()
    tap = ChanWebSocketTap(desk, LegDirectory(asyncio.get_running_loop().time), ChanWebSocketTable(port=0))
    await tap.listen()
    watching = asyncio.create_task(tap.run())
    try:
        yield tap, desk
    finally:
        await tap.close()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with (
        listening() as (tap, desk),
        asterisk_with(tmp_path, tap.addresses["chan_websocket"][1]) as asterisk,
    ):
        yield Office(asterisk, tap, desk)


async def test_two_sip_telephones(tmp_path: Path) -> None:
    """Names, numbers and the channel come with the voices; the telephones hear each other all the time."""
    ports = {"trunk": free_port(), "204": free_port()}
    dialplan = "[office]\nexten => 204,1,Dial(PJSIP/204,30,U(kikimori-websocket^${CHANNEL}))\n"
    async with (
        listening() as (tap, desk),
        asterisk_with(tmp_path, tap.addresses["chan_websocket"][1], dialplan, ports) as asterisk,
        Phone("trunk", ports["trunk"], asterisk.sip_port, 1000) as customer,
        Phone("204", ports["204"], asterisk.sip_port, 440) as operator,
    ):
        customer.call("204")
        office = Office(asterisk, tap, desk)
        await office.heard(1.0, 2)
        legs = {leg.info.role: leg for leg in desk.legs}
        said = {Role.CUSTOMER: 1000, Role.OPERATOR: 440}
        await desk.until(lambda: {role: pitch(leg) for role, leg in legs.items()} == said)
        await desk.until(lambda: (customer.hears(), operator.hears()) == ({440}, {1000}))
        call = legs[Role.CUSTOMER].info.call
        assert call == legs[Role.OPERATOR].info.call
        assert (call.caller.number, call.operator.number) == ("trunk", "204")
        assert (call.channel or "").startswith("PJSIP/trunk-")
        customer.hang_up()
        await desk.until(lambda: all(leg.ended for leg in desk.legs))
    assert {leg.ended for leg in desk.legs} == {EndReason.HUNG_UP}


async def test_calls_that_begin_together_keep_their_voices_apart(office: Office) -> None:
    """Each voice on its own leg of its own call, at 16 kHz, and all end with their call."""
    await asyncio.gather(*(office.call(number) for number in CALLS))
    await office.heard(1.0, 2 * len(CALLS))
    calls: dict[str, dict[Role, RecordedLeg]] = {}
    for leg in office.desk.legs:
        calls.setdefault(leg.info.call.call_id, {})[leg.info.role] = leg

    def heard() -> set[tuple[int, int]]:
        return {(pitch(legs[Role.OPERATOR]), pitch(legs[Role.CUSTOMER])) for legs in calls.values()}

    await office.desk.until(lambda: heard() == set(CALLS.values()))
    assert {leg.info.rate for leg in office.desk.legs} == {16000}
    assert office.tap.problems() == ()
    await office.asterisk.cli("channel request hangup all")
    await office.desk.until(lambda: all(leg.ended for leg in office.desk.legs))
    assert {leg.ended for leg in office.desk.legs} == {EndReason.HUNG_UP}


async def test_the_call_goes_on_when_the_agent_stops(office: Office) -> None:
    await office.call(0)
    await office.heard(0.5, 2)
    before = await office.channels()
    await office.tap.close()
    assert [leg.ended for leg in office.desk.legs] == [EndReason.SHUTDOWN] * 2
    await shown(office.asterisk, lambda channels: "WebSocket/" not in channels)
    assert await office.channels() == before - 2
    assert "operator0@office" in await office.asterisk.cli("core show channels concise")


async def test_the_call_goes_on_without_an_agent(tmp_path: Path) -> None:
    async with asterisk_with(tmp_path, free_port()) as asterisk:
        await asterisk.cli("channel originate Local/customer0@office/n extension call0@office")
        async with asyncio.timeout(WITHIN_S):
            while asterisk.log().count("WebSocket connection failed to") < 2:  # noqa: ASYNC110  (another process)
                await asyncio.sleep(0.1)
        listed = await shown(
            asterisk, lambda channels: "WebSocket/" not in channels and "!Up!Dial!" in channels
        )
        assert "operator0@office" in listed


async def test_external_media_of_ari_is_named_by_its_channel_id(office: Office) -> None:
    """The `channelId` that a program gives to ARI is the name under which it announces the leg."""
    channel_id = str(uuid4())
    address = office.tap.addresses["chan_websocket"]
    assert await announce(address, channel_id, call="c", role="customer") == 201
    asterisk = office.asterisk
    query = {
        "app": "kikimori", "channelId": channel_id, "external_host": "kikimori", "transport": "websocket",
        "encapsulation": "none", "format": "slin16",
    }  # fmt: skip
    key = {"api_key": f"{asterisk.user}:{asterisk.password}"}
    async with (
        aiohttp.ClientSession() as http,
        # Asterisk starts no channel for an application that nobody listens to.
        http.ws_connect(f"{asterisk.ari_url}/events", params={**key, "app": "kikimori"}),
    ):
        url = f"{asterisk.ari_url}/channels"
        async with http.post(f"{url}/externalMedia", params=key | query) as answer:
            assert answer.status == 200, await answer.text()
        await office.desk.until(lambda: office.desk.legs)
        assert office.desk.legs[0].info.role is Role.CUSTOMER
        async with http.delete(f"{url}/{channel_id}", params=key) as answer:
            assert answer.status == 204
        await office.desk.until(lambda: office.desk.legs[0].ended)
    assert office.desk.legs[0].ended is EndReason.HUNG_UP


async def test_the_committed_captures_are_what_this_asterisk_sends(tmp_path: Path) -> None:
    """The head of the connection, MEDIA_START and DTMF_END, in words and in JSON."""
    heads: list[list[str]] = []
    texts: list[str] = []
    changed = asyncio.Event()

    async def media(request: web.Request) -> web.WebSocketResponse:
        heads.append([f"{name.decode()}: {value.decode()}" for name, value in request.raw_headers])
        socket = web.WebSocketResponse(protocols=("media",))
        await socket.prepare(request)
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                texts.append(message.data)
                changed.set()
        return socket

    app = web.Application()
    app.router.add_get("/media", media)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    office = "[office]\nexten => tone,1,Answer()\n same => n,Wait(60)\n" + "".join(
        f"exten => {name},1,Dial(WebSocket/kikimori/c(slin16)f({as_}),10,D(5))\n"
        for name, as_ in (("words", "plain-text"), ("json", "json"))
    )
    try:
        async with asterisk_with(tmp_path, port, office) as asterisk:
            for spelling in ("words", "json"):
                texts.clear()
                await asterisk.cli(f"channel originate Local/tone@office/n extension {spelling}@office")
                async with asyncio.timeout(WITHIN_S):
                    while len(texts) < 2:
                        changed.clear()
                        await changed.wait()
                for text, event in zip(texts[:2], ("MEDIA_START", "DTMF_END"), strict=True):
                    expected = CAPTURED[spelling][event].replace("DIGIT", "5")
                    assert shape(text) == shape(expected)
    finally:
        await runner.cleanup()
    for head in heads:
        expected_head = CAPTURED["upgrade"][1:]
        assert [line.split(": ")[0] for line in head] == [line.split(": ")[0] for line in expected_head]
        assert "Sec-WebSocket-Protocol: media" in head


def shape(text: str) -> list[str]:
    """Everything of an event but what is another one in every call: ids, pointers, the dialplan's variables."""
    text = text.partition(',"channel_variables"')[0].rstrip("}")
    split = text.replace('"', "").replace(",", " ").strip("{").split(" ")
    return [word.split(":")[0] if word.startswith("channel") else word for word in split]
