"""AudioSocket as a way in: the server for the audio and the HTTP port where the PBX announces it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from kikimori.errors import KikimoriError
from kikimori.taps.announced.handler import announce_app
from kikimori.taps.audiosocket.server import AudioSocketServer, Limits

if TYPE_CHECKING:
    from kikimori.model.feed import CallDesk
    from kikimori.taps.announced.directory import LegDirectory
    from kikimori.taps.peers import AllowedPeers
    from kikimori.taps.tap import Address
    from kikimori_wire.messages import Problem


class AudioSocketTap:
    """A `kikimori.taps.tap.Tap`."""

    def __init__(
        self,
        desk: CallDesk,
        directory: LegDirectory,
        peers: AllowedPeers,
        limits: Limits,
        *,
        host: str,
        port: int,
        announce_port: int,
    ) -> None:
        self.server = AudioSocketServer(desk, directory, peers, limits)
        self._runner = web.AppRunner(announce_app(directory, peers), access_log=None)
        self._host = host
        self._port = port
        self._announce_port = announce_port

    @property
    def name(self) -> str:
        return "audiosocket"

    @property
    def addresses(self) -> dict[str, Address]:
        host, port = self._runner.addresses[0][:2]
        return {"audiosocket": self.server.address, "announce": (host, port)}

    async def listen(self) -> None:
        await self._runner.setup()
        try:
            await self.server.listen(self._host, self._port)
            await web.TCPSite(self._runner, self._host, self._announce_port).start()
        except OSError as error:
            raise KikimoriError(
                f"cannot listen on {self._host}, ports {self._port} and {self._announce_port}: {error.strerror}",
                next_step="another agent may be running; change [audiosocket] port and announce_port",
            ) from error

    async def run(self) -> None:
        await self.server.watch()

    async def close(self) -> None:
        await self.server.close()
        await self._runner.cleanup()

    def problems(self) -> tuple[Problem, ...]:
        return ()

    def counters(self) -> dict[str, int]:
        return {
            "audiosocket_refused": self.server.refused,
            "audiosocket_protocol_errors": self.server.protocol_errors,
        }
