"""Index of one segment: the place of every piece of sound, run of windows and event, by call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kikimori_core.journal.folder import first_of
from kikimori_core.journal.sound import PIECE, SoundEncoding

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SOUND_PLACE = np.dtype([*PIECE.descr, ("offset", "<u8")])
"""A piece of sound: as `PIECE` of the journal, and `offset` in bytes of its samples within the file."""

WINDOWS_PLACE = np.dtype([("call", "<u4"), ("rows", "<u4"), ("offset", "<u8")])
"""Rows of one call that follow each other in one record, and the place of the first within the file."""

EVENT_PLACE = np.dtype(
    [("number", "<u8"), ("offset", "<u8"), ("length", "<u4"), ("call", "<u4"), ("kind", "u1")]
)
"""An event: number of its record, place and length of its JSON within the file."""


class PlaceTable:
    """Rows of one type that grow by pieces and are searched by call."""

    def __init__(self, dtype: np.dtype[np.void]) -> None:
        self._dtype = dtype
        self._parts: list[NDArray[np.void]] = []

    def add(self, rows: NDArray[np.void]) -> None:
        self._parts.append(rows)

    def of(self, call: int) -> NDArray[np.void]:
        """Return a call's rows in their order."""
        rows = self.all()
        theirs: NDArray[np.void] = rows[rows["call"] == call]
        return theirs

    def all(self) -> NDArray[np.void]:
        """Return every row, in their order."""
        if len(self._parts) != 1:
            # Joined as bytes: numpy compares the fields of every pair of structured arrays.
            joined = bytearray().join(each.tobytes() for each in self._parts)
            self._parts = [np.frombuffer(joined, self._dtype)]
        return self._parts[0]


@dataclass(frozen=True, slots=True)
class UnfitPlace:
    """Place of a record that has a fault."""

    offset: int
    """Of its header, in bytes from the begin of the file."""
    items: NDArray[np.bool_] | None
    """Pieces or rows that have it; None = the whole record."""


class SegmentIndex:
    """Content of a segment file by call."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sound = PlaceTable(SOUND_PLACE)
        self.windows = PlaceTable(WINDOWS_PLACE)
        self.events = PlaceTable(EVENT_PLACE)
        self.calls: set[int] = set()
        """Keys of all calls that have something in it."""
        self.unfit: list[UnfitPlace] = []

    def erase_sound(self, call: int, until: int | None) -> None:
        """Note that a call's sound is erased; `until`: before the event of this number alone."""
        places = self.sound.all()
        theirs = places["call"] == call
        if until is not None:
            if first_of(self.path) >= until:
                return
            events = self.events.all()
            at = events["offset"][events["number"] == until]
            if len(at):
                theirs &= places["offset"] < at[0]
        places["encoding"][theirs] = SoundEncoding.ERASED
