"""State of one running call's recording, on the event loop's side."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kikimori.recording.entries import leg_key

if TYPE_CHECKING:
    from datetime import datetime

    from kikimori.calls.leg import LiveLeg
    from kikimori_core.model.call import EndReason
    from kikimori_core.wire.messages import CallStatus, Party, Ringing

Shown = tuple["CallStatus", bool, "Party", "Party", bool, "Ringing | None"]
"""Status, held by key, caller, operator, accommodated, superior who is rung."""


@dataclass(slots=True)
class RecordingCall:
    """One call: its key in the run, its legs, and whether its content is written."""

    key: int
    excluded: str = ""
    """Reason for which it is not recorded now."""
    stopped: bool = False
    """True after a person asked for it."""
    operator_known: bool = False
    lost_samples: int = 0
    """Samples that were shed before the queue."""
    legs: dict[LiveLeg, int] = field(default_factory=dict)
    """`leg_key` of each open leg."""
    shown: Shown | None = None
    """Status written last."""
    ringing: Ringing | None = None
    commands: int = 0
    """Commands that are being carried out."""
    end: tuple[datetime, EndReason, float] | None = None
    """End of the call, when that waits for a command: wall clock, reason, media time."""
    _next_leg: int = 0

    @property
    def content(self) -> bool:
        """Return whether what is said is written."""
        return not self.stopped and not self.excluded

    def add(self, leg: LiveLeg) -> int:
        """Add a leg and return its number in the call."""
        number = self._next_leg
        self._next_leg += 1
        self.legs[leg] = leg_key(self.key, number)
        self.mark_legs()
        return number

    def mark_legs(self) -> None:
        """Have the sound of the legs recorded, or not."""
        for leg, key in self.legs.items():
            leg.recorded_as = key if self.content else -1
