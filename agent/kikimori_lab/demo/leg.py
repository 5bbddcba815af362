"""One leg of a call as a PBX sends it: announced over HTTP, then audio over an AudioSocket connection."""

from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING, Self
from uuid import UUID

from kikimori.integrations.audiosocket.protocol import AUDIO_RATES, DTMF, HANG_UP, IDENTIFIER

if TYPE_CHECKING:
    from collections.abc import Mapping

    import aiohttp

FRAME_SAMPLES = 160
"""20 ms, as Asterisk sends it."""

_SLIN8 = next(kind for kind, rate in AUDIO_RATES.items() if rate == 8000)
FRAME_HEADER = struct.pack(">BH", _SLIN8, FRAME_SAMPLES * 2)
_MOST_UNSENT = 64 * 1024
"""Bytes. A PBX never waits: audio that the agent does not take is lost."""


class DemoLeg:
    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    @classmethod
    async def open(
        cls,
        session: aiohttp.ClientSession,
        announce: tuple[str, int],
        audiosocket: tuple[str, int],
        leg: Mapping[str, str],
    ) -> Self:
        """Announce the leg and connect it; raises OSError or aiohttp.ClientError when the agent is not there."""
        host, port = announce
        async with session.post(f"http://{host}:{port}/v1/legs", data=dict(leg)) as answer:
            answer.raise_for_status()
            uuid = UUID(await answer.text())
        _, writer = await asyncio.open_connection(*audiosocket)
        writer.write(struct.pack(">BH", IDENTIFIER, 16) + uuid.bytes)
        return cls(writer)

    def send(self, pcm: bytes) -> None:
        """Send 20 ms of s16le at 8 kHz."""
        if self._writer.transport.get_write_buffer_size() <= _MOST_UNSENT:
            self._writer.write(FRAME_HEADER + pcm)

    def key(self, digit: str) -> None:
        self._writer.write(struct.pack(">BH", DTMF, 1) + digit.encode())

    async def hang_up(self) -> None:
        self._writer.write(struct.pack(">BH", HANG_UP, 0))
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except OSError:
            return  # the agent was faster
