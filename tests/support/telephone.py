"""A leg of a call as Asterisk sends it: announced over HTTP, then bytes over an AudioSocket connection.

Written from the protocol's description (kind, length, payload; big-endian), not from the agent's code, so that the two
can disagree.
"""

from __future__ import annotations

import asyncio
import struct
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING
from uuid import UUID

import aiohttp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kikimori.addresses import Addresses

RATE = 8000
FRAME_BYTES = 320
FRAME_S = 0.02
SILENCE = bytes(FRAME_BYTES)

KIND_HANG_UP, KIND_IDENTITY, KIND_DTMF, KIND_AUDIO_8K = 0x00, 0x01, 0x03, 0x10


def message(kind: int, payload: bytes = b"") -> bytes:
    return struct.pack(">BH", kind, len(payload)) + payload


def frame(pcm: bytes) -> bytes:
    return message(KIND_AUDIO_8K, pcm.ljust(FRAME_BYTES, b"\0"))


class Telephone:
    """One connected leg; everything it sends goes out in pieces of `piece` bytes, 0 = as it comes."""

    def __init__(self, writer: asyncio.StreamWriter, piece: int) -> None:
        self._writer = writer
        self._piece = piece

    async def send(self, data: bytes) -> None:
        for at in range(0, len(data), self._piece or len(data)):
            self._writer.write(data[at : at + (self._piece or len(data))])
        await self._writer.drain()

    async def press(self, digits: str) -> None:
        for digit in digits:
            await self.send(message(KIND_DTMF, digit.encode()))

    async def speak(self, pcm: bytes) -> None:
        """Say `pcm` (s16le, 8 kHz) at the pace at which it was spoken."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number, at in enumerate(range(0, len(pcm), FRAME_BYTES)):
            # A telephone sends a frame when it was spoken: this is the pace of the peer, not a wait for the agent.
            await asyncio.sleep(max(began + number * FRAME_S - loop.time(), 0))
            await self.send(frame(pcm[at : at + FRAME_BYTES]))

    async def stay(self) -> None:
        """Send silence until cancelled."""
        while True:
            await self.speak(SILENCE)
            await asyncio.sleep(FRAME_S)


@asynccontextmanager
async def on_the_line(
    addresses: Addresses,
    *,
    call: str,
    role: str = "operator",
    extension: str = "204",
    name: str = "佐藤",
    piece: int = 0,
) -> AsyncIterator[Telephone]:
    """Announce a leg, connect it, and hang it up at the end."""
    assert addresses.announce is not None
    assert addresses.audiosocket is not None
    host, port = addresses.announce
    fields = {"call": call, "role": role, "operator": extension, "operator_name": name}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"http://{host}:{port}/v1/legs", data=fields) as answer,
    ):
        assert answer.status == 201, await answer.text()
        uuid = UUID(await answer.text())
    _, writer = await asyncio.open_connection(*addresses.audiosocket)
    telephone = Telephone(writer, piece)
    try:
        await telephone.send(message(KIND_IDENTITY, uuid.bytes))
        yield telephone
        await telephone.send(message(KIND_HANG_UP))
    except ConnectionError:
        return  # the agent was told to stop and closed first
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
