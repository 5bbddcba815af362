"""A wire between a client and a PBX that writes down what passes, and can be cut."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType


class Wire:
    """Use as `async with`. `passed` is everything since start, in order: (to the PBX, bytes)."""

    def __init__(self, port: int) -> None:
        self._target = port
        self.passed: list[tuple[bool, bytes]] = []
        self._writers: set[asyncio.StreamWriter] = set()
        self._mended = asyncio.Event()
        self._mended.set()
        self.swallows = False
        """Nothing reaches the far end any more, and nobody is told."""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        self.cut()

    def cut(self) -> None:
        """Break every connection; new ones are refused until `mend`."""
        self.swallows = False
        self._mended.clear()
        for writer in self._writers:
            writer.transport.abort()

    def mend(self) -> None:
        self._mended.set()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._mended.is_set():
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        await asyncio.gather(
            self._copy(reader, far_writer, to_pbx=True),
            self._copy(far_reader, writer, to_pbx=False),
        )
        self._writers -= {writer, far_writer}

    async def _copy(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, to_pbx: bool
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                if self.swallows and to_pbx:
                    continue
                self.passed.append((to_pbx, data))
                writer.write(data)
                await writer.drain()
        writer.transport.abort()
