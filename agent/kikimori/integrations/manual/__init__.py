"""A PBX without an interface: the operator is told which keys to press."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.control.settings import PbxTable
from kikimori.integrations.pbx_integration import PbxIntegration
from kikimori_core.messages import both

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.checks.diagnosis import Diagnosis
    from kikimori.integrations.manual.control import ManualControl

__all__ = ["Manual"]


class Manual(PbxIntegration[PbxTable]):
    """Control by a person; `[pbx.instructions]` may word it for the telephones of an office."""

    title = "control by hand"
    switch = ""

    def control(self, superior: Callable[[], str | None]) -> ManualControl:
        del superior  # it stands in each request
        from kikimori.integrations.manual.control import ManualControl  # noqa: PLC0415  (see `Integration`)

        return ManualControl(self.table.instructions)

    async def examine_control(self) -> list[Diagnosis]:
        from kikimori.checks.diagnosis import CheckState, Diagnosis  # noqa: PLC0415  (see `Integration`)

        return [Diagnosis("pbx control", CheckState.OK, *both("pbx_manual"))]
