"""Compaction of a segment: what belongs to calls that are in the history is left out, so that a long call holds only its own.

The records keep their numbers; between them numbers are missing then. Everything here blocks.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from kikimori_core.journal.damage import Damage
from kikimori_core.journal.events import CallEvent, event_of
from kikimori_core.journal.framing import RECORD_HEADER, Kind, encode, segment_head
from kikimori_core.journal.reading import head_of, locate
from kikimori_core.journal.sound import decode_batch
from kikimori_core.journal.whole_file import whole_file
from kikimori_core.journal.windows import WINDOW, WINDOWS_BEGIN, decode_windows, encode_windows
from kikimori_records.journals.indexing import note_places
from kikimori_records.journals.run_calls import Examined
from kikimori_records.journals.segment_index import SegmentIndex

if TYPE_CHECKING:
    from kikimori_core.journal.framing import Record
    from kikimori_core.journal.reading import Located


def kept_share(index: SegmentIndex, calls: set[int]) -> float:
    """Return the share of a segment's bytes that is sound of these calls."""
    places = index.sound.all()
    theirs = places[np.isin(places["call"], list(calls))]
    held = int((theirs["samples"].astype(np.int64) * theirs["width"]).sum())
    return held / max(index.path.stat().st_size, 1)


def compact(index: SegmentIndex, calls: set[int]) -> SegmentIndex:
    """Write a segment anew with what belongs to these calls alone, and return its index.

    Records with faults are left out: keep them apart before.

    Raises:
        OSError: the disk; the segment is as it was.
    """
    made = SegmentIndex(index.path)
    sound = index.sound.all()
    fitting = set(zip(*(sound[name].tolist() for name in ("call", "leg", "position")), strict=True))
    events = set(index.events.all()["number"].tolist())
    head = segment_head(head_of(index.path))
    with whole_file(index.path) as file:
        file.write(head)
        at = len(head)
        for each in locate(index.path):
            if isinstance(each, Damage):
                continue
            found = _kept(each, calls, fitting, events, index)
            if found is None:
                continue
            record, examined = found
            frame = encode(record.number, record.kind, record.payload)
            note_places(made, record, at, examined)
            file.write(frame)
            at += len(frame)
    return made


def _kept(
    located: Located,
    calls: set[int],
    fitting: set[tuple[int, int, int]],
    events: set[int],
    index: SegmentIndex,
) -> tuple[Record, Examined] | None:
    """Return what stays of a record; None = nothing."""
    record = located.record
    match record.kind:
        case Kind.SOUND:
            return _sound(record, calls, fitting)
        case Kind.WINDOWS:
            return _windows(located, calls, index)
    if record.number not in events:
        return None
    event = event_of(record)
    if not isinstance(event, CallEvent) or event.call not in calls:
        return None
    return record, Examined(event=event)


def _sound(
    record: Record, calls: set[int], fitting: set[tuple[int, int, int]]
) -> tuple[Record, Examined] | None:
    batch = decode_batch(record.payload)
    names = ("call", "leg", "position")
    pieces = zip(*(batch.pieces[name].tolist() for name in names), strict=True)
    kept = np.array([each[0] in calls and each in fitting for each in pieces], np.bool_)
    if not kept.any():
        return None
    payload = batch.only(kept)
    made = decode_batch(payload)
    return replace(record, payload=payload), Examined(sound=made, fits=np.ones(len(made.pieces), np.bool_))


def _windows(located: Located, calls: set[int], index: SegmentIndex) -> tuple[Record, Examined] | None:
    places = index.windows.all()
    inside = (places["offset"] >= located.offset) & (places["offset"] < located.end)
    inside &= np.isin(places["call"], list(calls))
    rows = decode_windows(located.record.payload)
    kept = np.zeros(len(rows), np.bool_)
    first = located.offset + RECORD_HEADER + WINDOWS_BEGIN
    for _, count, offset in places[inside].tolist():
        at = (offset - first) // WINDOW.itemsize
        kept[at : at + count] = True
    if not kept.any():
        return None
    payload = encode_windows(rows[kept])
    made = Examined(windows=rows[kept], fits=np.ones(int(kept.sum()), np.bool_))
    return replace(located.record, payload=payload), made
