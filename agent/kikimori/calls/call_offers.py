"""Actions and choices that a call offers to supervisors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kikimori_core.wire.messages import Action, Announcement, KeysToPress, Party


@dataclass(frozen=True)
class CallOffers:
    """Fields of a call's state that come from the PBX behind it, and stay as they are."""

    capabilities: tuple[Action, ...]
    superior: Party
    announcements: tuple[Announcement, ...] = ()
    keep_operator: bool | None = None
    keys: tuple[KeysToPress, ...] = ()
