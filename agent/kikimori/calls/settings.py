"""Settings of a desk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kikimori.calls.call_offers import CallOffers
from kikimori_core.wire.actions import OF_JUDGING
from kikimori_core.wire.messages import Party

if TYPE_CHECKING:
    from kikimori_core.wire.messages import Action, Announcement, KeysToPress


@dataclass(frozen=True)
class DeskSettings:
    """Settings that every call is given."""

    site: str
    agent_id: str
    escalate_code: str = "*9"
    capabilities: tuple[Action, ...] = ()
    superior: Party = field(default_factory=Party)
    announcements: tuple[Announcement, ...] = ()
    keep_operator: bool | None = None
    keys: tuple[KeysToPress, ...] = ()
    run: str = ""
    """Name of this run of the agent; stands in the ids of alerts."""
    patience_s: float = 0.0
    """Seconds of audio that each leg keeps while hearing waits for recognition, so that no words are shed; 0 = hearing
    waits for nobody, as live calls need it."""

    def offers(self) -> CallOffers:
        """Return the offers of every call."""
        return CallOffers(
            (*self.capabilities, *OF_JUDGING),
            self.superior,
            self.announcements,
            self.keep_operator,
            self.keys,
        )
