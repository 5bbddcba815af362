"""Mirror port: calls in the packets that a switch copies to a network card of this machine.

It hears and cannot control. From the frame up: `link` finds the IP packet in a frame, `packets` its content, also in
`tunnels`; `fragments` and `tcp` put together what was cut; `content` recognises SIP by its bytes; `dialogs` follows it,
with the `forks` of each `dialog`; `descriptions` reads the agreed codecs and `callers` the caller; `calls` makes calls and
legs of dialogs, of which `twins` belong together; `routes` finds the voice of an RTP packet, `strays` counts packets
without a call, `call_capture` joins these. `live` and `pcapfile` give the frames, `tap` is the way in, `replay` the same
for a file; `checkup` and `traffic` are for `doctor`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.integrations.integration import Integration
from kikimori.integrations.mirror.settings import MirrorTable
from kikimori_core.messages import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kikimori.checks.diagnosis import Diagnosis
    from kikimori.integrations.integration import TapParts
    from kikimori.integrations.mirror.tap import MirrorTap

__all__ = ["Mirror", "MirrorTable"]


class Mirror(Integration[MirrorTable]):
    """`[mirror]`: one network card that gets the copies."""

    title = "mirror port"
    place = 6
    needs_sides = True

    def tap(self, parts: TapParts) -> MirrorTap:
        from kikimori.integrations.mirror.tap import MirrorTap  # noqa: PLC0415  (see `Integration`)

        return MirrorTap(parts.desk, self.table, self.config.sides)

    def summary(self) -> str:
        return text("way_in_mirror", interface=self.table.interface)

    def faults(self) -> Iterator[Diagnosis]:
        from kikimori.integrations.mirror.checkup import interface_fault  # noqa: PLC0415  (see `Integration`)

        yield from interface_fault(self.table.interface)

    async def examine(self) -> list[Diagnosis]:
        from kikimori.integrations.mirror.checkup import look_at_mirror  # noqa: PLC0415  (see `Integration`)

        return await look_at_mirror(self.table, self.config.sides)
