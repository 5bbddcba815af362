"""Parts of the record on their way from the event loop to the journal's thread, as they are queued."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from kikimori_core.journal.events import NoteGap

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from numpy.typing import NDArray

    from kikimori.hearing.bank import AcousticResult
    from kikimori_core.journal.events import JournalEvent, RecordingStatus
    from kikimori_core.model.call import EndReason


CALL_SHIFT = 16
"""Bits of a `leg_key` below the call."""


def leg_key(call: int, leg: int) -> int:
    """Return one number for a leg of a call: `LiveLeg.recorded_as`."""
    return call << CALL_SHIFT | leg


@dataclass(frozen=True, slots=True)
class SoundRound:
    """One block of each leg of one rate."""

    keys: list[int]
    """`leg_key` of each row; -1 = its sound is not recorded."""
    positions: list[int]
    """Samples of the leg before the block."""
    samples: int
    """Samples in each block."""
    shorter: dict[int, int]
    """Samples of the blocks that are filled up with silence, by row."""
    pcm: bytes
    """s16le, row after row."""
    wide: bool = False
    """Of another rate than G.711 has."""

    def row_lengths(self) -> NDArray[np.int64]:
        """Return the samples of each row, without the silence that fills it up."""
        samples = np.full(len(self.keys), self.samples, np.int64)
        for row, less in self.shorter.items():
            samples[row] = less
        return samples

    def lengths(self) -> dict[int, int]:
        """Return the recorded samples of each call."""
        calls, rows = np.unique(np.array(self.keys, np.int64) >> CALL_SHIFT, return_inverse=True)
        sums = np.bincount(rows, self.row_lengths()).astype(np.int64)
        # The key -1 is left of all calls.
        return {call: size for call, size in zip(calls.tolist(), sums.tolist(), strict=True) if call >= 0}


@dataclass(frozen=True, slots=True)
class WindowRound:
    """Results for one block of each leg of one rate."""

    keys: list[int]
    starts_s: list[float]
    heard: AcousticResult


@dataclass(frozen=True, slots=True)
class EventEntry:
    """An event; the thread makes it."""

    make: Callable[[], JournalEvent]
    opens: bool = False
    """True = it stands before the sound of the same moment."""


@dataclass(frozen=True, slots=True)
class EndEntry:
    """End of a call."""

    call: int
    at: datetime
    reason: EndReason
    heard_s: float
    status: RecordingStatus
    """State of its recording, as far as the loop knows."""
    lost_samples: int
    """Samples that were shed before the queue."""


@dataclass(frozen=True, slots=True)
class EraseEntry:
    """Erasure of what a call has in the journal up to here."""

    call: int


@dataclass(slots=True)
class LostSound:
    """Sound that was not written since the last note of it."""

    samples: int = 0
    legs: set[int] = field(default_factory=set)
    why: str = ""
    """Reason for the last loss."""

    def add(self, lost: SoundRound, why: str) -> None:
        """Count a round."""
        self.why = why
        for row, key in enumerate(lost.keys):
            if key >= 0:
                self.samples += lost.shorter.get(row, lost.samples)
                self.legs.add(key)

    def take(self) -> NoteGap:
        """Return the note of what was lost, and begin anew."""
        note = NoteGap(sound_lost=self.samples, legs=len(self.legs), why=self.why)
        self.samples, self.legs = 0, set()
        return note


Entry = SoundRound | WindowRound | EventEntry | EndEntry | EraseEntry
