"""A way in of one's own, whole: whoever connects to its port is a caller, and sends samples (s16le, 8 kHz)."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from kikimori.integrations.integration import Integration, PortSetting
from kikimori_core.errors import KikimoriError
from kikimori_core.model.call import CallInfo, EndReason, LegInfo, Role
from kikimori_core.wire.settings import ListenPort

if TYPE_CHECKING:
    from kikimori.integrations.integration import TapParts
    from kikimori.taps.tap import Address
    from kikimori_core.model.feed import CallDesk
    from kikimori_core.wire.messages import Problem


class ToyTable(BaseModel):
    """`[toy]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = False
    host: str = "127.0.0.1"
    port: ListenPort = 9999


class Toy(Integration[ToyTable]):
    from_answer_on = True

    def tap(self, parts: TapParts) -> ToyTap:
        return ToyTap(parts.desk, self.table)

    def ports(self) -> tuple[PortSetting, ...]:
        return (PortSetting("[toy] port", self.table.host, self.table.port),)


class ToyTap:
    """A `kikimori.taps.tap.Tap`."""

    name = "toy"

    def __init__(self, desk: CallDesk, table: ToyTable) -> None:
        self._desk = desk
        self._table = table
        self._numbers = count(1)
        self._callers: set[asyncio.Task[None]] = set()
        self.addresses: dict[str, Address] = {}

    async def listen(self) -> None:
        try:
            self._server = await asyncio.start_server(self._answer, self._table.host, self._table.port)
        except OSError as error:
            raise KikimoriError(
                f"port {self._table.port}: {error.strerror}", next_step="change [toy] port"
            ) from error
        host, port = self._server.sockets[0].getsockname()[:2]
        self.addresses = {"toy": (host, port)}

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def close(self) -> None:
        self._server.close()
        for caller in list(self._callers):
            caller.cancel()
        await asyncio.gather(*self._callers, return_exceptions=True)

    def problems(self) -> tuple[Problem, ...]:
        return ()

    def counters(self) -> dict[str, int]:
        return {"toy_calls": len(self._callers)}

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._callers.add(task)
        leg = self._desk.open_leg(LegInfo(CallInfo(f"toy-{next(self._numbers)}", "toy"), Role.CUSTOMER, 8000))
        reason = EndReason.SHUTDOWN
        try:
            with suppress(asyncio.IncompleteReadError):
                while True:
                    leg.audio(await reader.readexactly(320))
            reason = EndReason.HUNG_UP
        finally:
            leg.close(reason)
            writer.close()
            self._callers.discard(task)
