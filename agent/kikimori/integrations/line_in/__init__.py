"""Line-in: a sound card that hears a telephone.

An analogue tap at the handset, or a USB telephone recorder. `activity` tells when a call begins and ends,
`device_calls` makes legs of one device's audio, `handover` brings it from the sound library's thread to the loop,
`sound` is the interface of that library and `portaudio` the library; `checkup` is for `doctor`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.integrations.integration import Integration
from kikimori.integrations.line_in.settings import LineInTable
from kikimori_core.messages import text

if TYPE_CHECKING:
    from kikimori.checks.diagnosis import Diagnosis
    from kikimori.integrations.integration import TapParts
    from kikimori.integrations.line_in.tap import LineInTap

__all__ = ["LineIn", "LineInTable"]


class LineIn(Integration[LineInTable]):
    """`[line_in]`: one or more sound cards."""

    title = "line-in"
    place = 7

    def tap(self, parts: TapParts) -> LineInTap:
        from kikimori.integrations.line_in.tap import LineInTap  # noqa: PLC0415  (see `Integration`)

        return LineInTap(parts.desk, self.table)

    def summary(self) -> str:
        return text("way_in_line_in", names=", ".join(device.name for device in self.table.devices))

    async def examine(self) -> list[Diagnosis]:
        from kikimori.integrations.line_in.checkup import look_at_devices  # noqa: PLC0415  (see `Integration`)

        return await look_at_devices(self.table)
