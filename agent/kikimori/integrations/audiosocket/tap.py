"""AudioSocket as a way in: the server for the audio and the HTTP port where the PBX announces it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kikimori.errors import KikimoriError
from kikimori.integrations.audiosocket.server import AudioSocketServer
from kikimori.ports.refusals import together
from kikimori.taps.announced.handler import MOST_ANNOUNCING, announce_app
from kikimori.taps.http_port import HttpPort

if TYPE_CHECKING:
    from kikimori.ports.limiter import ConnectionLimits
    from kikimori.taps.announced.directory import LegDirectory
    from kikimori.taps.tap import Address
    from kikimori_core.model.feed import CallDesk
    from kikimori_core.wire.messages import Problem
    from kikimori_core.wire.peers import AllowedPeers


class AudioSocketTap:
    """A `kikimori.taps.tap.Tap`."""

    def __init__(
        self,
        desk: CallDesk,
        directory: LegDirectory,
        peers: AllowedPeers,
        limits: ConnectionLimits,
        *,
        host: str,
        port: int,
        announce_port: int,
    ) -> None:
        self.server = AudioSocketServer(desk, directory, peers, limits)
        self._announcing = HttpPort(announce_app(directory, peers), peers, most=MOST_ANNOUNCING)
        self._host = host
        self._port = port
        self._announce_port = announce_port

    @property
    def name(self) -> str:
        return "audiosocket"

    @property
    def addresses(self) -> dict[str, Address]:
        return {"audiosocket": self.server.address, "announce": self._announcing.address}

    async def listen(self) -> None:
        try:
            await self.server.listen(self._host, self._port)
            await self._announcing.listen(self._host, self._announce_port)
        except OSError as error:
            raise KikimoriError.of(
                "audiosocket_not_listening",
                host=self._host,
                port=self._port,
                announce_port=self._announce_port,
                reason=error.strerror,
            ) from error

    async def run(self) -> None:
        await self.server.watch()

    async def close(self) -> None:
        await self.server.close()
        await self._announcing.close()

    def problems(self) -> tuple[Problem, ...]:
        return self.server.passed_over.problems(asyncio.get_running_loop().time())

    def refusals(self) -> dict[str, int]:
        return together(self.server.limiter.refusals, too_many=self._announcing.turned_away)

    def counters(self) -> dict[str, int]:
        return {
            "audiosocket_refused": sum(self.refusals().values()),
            "audiosocket_protocol_errors": self.server.limiter.faults,
            "audiosocket_passed_over": self.server.passed_over.total,
        }
