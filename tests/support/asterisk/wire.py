"""A wire between a client and Asterisk that writes down what passes, and can be cut."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType


class Wire:
    """Use as `async with`. `to_asterisk` and `from_asterisk` are all bytes since start, of all connections."""

    def __init__(self, port: int) -> None:
        self._target = port
        self.to_asterisk = bytearray()
        self.from_asterisk = bytearray()
        self._writers: set[asyncio.StreamWriter] = set()
        self._mended = asyncio.Event()
        self._mended.set()

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
            self._copy(reader, far_writer, self.to_asterisk),
            self._copy(far_reader, writer, self.from_asterisk),
        )
        self._writers -= {writer, far_writer}

    @staticmethod
    async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, record: bytearray) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                record += data
                writer.write(data)
                await writer.drain()
        writer.transport.abort()
