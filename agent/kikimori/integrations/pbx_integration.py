"""Interface of an integration that controls a PBX: `[pbx] kind` may name it."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, TypeVar

from kikimori.control.pbx_settings import AnnouncementFile, ControlSettings
from kikimori.integrations.integration import Integration, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.checks.diagnosis import Diagnosis
    from kikimori.control.pbx_control import PbxControl

Made = TypeVar("Made", bound=ControlSettings)


class PbxIntegration(Integration[Settings]):
    """One PBX under control, with or without a way in of its own."""

    rings_superiors: ClassVar[bool] = False
    """True = it rings a third telephone for a call for help, and one superior after another for a transfer."""

    @abstractmethod
    def control(self, superior: Callable[[], str | None]) -> PbxControl:
        """Make the control; nothing is connected yet. `superior`: see `ControlSettings.listed_superior`."""

    @abstractmethod
    async def examine_control(self) -> list[Diagnosis]:
        """Check the needs of control for `kikimori doctor`; never raises for a fault that it finds."""

    def settings(self, kind: type[Made], dial: str, music: str) -> Made:
        """Put together `[pbx]` and what the PBX's own table says."""
        pbx = self.config.pbx
        # Nobody presses after a hold, so the house's own rule is asked here.
        may_ring = self.config.targets().is_internal(pbx.superior)
        return kind(
            superior=pbx.superior,
            ring_s=pbx.ring_s,
            longest_hold_s=pbx.longest_hold_s,
            after_hold=pbx.after_hold if may_ring else "operator",
            keep_operator=pbx.keep_operator,
            announcements=tuple(
                AnnouncementFile(each.name, each.title, each.file) for each in pbx.announcements
            ),
            dial=dial,
            music=music,
            language=self.config.language,
            book=self.config.state_path() / f"held-{self.config.agent_id}.json",
        )
