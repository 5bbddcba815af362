"""Relay in front of a server whose connections break every few seconds: at rest, within a request, before the answer."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from random import Random

MOST_LET_THROUGH = 300_000
"""Bytes of requests that pass, at most, before a break within one."""
READ_BYTES = 64 << 10
LONGEST_WAIT_S = 1.0
"""Seconds for which a break waits for a request or an answer."""


class Break(Enum):
    """Moment at which the connections break."""

    NOW = auto()
    WITHIN_A_REQUEST = auto()
    BEFORE_THE_ANSWER = auto()


class _Direction(Enum):
    REQUESTS = auto()
    ANSWERS = auto()


class BreakingRelay:
    """Relay on a port of loopback to another one. Connections that a server refuses break as well."""

    def __init__(self, port: int, to_port: int, random: Random, every_s: float) -> None:
        """`every_s`: mean interval between breaks; 0 = none."""
        self.breaks: dict[Break, int] = dict.fromkeys(Break, 0)
        """Number of breaks of each kind that have hit a connection."""
        self._port = port
        self._to_port = to_port
        self._random = random
        self._every_s = every_s
        self._writers: set[asyncio.StreamWriter] = set()
        self._next: Break | None = None
        self._let_through = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Relay until the end of the `async with`."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        breaking = asyncio.create_task(self._break_often())
        try:
            yield
        finally:
            breaking.cancel()
            server.close()
            self._abort()
            await asyncio.gather(breaking, return_exceptions=True)

    async def _break_often(self) -> None:
        while self._every_s:
            await asyncio.sleep(self._random.uniform(0.5, 1.5) * self._every_s)
            self._let_through = self._random.randrange(MOST_LET_THROUGH)
            self._next = self._random.choice(list(Break))
            if self._next is Break.NOW:
                self._break()
                continue
            # A sender that waits longer and longer shall not meet a break whenever it comes.
            await asyncio.sleep(min(LONGEST_WAIT_S, self._every_s / 4))
            self._next = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers = {writer}
        self._writers.add(writer)
        try:
            answers, requests = await asyncio.open_connection("127.0.0.1", self._to_port)
            writers.add(requests)
            self._writers.add(requests)
            await asyncio.gather(
                self._pass_on(reader, requests, _Direction.REQUESTS),
                self._pass_on(answers, writer, _Direction.ANSWERS),
            )
        except OSError:
            pass  # refused, or broken
        finally:
            self._writers -= writers
            for each in writers:
                each.transport.abort()

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: _Direction
    ) -> None:
        while data := await reader.read(READ_BYTES):
            match self._next, direction:
                case Break.WITHIN_A_REQUEST, _Direction.REQUESTS:
                    writer.write(data[: self._let_through])
                    await writer.drain()
                    self._let_through -= len(data)
                    if self._let_through <= 0:
                        self._break()
                case Break.BEFORE_THE_ANSWER, _Direction.ANSWERS:
                    self._break()
                case _:
                    writer.write(data)
                    await writer.drain()
        # One side has ended: so does the other.
        raise ConnectionResetError

    def _break(self) -> None:
        if self._writers and self._next is not None:
            self.breaks[self._next] += 1
        self._next = None
        self._abort()

    def _abort(self) -> None:
        for each in list(self._writers):
            with suppress(RuntimeError):
                each.transport.abort()
