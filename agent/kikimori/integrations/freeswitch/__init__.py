"""FreeSWITCH: a way in by mod_audio_stream or mod_audio_fork, and control over the event socket."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kikimori.freeswitch.settings import FreeSwitchTable
from kikimori.integrations.integration import PortSetting
from kikimori.integrations.pbx_integration import PbxIntegration

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.doctor.diagnosis import Diagnosis
    from kikimori.integrations.integration import TapParts
    from kikimori.pbx.freeswitch.control import FreeSwitchControl
    from kikimori.taps.freeswitch.tap import FreeSwitchTap

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
        "wrong_token": (
            "FreeSWITCH is let in, but its dialplan does not say the secret of [freeswitch] media_token_file: "
            "compare them"
        ),
        "unknown_token": (
            "whoever knocked is let in by [freeswitch] allow, but nobody asked for this stream now: a trial by hand, "
            "or a stream of an earlier run. Make a call; a stream that the dialplan starts goes to "
            "/v1/dialplan/SECRET instead"
        ),
    }

    def tap(self, parts: TapParts) -> FreeSwitchTap:
        from kikimori.taps.freeswitch.tap import FreeSwitchTap  # noqa: PLC0415  (see `Integration`)

        return FreeSwitchTap(parts.desk, self.table, self.config.sides)

    def summary(self) -> str:
        return f"freeswitch {self.table.media_host}:{self.table.media_port}"

    def ports(self) -> tuple[PortSetting, ...]:
        return (PortSetting("[freeswitch] media_port", self.table.media_host, self.table.media_port),)

    async def examine(self) -> list[Diagnosis]:
        from kikimori.doctor.freeswitch import look_at_freeswitch  # noqa: PLC0415  (see `Integration`)
        from kikimori.doctor.ports import admitted, tcp_port  # noqa: PLC0415

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
        from kikimori.pbx.freeswitch.control import FreeSwitchControl  # noqa: PLC0415  (see `Integration`)
        from kikimori.pbx.settings import ControlSettings  # noqa: PLC0415

        table = self.table
        settings = self.settings(ControlSettings, table.dial, table.music)
        return FreeSwitchControl(table, replace(settings, listed_superior=superior))

    async def examine_control(self) -> list[Diagnosis]:
        from kikimori.doctor.freeswitch import look_at_freeswitch  # noqa: PLC0415  (see `Integration`)

        superior = self.config.pbx.superior
        return await look_at_freeswitch(self.table, tap=self.table.tap, control=True, superior=superior)
