"""chan_websocket as a way in: one HTTP port, where the PBX announces a leg and then connects it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from kikimori.errors import KikimoriError
from kikimori.integrations.chan_websocket.server import ChanWebSocketServer
from kikimori.ports.limiter import ConnectionLimits
from kikimori.ports.refusals import together
from kikimori.taps.announced.handler import MAX_REQUEST_BYTES, MOST_ANNOUNCING, announce_handler
from kikimori.taps.http_port import HttpPort
from kikimori_core.wire.messages import Problem
from kikimori_core.wire.peers import AllowedPeers

if TYPE_CHECKING:
    from kikimori.integrations.chan_websocket.settings import ChanWebSocketTable
    from kikimori.taps.announced.directory import LegDirectory
    from kikimori.taps.tap import Address
    from kikimori_core.model.feed import CallDesk


class ChanWebSocketTap:
    """A `kikimori.taps.tap.Tap`."""

    def __init__(
        self,
        desk: CallDesk,
        directory: LegDirectory,
        table: ChanWebSocketTable,
        limits: ConnectionLimits | None = None,
    ) -> None:
        """`limits` replaces those of `table`."""
        peers = AllowedPeers(table.allow)
        limits = limits or ConnectionLimits(connections=table.max_connections, idle_s=table.idle_s)
        self.server = ChanWebSocketServer(desk, directory, peers, limits)
        self._table = table
        app = web.Application(client_max_size=MAX_REQUEST_BYTES)
        app.router.add_get("/media", self.server.handle)
        app.router.add_post("/v1/legs", announce_handler(directory, peers))
        self._port = HttpPort(app, peers, most=limits.connections + MOST_ANNOUNCING)

    @property
    def name(self) -> str:
        return "chan_websocket"

    @property
    def addresses(self) -> dict[str, Address]:
        return {"chan_websocket": self._port.address}

    async def listen(self) -> None:
        try:
            await self._port.listen(self._table.host, self._table.port)
        except OSError as error:
            raise KikimoriError.of(
                "chan_websocket_not_listening",
                host=self._table.host,
                port=self._table.port,
                reason=error.strerror,
            ) from error

    async def run(self) -> None:
        await self.server.watch()

    async def close(self) -> None:
        await self.server.close()
        await self._port.close()

    def problems(self) -> tuple[Problem, ...]:
        found = self.server.passed_over.problems(asyncio.get_running_loop().time())
        if not self.server.last_unannounced:
            return found
        return (
            *found,
            Problem.of("chan_websocket_unannounced"),
        )

    def refusals(self) -> dict[str, int]:
        return together(self.server.limiter.refusals, too_many=self._port.turned_away)

    def counters(self) -> dict[str, int]:
        return {
            "chan_websocket_refused": sum(self.refusals().values()),
            "chan_websocket_protocol_errors": self.server.limiter.faults,
            "chan_websocket_passed_over": self.server.passed_over.total,
            "chan_websocket_unannounced": self.server.unannounced,
        }
