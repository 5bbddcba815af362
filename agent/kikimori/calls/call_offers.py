"""Actions and choices that a call offers to supervisors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori_core.wire.actions import OF_RECORDING
from kikimori_core.wire.values import Action, CallRecording

if TYPE_CHECKING:
    from kikimori_core.wire.messages import Announcement, KeysToPress, Party


@dataclass(frozen=True)
class CallOffers:
    """Fields of a call's state that come from the PBX behind it, and stay as they are."""

    capabilities: tuple[Action, ...]
    superior: Party
    announcements: tuple[Announcement, ...] = ()
    keep_operator: bool | None = None
    keys: tuple[KeysToPress, ...] = ()

    def actions(self, recording: CallRecording | None, *, certain: bool) -> tuple[Action, ...]:
        """Return what can be done with a call; `certain` = false: it may be another caller's."""
        if not certain:
            return (Action.ESCALATE_CANCEL,)
        recorded = recording in (CallRecording.ON, CallRecording.NO_DISK)
        return (*self.capabilities, *(OF_RECORDING if recorded else ()), Action.ESCALATE_CANCEL)
