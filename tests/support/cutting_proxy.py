"""TCP proxy that cuts its connections after a random number of bytes, in either direction."""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class CuttingProxy:
    """Passes bytes on to a port of this machine until a connection's budget is spent."""

    def __init__(self, port: int, seed: int, most_bytes: int) -> None:
        self.cuts = 0
        self.whole = False
        """True = cut nothing any more."""
        self._port = port
        self._random = random.Random(seed)  # noqa: S311 - repeatable
        self._most = most_bytes
        self._tasks: set[asyncio.Task[None]] = set()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        budget = self._random.randrange(self._most)
        try:
            to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            writer.transport.abort()
            return
        left = [budget]
        ways = [
            asyncio.create_task(self._pass(reader, to_writer, left)),
            asyncio.create_task(self._pass(to_reader, writer, left)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in ways:
                each.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            writer.transport.abort()
            to_writer.transport.abort()
            self._tasks.discard(task)

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, left: list[int]
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(16 << 10):
                if not self.whole:
                    data, rest = data[: left[0]], data[left[0] :]
                    left[0] -= len(data)
                    writer.write(data)
                    await writer.drain()
                    if rest or not left[0]:
                        self.cuts += 1
                        return
                    continue
                writer.write(data)
                await writer.drain()

    async def aclose(self) -> None:
        for each in tuple(self._tasks):
            each.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def cutting(port: int, *, seed: int, most_bytes: int) -> AsyncIterator[tuple[CuttingProxy, int]]:
    """Run a proxy; gives it and its port."""
    proxy = CuttingProxy(port, seed, most_bytes)
    server = await asyncio.start_server(proxy.take, "127.0.0.1", 0)
    try:
        yield proxy, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await proxy.aclose()
