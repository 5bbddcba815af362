"""Asterisk's WebSocket channels (chan_websocket): the dialplan connects each leg to a port of ours.

`protocol` is what the messages mean, `server` the connections, `tap` the way in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.integrations.chan_websocket.settings import ChanWebSocketTable
from kikimori.integrations.integration import Integration, PortSetting

if TYPE_CHECKING:
    from kikimori.checks.diagnosis import Diagnosis
    from kikimori.integrations.chan_websocket.tap import ChanWebSocketTap
    from kikimori.integrations.integration import TapParts

__all__ = ["ChanWebSocket", "ChanWebSocketTable"]


class ChanWebSocket(Integration[ChanWebSocketTable]):
    """`[chan_websocket]`: one HTTP port for audio and announcements."""

    title = "WebSocket channels"
    place = 2
    from_answer_on = True

    def tap(self, parts: TapParts) -> ChanWebSocketTap:
        from kikimori.integrations.chan_websocket.tap import ChanWebSocketTap  # noqa: PLC0415  (see `Integration`)

        return ChanWebSocketTap(parts.desk, parts.directory, self.table)

    def ports(self) -> tuple[PortSetting, ...]:
        return (PortSetting("[chan_websocket] port", self.table.host, self.table.port),)

    async def examine(self) -> list[Diagnosis]:
        from kikimori.checks.ports import admitted, tcp_port  # noqa: PLC0415  (see `Integration`)

        table = self.table
        return [
            tcp_port("chan_websocket", table.host, table.port),
            admitted("chan_websocket peers", "chan_websocket", table.host, table.allow),
        ]
