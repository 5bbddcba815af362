"""Contents of the display at one moment, whatever their source. Plain values, import nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from kikimori_core.wire.messages import Party, Problem

SILENCE_DB = -96.0
"""dBFS, for digital silence: below the quietest sound that 16 bits can hold (-90.3), so never taken for a loud one."""


@dataclass(frozen=True, slots=True)
class LegRow:
    role: str
    rate: int | None
    """Samples per second; None = unknown."""
    level_db: float | None
    """Level in dBFS of the audio since the last picture; None = no audio."""
    peak_db: float | None
    """dBFS of the highest sample of the last moments."""
    frames_s: float | None
    """Frames of 20 ms a second; 50 is right. None = unknown."""
    gaps: int | None
    gap_ms: int
    """Milliseconds of audio that never arrived, in all."""
    key: str
    """The last key that was pressed on this leg's telephone."""
    sounded: bool
    """Something other than digital silence was heard on it."""


@dataclass(frozen=True, slots=True)
class CallRow:
    call_id: str
    tap: str
    caller: Party
    operator: Party
    queue: str | None
    seconds: float
    held: bool
    legs: tuple[LegRow, ...]
    hint: str = ""
    identity: str | None = None
    """`uncertain`: it may belong to another caller."""


@dataclass(frozen=True, slots=True)
class TapRow:
    """One way in, or one agent."""

    name: str
    listens: tuple[str, ...]
    """Address, as `audiosocket 127.0.0.1:9092`; empty for a tap that only reaches out."""
    problems: tuple[Problem, ...]
    counters: dict[str, int]


@dataclass(frozen=True, slots=True)
class Picture:
    seconds: float
    """Seconds since the watch began."""
    taps: tuple[TapRow, ...]
    calls: tuple[CallRow, ...]
    ended: tuple[str, ...] = ()
    """The last calls that ended, newest last, in words."""
    legs_seen: int = 0
    """Number of legs since the watch began."""
    legs_sounded: int = 0
    hints: tuple[str, ...] = field(default=())
    """Hints for a person while nothing has arrived."""


class Source(Protocol):
    """Source of the picture."""

    def picture(self) -> Picture:
        """Return the picture now; levels are of the time since the last call."""
