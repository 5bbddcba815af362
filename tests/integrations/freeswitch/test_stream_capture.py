"""Bytes that the modules of a real FreeSWITCH send; the committed test peer sends the like.

`data/MODULE-MODE-RATE.ws`: all bytes from FreeSWITCH of one connection, cut to the request, the metadata, the first
five messages of audio and the end. FreeSWITCH 1.11.3-dev, mod_audio_fork 88e1465, mod_audio_stream ec2a781; the stream
was started by the dialplan. The port in the request was rewritten, no byte else.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from tests.support.deadline import WITHIN_S
from tests.support.freeswitch.stream import AudioStream
from tests.support.recorder import Recorder

from kikimori.integrations.freeswitch.tap.media import SUBPROTOCOL, FreeSwitchMediaServer
from kikimori_core.model.call import EndReason, Role
from kikimori_core.wire.peers import AllowedPeers

DATA = Path(__file__).parent / "data"
CAPTURES = [
    "audio_fork-stereo-8000",
    "audio_fork-mono-16000",
    "audio_stream-stereo-8000",
    "audio_stream-mono-16000",
]
TEXT, BINARY, CLOSE = 0x81, 0x82, 0x88
"""First bytes of frames: each the last of its message, nothing compressed."""


@dataclass(frozen=True)
class Sent:
    """One connection, read."""

    request: str
    headers: dict[str, str]
    frames: list[tuple[int, bytes]]
    """First byte and content, unmasked."""

    @property
    def metadata(self) -> dict[str, object]:
        first, content = self.frames[0]
        assert first == TEXT
        said: dict[str, object] = json.loads(content)
        return said

    @property
    def audio(self) -> list[bytes]:
        return [content for first, content in self.frames if first == BINARY]

    @property
    def goodbye(self) -> int:
        first, content = self.frames[-1]
        assert first == CLOSE
        return int.from_bytes(content[:2], "big")


def read(data: bytes) -> Sent:
    """Read a client's side of a connection (RFC 6455 section 5.2); every frame must be masked."""
    head, _, rest = data.partition(b"\r\n\r\n")
    request, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    frames = []
    while rest:
        size, start = rest[1] & 0x7F, 2
        assert rest[1] & 0x80
        if size == 126:
            size, start = int.from_bytes(rest[2:4], "big"), 4
        mask, content = rest[start : start + 4], rest[start + 4 : start + 4 + size]
        frames.append((rest[0], bytes(byte ^ mask[at % 4] for at, byte in enumerate(content))))
        rest = rest[start + 4 + size :]
    return Sent(request, headers, frames)


def captured(name: str) -> bytes:
    return (DATA / f"{name}.ws").read_bytes()


async def heard(data: bytes) -> tuple[bytes, Recorder]:
    """Send it to a media server; return its answer and what the desk got."""
    desk = Recorder()
    server = FreeSwitchMediaServer(desk, AllowedPeers(), secret="s3cret")
    await server.listen("127.0.0.1", 0)
    try:
        reader, writer = await asyncio.open_connection(*server.address)
        writer.write(data)
        async with asyncio.timeout(WITHIN_S):
            answer = await reader.read()
        writer.close()
        await desk.until(lambda: desk.legs and all(leg.ended for leg in desk.legs))
    finally:
        await server.close()
    assert (server.limiter.refused, server.limiter.faults) == (0, 0)
    return answer, desk


@pytest.mark.parametrize("name", CAPTURES)
async def test_what_the_modules_send_is_heard(name: str) -> None:
    sent = read(captured(name))
    answer, desk = await heard(captured(name))
    assert answer.startswith(b"HTTP/1.1 101 ")
    assert (f"Sec-WebSocket-Protocol: {SUBPROTOCOL}".encode() in answer) == name.startswith("audio_fork")
    assert b"Sec-WebSocket-Extensions" not in answer
    samples = np.frombuffer(b"".join(sent.audio), "<i2")
    if "stereo" in name:
        assert [leg.info.role for leg in desk.legs] == [Role.CUSTOMER, Role.OPERATOR]
        expected = [samples[0::2].tobytes(), samples[1::2].tobytes()]
    else:
        assert [leg.info.role for leg in desk.legs] == [Role.CUSTOMER]
        expected = [samples.tobytes()]
    assert [bytes(leg.pcm) for leg in desk.legs] == expected
    assert {leg.info.rate for leg in desk.legs} == {16000 if name.endswith("16000") else 8000}
    assert {leg.ended for leg in desk.legs} == {EndReason.HUNG_UP}
    call = desk.legs[0].info.call
    assert (call.caller.number, call.operator.number) == ("0355550142", "204")


async def peers(name: str) -> Sent:
    """Return what the committed peer sends where the module sent the capture."""
    module, mode, rate = name.split("-")
    got = bytearray()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, inward = await asyncio.open_connection(*server.address)

        async def answers() -> None:
            while data := await inner.read(65536):
                writer.write(data)

        async with asyncio.TaskGroup() as tasks:
            answering = tasks.create_task(answers())
            while data := await reader.read(65536):
                got.extend(data)
                inward.write(data)
            inward.close()
            await answering
        writer.close()
        done.set()

    desk, done = Recorder(), asyncio.Event()
    server = FreeSwitchMediaServer(desk, AllowedPeers(), secret="s3cret")
    await server.listen("127.0.0.1", 0)
    async with await asyncio.start_server(relay, "127.0.0.1", 0) as front:
        port = front.sockets[0].getsockname()[1]
        stream = AudioStream(
            f"ws://127.0.0.1:{port}/v1/dialplan/s3cret",
            mode,
            int(rate),
            subprotocol=module == "audio_fork",
            metadata=json.dumps(read(captured(name)).metadata),
        )
        await stream.connect()
        voice = np.arange(int(rate) // 10, dtype="<i2").tobytes()
        await stream.send(voice, voice)
        await stream.close()
        async with asyncio.timeout(WITHIN_S):
            await done.wait()
    await server.close()
    return read(bytes(got))


@pytest.mark.parametrize("name", CAPTURES)
async def test_the_peer_streams_as_the_real_modules_do(name: str) -> None:
    real, ours = read(captured(name)), await peers(name)
    assert ours.request == real.request
    for header in ("sec-websocket-protocol", "sec-websocket-version"):
        assert ours.headers.get(header) == real.headers.get(header)
    assert ours.metadata == real.metadata
    assert [(first, len(content)) for first, content in ours.frames[1:-1]] == [
        (first, len(content)) for first, content in real.frames[1:-1]
    ]
    assert ours.goodbye == real.goodbye == 1000
