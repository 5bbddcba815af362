"""Listening in a browser, seen from the dashboard: its agent's stream, a real page that plays it, and what ends it."""

from __future__ import annotations

import asyncio
import struct
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import aiohttp
import numpy as np
import pytest
from playwright.async_api import expect
from tests.support.live_client import live_client
from tests.support.sign_in import client
from tests.support.signing import AGENT, STRANGER

from kikimori_core.g711 import TO_ULAW
from kikimori_core.journal.signing import signed_headers
from kikimori_core.wire.messages import Action, Party, Role
from kikimori_core.wire.sound_frames import SoundFrame, SoundFrameKind, SoundPart

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Page
    from tests.support.peer_agent import PeerAgent

    from kikimori_core.wire.keys import SigningKey
    from kikimori_core.wire.messages import Command

CAN = {"capabilities": (Action.LISTEN_AUDIO,)}


@asynccontextmanager
async def stream(
    url: str, command: Command, key: SigningKey = AGENT
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Open the stream that a command asks for, as an agent does."""
    assert command.sound is not None
    assert command.sound.url == url
    path = f"/agents/agent-1/sound/{command.sound.ticket}"
    headers = signed_headers(key, "GET", path, b"", datetime.now(UTC))
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.ws_connect(url + path, origin=url) as socket,
    ):
        yield socket


async def asked(agent: PeerAgent) -> Command:
    command = await agent.command()
    assert command.action is Action.LISTEN_AUDIO
    return command


def piece(
    second: float,
    hertz: float,
    seconds: float = 0.1,
    kind: SoundFrameKind = SoundFrameKind.LIVE,
    listener: int = 0,
) -> bytes:
    """Return a message with a tone of the customer."""
    times = second + np.arange(round(8000 * seconds)) / 8000
    pcm = (12_000 * np.sin(2 * np.pi * hertz * times)).astype(np.int16)
    part = SoundPart(Role.CUSTOMER, 8000, round(second * 8000), TO_ULAW[pcm.view(np.uint16)].tobytes())
    return SoundFrame(kind, listener, (part,)).to_bytes()


def over(listener: int) -> bytes:
    return SoundFrame(SoundFrameKind.PAST_OVER, listener).to_bytes()


async def begin_call(agent: PeerAgent, url: str) -> None:
    """Begin a call, and wait until the dashboard knows it and can command its agent."""
    await agent.call("c", **CAN)
    async with live_client(url) as picture:
        await picture.until(lambda each: "c" in each["calls"] and each["site"]["broker_connected"])


async def test_only_the_asked_agent_may_send_and_garbage_ends_it(agent: PeerAgent, url: str) -> None:
    await begin_call(agent, url)
    async with client(url) as http, http.ws_connect("/api/calls/c/sound") as browser:
        command = await asked(agent)
        assert command.sound is not None
        assert (command.issued_by, command.role) == ("高橋 課長", "supervisor")
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            async with stream(url, command, STRANGER):
                pass
        async with stream(url, command) as socket:
            await agent.answer(command)
            with pytest.raises(aiohttp.WSServerHandshakeError, match="404"):
                async with stream(url, command):
                    pass
            await socket.send_bytes(over(command.sound.listener))
            await socket.send_bytes(piece(1.0, 440))
            assert (await browser.receive_bytes())[0] == SoundFrameKind.PAST_OVER
            assert await browser.receive_bytes() == piece(1.0, 440)
            assert (await socket.receive()).data == "keep"
            await socket.send_bytes(struct.pack(">BIBBIH", 1, 0, 0, 8, 0, 9999) + b"cut")
            assert (await browser.receive_json())["reason"] == "stream_broken"
            assert (await browser.receive()).type is aiohttp.WSMsgType.CLOSE


async def test_a_slow_browser_loses_pieces_and_nobody_else_does(
    agent: PeerAgent, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It reads nothing, not even a ping, for as long as this machine needs for the flood.
    monkeypatch.setattr("kikimori_dashboard.listening.live_listening.HEARTBEAT_S", 600.0)
    monkeypatch.setattr("kikimori_dashboard.listening.listener.SEND_WITHIN_S", 600.0)
    await begin_call(agent, url)
    async with (
        client(url) as http,
        http.ws_connect("/api/calls/c/sound", max_msg_size=0) as quick,
        http.ws_connect("/api/calls/c/sound", max_msg_size=0) as slow,
    ):
        first, second = await asked(agent), await asked(agent)
        assert first.sound is not None
        assert second.sound is not None
        assert first.sound.ticket == second.sound.ticket
        async with stream(url, first) as socket:
            for command in (first, second):
                await agent.answer(command)
                assert command.sound is not None
                await socket.send_bytes(over(command.sound.listener))
            await quick.receive_bytes()
            large = piece(0.0, 440, seconds=2.0)
            sent = 600
            sending = asyncio.create_task(_flood(socket, large, sent))
            for _ in range(sent):
                assert len(await quick.receive_bytes()) == len(large)
            await sending
            # It takes what waited for it, and is told how much did not.
            lost = None
            async with asyncio.timeout(60):
                while lost is None:
                    message = await slow.receive()
                    if message.type is aiohttp.WSMsgType.TEXT:
                        lost = message.json()["pieces"]
            assert 0 < lost < sent


async def _flood(socket: aiohttp.ClientWebSocketResponse, message: bytes, times: int) -> None:
    for _ in range(times):
        await socket.send_bytes(message)


STRONGEST = """() => {
  const { meter } = window.sides[0];
  const bins = new Float32Array(meter.frequencyBinCount);
  meter.getFloatFrequencyData(bins);
  const at = bins.indexOf(Math.max(...bins));
  return [Math.round(at * meter.context.sampleRate / meter.fftSize), bins[at]];
}"""
"""Strongest frequency in Hz of what goes to the loudspeaker, and its level in dB."""

PROBE = """
window.sides = [];
const { connect } = AudioNode.prototype;
AudioNode.prototype.connect = function (to, ...more) {
  if (to === this.context.destination) {
    const meter = this.context.createAnalyser();
    meter.fftSize = 8192;
    connect.call(this, meter);
    if (this.context !== window.sides[0]?.meter.context) window.sides = [];
    window.sides.push({ meter });
  }
  return connect.call(this, to, ...more);
};
if (localStorage.getItem("no-worklet")) Object.defineProperty(BaseAudioContext.prototype, "audioWorklet", { value: undefined });
"""


async def hears(page: Page, hertz: int) -> None:
    """Wait until the page plays a tone."""
    found: Any = None
    try:
        async with asyncio.timeout(60):
            while found is None or abs(found[0] - hertz) > 25 or found[1] < -50:
                await asyncio.sleep(0.1)
                found = await page.evaluate(STRONGEST)
    except TimeoutError:
        raise AssertionError(f"wanted {hertz} Hz, heard {found}") from None


async def tell(socket: aiohttp.ClientWebSocketResponse, hertz: float) -> None:
    """Send a tone until cancelled, at the pace of speech."""
    second = 10.0
    while True:
        await socket.send_bytes(piece(second, hertz))
        second += 0.1
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("worklet", [True, False])
async def test_the_page_plays_it(agent: PeerAgent, url: str, page: Page, worklet: bool) -> None:
    await page.add_init_script(PROBE)
    if not worklet:
        await page.add_init_script("localStorage.setItem('no-worklet', 'yes')")
    await agent.call("c", operator=Party(number="204", name="佐藤"), **CAN)
    await agent.alert("c")
    await page.goto(url)
    rewind = page.locator(".card .rewind")
    await expect(rewind).to_have_text("直前の15秒")
    await rewind.click()
    command = await asked(agent)
    assert command.sound is not None
    assert command.sound.past_s == 15
    async with stream(url, command) as socket:
        await agent.answer(command)
        await socket.send_bytes(piece(3.0, 700, 1.0, SoundFrameKind.PAST, command.sound.listener))
        await socket.send_bytes(piece(4.0, 700, 1.0, SoundFrameKind.PAST, command.sound.listener))
        await socket.send_bytes(over(command.sound.listener))
        await hears(page, 700)
        # It ends by itself.
        await expect(rewind).to_have_text("直前の15秒")
        await expect(rewind).to_have_attribute("aria-pressed", "false")

    await page.locator("body").press("l")
    command = await asked(agent)
    assert command.sound is not None
    live = page.locator("[data-listen=live]")
    async with stream(url, command) as socket:
        await agent.answer(command)
        await socket.send_bytes(over(command.sound.listener))
        telling = asyncio.create_task(tell(socket, 1000))
        try:
            await hears(page, 1000)
            await expect(live).to_have_text("止める")
            await expect(page.locator(".listen-who")).to_have_text("聞いている人：高橋 課長")
            mute = page.get_by_role("button", name="お客様の声を消す")
            await mute.click()
            await expect(mute).to_have_attribute("aria-pressed", "true")
            async with asyncio.timeout(60):
                while (await page.evaluate(STRONGEST))[1] > -90:  # noqa: ASYNC110 - sound sets no event
                    await asyncio.sleep(0.1)
            await page.locator("body").press("l")
            await expect(live).to_have_text("聞く")
            await expect(page.locator(".listen-who")).to_be_hidden()
            # The last listener has gone: the agent is let go.
            while not socket.closed:
                await socket.receive()
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
