"""Mirror port: calls in the packets that a switch copies to a network card of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.integrations.integration import Integration
from kikimori.taps.mirror.settings import MirrorTable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kikimori.doctor.diagnosis import Diagnosis
    from kikimori.integrations.integration import TapParts
    from kikimori.taps.mirror.tap import MirrorTap

__all__ = ["Mirror", "MirrorTable"]


class Mirror(Integration[MirrorTable]):
    """`[mirror]`: one network card that gets the copies."""

    title = "mirror port"
    place = 6
    needs_sides = True

    def tap(self, parts: TapParts) -> MirrorTap:
        from kikimori.taps.mirror.tap import MirrorTap  # noqa: PLC0415  (see `Integration`)

        return MirrorTap(parts.desk, self.table, self.config.sides)

    def summary(self) -> str:
        return f"mirror of {self.table.interface}"

    def faults(self) -> Iterator[Diagnosis]:
        from kikimori.doctor.mirror import interface_fault  # noqa: PLC0415  (see `Integration`)

        yield from interface_fault(self.table.interface)

    async def examine(self) -> list[Diagnosis]:
        from kikimori.doctor.mirror import look_at_mirror  # noqa: PLC0415  (see `Integration`)

        return await look_at_mirror(self.table, self.config.sides)
