"""AudioSocket: Asterisk's dialplan, or the tap by ARI, connects each leg to a port of ours.

`protocol` is the byte format, `server` the sockets, `tap` the way in. Whose voice it is was said before:
`kikimori.taps.announced`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.integrations.audiosocket.settings import AudioSocketTable
from kikimori.integrations.integration import Integration, PortSetting
from kikimori_core.messages import text

if TYPE_CHECKING:
    from kikimori.checks.diagnosis import Diagnosis
    from kikimori.integrations.audiosocket.tap import AudioSocketTap
    from kikimori.integrations.integration import TapParts

__all__ = ["AudioSocket", "AudioSocketTable"]


class AudioSocket(Integration[AudioSocketTable]):
    """`[audiosocket]`: a port for the audio, and one where it is announced."""

    title = "AudioSocket"
    place = 1
    from_answer_on = True

    def tap(self, parts: TapParts) -> AudioSocketTap:
        from kikimori.integrations.audiosocket.tap import AudioSocketTap  # noqa: PLC0415  (see `Integration`)
        from kikimori.ports.limiter import ConnectionLimits  # noqa: PLC0415
        from kikimori_core.wire.peers import AllowedPeers  # noqa: PLC0415

        table = self.table
        return AudioSocketTap(
            parts.desk,
            parts.directory,
            AllowedPeers(table.allow),
            ConnectionLimits(connections=table.max_connections, idle_s=table.idle_s),
            host=table.host,
            port=table.port,
            announce_port=table.announce_port,
        )

    def summary(self) -> str:
        table = self.table
        return text("way_in_audiosocket", host=table.host, port=table.port, announce_port=table.announce_port)

    def ports(self) -> tuple[PortSetting, ...]:
        table = self.table
        return (
            PortSetting("[audiosocket] port", table.host, table.port),
            PortSetting("[audiosocket] announce_port", table.host, table.announce_port),
        )

    async def examine(self) -> list[Diagnosis]:
        from kikimori.checks.ports import admitted, tcp_port  # noqa: PLC0415  (see `Integration`)

        table = self.table
        served = [each for each in self.config.integrations() if each.is_on() and each.audio_by == self.name]
        return [
            tcp_port("audiosocket", table.host, table.port),
            tcp_port("announcements", table.host, table.announce_port),
            admitted("audiosocket peers", "audiosocket", table.host, table.allow),
            *(check for each in served for check in each.audio_address()),
        ]
