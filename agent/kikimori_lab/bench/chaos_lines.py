"""Telephone lines for `kikimori bench chaos`: calls over AudioSocket in which somebody calls for help, one after another."""

from __future__ import annotations

import asyncio
import struct
import time
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING
from uuid import UUID

import aiohttp

from kikimori_core.model.call import Role

if TYPE_CHECKING:
    from random import Random

FRAME_S = 0.02
FRAME_BYTES = 320
SILENCE = struct.pack(">BH", 0x10, FRAME_BYTES) + bytes(FRAME_BYTES)
HANG_UP = struct.pack(">BH", 0x00, 0)
PRESS = b"".join(struct.pack(">BH", 0x03, 1) + digit.encode() for digit in "*9")
"""Keys of the operator's call for help."""
FRAMES_AT_ONCE = 5
TRY_AGAIN_S = 0.2
ANNOUNCED_AT_ONCE = 50


class ChaosLines:
    """Telephone lines that make calls until `stop`; an agent that is away is tried again."""

    def __init__(self, audio_port: int, announce_port: int, random: Random) -> None:
        self._audio_port = audio_port
        self._announce_port = announce_port
        self._random = random
        self._stopping = asyncio.Event()
        self.made = 0
        """Calls begun."""

    def stop(self) -> None:
        """Hang up and make no more calls."""
        self._stopping.set()

    async def run(self, lines: int) -> None:
        # An agent takes 200 announcements at a time.
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=ANNOUNCED_AT_ONCE)) as session,
            asyncio.TaskGroup() as tasks,
        ):
            for _ in range(lines):
                tasks.create_task(self._line(session))

    async def _line(self, session: aiohttp.ClientSession) -> None:
        call_id = None
        while not self._stopping.is_set():
            if call_id is None:
                self.made += 1
                call_id = f"chaos-{self.made}"
            try:
                await self._call(session, call_id)
                call_id = None
            except (OSError, TimeoutError, RuntimeError, aiohttp.ClientError):
                # uvloop says RuntimeError for a connection that broke before the write.
                # A PBX goes on with the call: the next agent hears it again, by the same name.
                await asyncio.sleep(TRY_AGAIN_S)

    async def _connect(
        self, session: aiohttp.ClientSession, call_id: str, role: Role
    ) -> asyncio.StreamWriter:
        """Announce a leg of a call and connect it."""
        fields = {
            "call": call_id,
            "role": str(role),
            "operator": str(200 + zlib.crc32(call_id.encode()) % 50),
        }
        url = f"http://127.0.0.1:{self._announce_port}/v1/legs"
        async with session.post(url, data=fields, timeout=aiohttp.ClientTimeout(total=5)) as answer:
            answer.raise_for_status()
            uuid = UUID(await answer.text())
        _, writer = await asyncio.open_connection("127.0.0.1", self._audio_port)
        writer.write(struct.pack(">BH", 0x01, 16) + uuid.bytes)
        return writer

    async def _call(self, session: aiohttp.ClientSession, call_id: str) -> None:
        writer = await self._connect(session, call_id, Role.OPERATOR)
        try:
            await self._speak(writer, self._random.uniform(0.4, 1.5))
            writer.write(PRESS)
            await self._speak(writer, self._random.uniform(0.5, 8.0))
            writer.write(HANG_UP)
            await writer.drain()
        finally:
            await close(writer)

    async def _speak(self, writer: asyncio.StreamWriter, seconds: float) -> None:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends and not self._stopping.is_set():
            writer.write(SILENCE * FRAMES_AT_ONCE)
            await writer.drain()
            await asyncio.sleep(FRAME_S * FRAMES_AT_ONCE)


async def close(writer: asyncio.StreamWriter) -> None:
    """Close a connection, also one that is broken."""
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
