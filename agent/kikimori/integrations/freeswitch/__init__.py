"""FreeSWITCH: a way in by mod_audio_stream or mod_audio_fork, and control over the event socket.

`esl` is the byte format of the event socket and `client` the connection, shared by the way in (`tap`) and by `control`;
`checkup` is what `doctor` asks.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kikimori.integrations.freeswitch.settings import FreeSwitchTable
from kikimori.integrations.integration import PortSetting
from kikimori.integrations.pbx_integration import PbxIntegration

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.checks.diagnosis import Diagnosis
    from kikimori.integrations.freeswitch.control.control import FreeSwitchControl
    from kikimori.integrations.freeswitch.tap.tap import FreeSwitchTap
    from kikimori.integrations.integration import TapParts

__all__ = ["FreeSwitch", "FreeSwitchTable"]


class FreeSwitch(PbxIntegration[FreeSwitchTable]):
    """`[freeswitch]`: a port for its streams, and its event socket."""

    title = "FreeSWITCH"
    switch = "tap"
    place = 4
    needs_sides = True
    host_key = "media_host"
    most_key = "max_streams"
    advice = {  # noqa: RUF012  (read only)
        "wrong_token": "advice_freeswitch_secret",
        "unknown_token": "advice_freeswitch_stream",
    }

    def tap(self, parts: TapParts) -> FreeSwitchTap:
        from kikimori.integrations.freeswitch.tap.tap import FreeSwitchTap  # noqa: PLC0415  (see `Integration`)

        return FreeSwitchTap(parts.desk, self.table, self.config.sides)

    def ports(self) -> tuple[PortSetting, ...]:
        return (PortSetting("[freeswitch] media_port", self.table.media_host, self.table.media_port),)

    async def examine(self) -> list[Diagnosis]:
        from kikimori.checks.ports import admitted, tcp_port  # noqa: PLC0415
        from kikimori.integrations.freeswitch.checkup import look_at_freeswitch  # noqa: PLC0415  (see `Integration`)

        table = self.table
        found = [
            tcp_port("freeswitch media", table.media_host, table.media_port),
            admitted("freeswitch peers", "freeswitch", table.media_host, table.allow),
        ]
        # With control by the same connection it is looked at there.
        if self.config.pbx.kind != self.name:
            found += await look_at_freeswitch(table, tap=True, control=False)
        return found

    def control(self, superior: Callable[[], str | None]) -> FreeSwitchControl:
        from kikimori.control.pbx_settings import ControlSettings  # noqa: PLC0415
        from kikimori.integrations.freeswitch.control.control import FreeSwitchControl  # noqa: PLC0415  (see `Integration`)

        table = self.table
        settings = self.settings(ControlSettings, table.dial, table.music)
        return FreeSwitchControl(table, replace(settings, listed_superior=superior))

    async def examine_control(self) -> list[Diagnosis]:
        from kikimori.integrations.freeswitch.checkup import look_at_freeswitch  # noqa: PLC0415  (see `Integration`)

        superior = self.config.pbx.superior
        return await look_at_freeswitch(self.table, tap=self.table.tap, control=True, superior=superior)
