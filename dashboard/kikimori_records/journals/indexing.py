"""From a checked record to the rows of its segment's index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kikimori_core.journal.events import CallEvent
from kikimori_core.journal.framing import RECORD_HEADER, Kind
from kikimori_core.journal.windows import WINDOW, WINDOWS_BEGIN
from kikimori_records.journals.segment_index import EVENT_PLACE, SOUND_PLACE, WINDOWS_PLACE, UnfitPlace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kikimori_core.journal.framing import Record
    from kikimori_records.journals.run_calls import Examined
    from kikimori_records.journals.segment_index import SegmentIndex

MOST_APART = 10_000
"""Records with faults of a segment whose bytes are kept; further ones are counted alone."""


def note_places(index: SegmentIndex, record: Record, offset: int, found: Examined) -> None:
    """Add to a segment's index what fits of a record. `offset`: place of the record's header in the file."""
    payload_at = offset + RECORD_HEADER
    index.calls |= found.done
    if found.sound is not None and found.fits is not None:
        _note_sound(index, payload_at, found)
    elif found.windows is not None and found.fits is not None:
        _note_windows(index, payload_at, found.windows, found.fits)
    elif isinstance(found.event, CallEvent):
        call = found.event.call
        row = (record.number, payload_at, len(record.payload), call, record.kind)
        index.events.add(np.array([row], EVENT_PLACE))
        index.calls.add(call)
    if found.faults and record.kind != Kind.NOTE_GAP and len(index.unfit) < MOST_APART:
        index.unfit.append(UnfitPlace(offset, found.unfit))


def _note_sound(index: SegmentIndex, payload_at: int, found: Examined) -> None:
    assert found.sound is not None  # noqa: S101  (asked before)
    assert found.fits is not None  # noqa: S101
    pieces = found.sound.pieces[found.fits]
    if not len(pieces):
        return
    rows = np.empty(len(pieces), SOUND_PLACE)
    for name in pieces.dtype.names or ():
        rows[name] = pieces[name]
    rows["offset"] = payload_at + found.sound.offsets[found.fits]
    index.sound.add(rows)
    index.calls.update(pieces["call"].tolist())


def _note_windows(
    index: SegmentIndex, payload_at: int, windows: NDArray[np.void], fits: NDArray[np.bool_]
) -> None:
    if not fits.any():
        return
    calls = np.where(fits, windows["call"].astype(np.int64), -1)
    begins = np.flatnonzero(np.diff(calls, prepend=-2))
    lengths = np.diff(np.append(begins, len(calls)))
    kept = calls[begins] >= 0
    rows = np.empty(int(kept.sum()), WINDOWS_PLACE)
    rows["call"] = calls[begins][kept]
    rows["rows"] = lengths[kept]
    rows["offset"] = payload_at + WINDOWS_BEGIN + begins[kept] * WINDOW.itemsize
    index.windows.add(rows)
    index.calls.update(rows["call"].tolist())
