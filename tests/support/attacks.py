"""Attacks of a bad peer on a port: a mute crowd, haste, garbage, one byte at a time, messages without an end.

Nothing that the port does about it is an error here. Connections stay open until the attack is over.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from kikimori.taps.tap import Address

CROWD = 250
HASTE = 300
SLOW = 30
GREEDY = 16
MOST_SENT_BYTES = 8 * 1024 * 1024
"""Most bytes that one connection sends, if the port takes them."""
CHUNK_BYTES = 64 * 1024
PATIENCE_S = 1.0
"""Seconds in which a port must read on; one that stops reading has bounded its memory."""

MOST_GROWN_BYTES = 80 * 1024 * 1024
"""Largest growth of the process in bytes during one attack: less than what the greedy send. The 200 TLS
connections that the SIP port serves cost a quarter of a MiB each."""


@dataclass(frozen=True)
class Target:
    """A TCP port. `begins` is how a message begins that `goes_on` never ends, each time it is sent again."""

    address: Address
    begins: bytes
    goes_on: bytes


class _Attacker:
    def __init__(self, target: Target) -> None:
        self._target = target
        self._writers: list[asyncio.StreamWriter] = []
        self._chance = random.Random(1)  # noqa: S311  (garbage, the same each time)

    async def connect(self, number: int) -> list[asyncio.StreamWriter]:
        came: list[asyncio.StreamWriter] = []
        for _ in range(number):
            with suppress(OSError):
                _, writer = await asyncio.open_connection(*self._target.address)
                came.append(writer)
        self._writers += came
        return came

    async def crowd(self) -> None:
        await self.connect(CROWD)

    async def haste(self) -> None:
        for _ in range(HASTE):
            for writer in await self.connect(1):
                writer.transport.abort()

    async def garbage(self) -> None:
        for writer in await self.connect(SLOW):
            await self._send(writer, self._chance.randbytes(CHUNK_BYTES))

    async def byte_by_byte(self) -> None:
        writers = await self.connect(SLOW)
        for byte in self._target.begins:
            for writer in writers:
                await self._send(writer, bytes((byte,)))
            await asyncio.sleep(0)  # or they would arrive together

    async def endless(self) -> None:
        writers = await self.connect(GREEDY)
        await asyncio.gather(*(self._without_end(writer) for writer in writers))

    async def _without_end(self, writer: asyncio.StreamWriter) -> None:
        chunk = self._target.goes_on * (CHUNK_BYTES // len(self._target.goes_on))
        if not await self._send(writer, self._target.begins):
            return
        for _ in range(MOST_SENT_BYTES // len(chunk)):
            if not await self._send(writer, chunk):
                return

    async def _send(self, writer: asyncio.StreamWriter, data: bytes) -> bool:
        """False when nobody takes it any more."""
        try:
            writer.write(data)
            async with asyncio.timeout(PATIENCE_S):
                await writer.drain()
        except (OSError, TimeoutError):
            return False
        return not writer.transport.is_closing()

    async def over(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.gather(*(writer.wait_closed() for writer in self._writers), return_exceptions=True)


@asynccontextmanager
async def attack(target: Target, kind: str) -> AsyncIterator[None]:
    """Attack; inside, the connections are still there. Fails when that took more memory than it may."""
    attacker = _Attacker(target)
    process = psutil.Process()
    before = process.memory_info().rss
    doing: Callable[[], Awaitable[None]] = getattr(attacker, kind)
    try:
        await doing()
        assert process.memory_info().rss - before < MOST_GROWN_BYTES
        yield
    finally:
        await attacker.over()


ATTACKS = ("crowd", "haste", "garbage", "byte_by_byte", "endless")
