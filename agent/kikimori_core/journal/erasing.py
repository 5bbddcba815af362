"""Erasure of one call from a run's segments. Needs numpy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import numpy as np

from kikimori_core.journal.events import EVENTS, CallBegun, CallEvent, ErasedEvent, event_of
from kikimori_core.journal.folder import first_of, segments_of
from kikimori_core.journal.framing import JournalError, Kind, Record, encode
from kikimori_core.journal.reading import Located, locate
from kikimori_core.journal.sound import COUNT, PIECE, SoundEncoding, decode_batch
from kikimori_core.journal.whole_file import whole_file
from kikimori_core.journal.windows import ROW_ERASED, WINDOW, decode_windows, encode_windows
from kikimori_core.wire.messages import Party

if TYPE_CHECKING:
    from pathlib import Path

_PART = 1 << 20
_MEASURED = [name for name in WINDOW.names or () if name not in ("call", "leg", "flags", "pad", "start_s")]
_FRAME = {Kind.LEG_OPENED, Kind.LEG_CLOSED, Kind.CALL_ENDED, Kind.RECORDING}
"""Events of a call that hold nothing of what was said, and of nobody."""


def rewrite_without(
    folder: Path, call_key: int, *, before: int | None = None, until: int | None = None
) -> int:
    """Erase one call's sound, words, windows, names and numbers from all segments; return the number of changed records.

    With `before` only segments that begin before that record, for a run whose writer has gone on to another segment; with
    `until` only records before that one.

    A record keeps its number, and its length wherever the content allows: pieces of sound become zero bytes marked
    `ERASED`, an event becomes `{"call": key, "erased": true}` filled up with spaces. The call's begin keeps its id, time
    and way in; opening and closing of legs, the end and `RECORDING` stay. Damaged stretches are kept as they are.

    A segment is replaced whole by a file that is on the disk: no writer may have it open (`SegmentWriter.rotate`).

    Raises:
        OSError: the disk; segments that were not reached hold the call still.
    """
    paths = [path for path in segments_of(folder) if before is None or first_of(path) < before]
    return sum(_rewrite(path, call_key, until) for path in paths)


def without_call(record: Record, call_key: int) -> Record | None:
    """Return the record without a call's content; None when it has none of it."""
    try:
        match record.kind:
            case Kind.SOUND:
                payload = _sound_without(record.payload, call_key)
            case Kind.WINDOWS:
                payload = _windows_without(record.payload, call_key)
            case _:
                payload = _event_without(record, call_key)
    except JournalError:
        return None
    return None if payload is None else Record(record.number, record.kind, payload)


@dataclass(frozen=True, slots=True)
class _Change:
    at: int
    end: int
    frame: bytes


def _rewrite(path: Path, call_key: int, until: int | None) -> int:
    changes = []
    for each in locate(path):
        if isinstance(each, Located) and until is not None and each.record.number >= until:
            break
        if isinstance(each, Located) and (changed := without_call(each.record, call_key)) is not None:
            frame = encode(changed.number, changed.kind, changed.payload)
            changes.append(_Change(each.offset, each.end, frame))
    if changes:
        _replace(path, changes)
    return len(changes)


def _replace(path: Path, changes: list[_Change]) -> None:
    """Write a segment anew with other frames in some places."""
    with path.open("rb") as old, whole_file(path) as file:
        at = 0
        for change in changes:
            _copy(old, file, change.at - at)
            file.write(change.frame)
            at = change.end
            old.seek(at)
        _copy(old, file, None)


def _copy(old: IO[bytes], new: IO[bytes], length: int | None) -> None:
    """Copy so many bytes, or all that follow."""
    while length is None or length > 0:
        part = old.read(_PART if length is None else min(_PART, length))
        if not part:
            return
        new.write(part)
        length = None if length is None else length - len(part)


def _sound_without(payload: bytes, call_key: int) -> bytes | None:
    batch = decode_batch(payload)
    theirs = np.flatnonzero(
        (batch.pieces["call"] == call_key) & (batch.pieces["encoding"] != SoundEncoding.ERASED)
    )
    if not len(theirs):
        return None
    changed = bytearray(payload)
    heads = np.frombuffer(changed, PIECE, len(batch.pieces), COUNT.size)
    heads["encoding"][theirs] = SoundEncoding.ERASED
    for index in theirs.tolist():
        begin, length = int(batch.offsets[index]), len(batch.raw(index))
        changed[begin : begin + length] = bytes(length)
    return bytes(changed)


def _windows_without(payload: bytes, call_key: int) -> bytes | None:
    rows = decode_windows(payload)
    theirs = (rows["call"] == call_key) & (rows["flags"] & ROW_ERASED == 0)
    if not theirs.any():
        return None
    changed = rows.copy()
    changed["flags"][theirs] = ROW_ERASED
    for name in _MEASURED:
        changed[name][theirs] = np.nan
    return encode_windows(changed)


def _event_without(record: Record, call_key: int) -> bytes | None:
    if record.kind in _FRAME or record.kind not in EVENTS:
        return None
    event = event_of(record)
    if not isinstance(event, CallEvent) or event.call != call_key or event.erased:
        return None
    if isinstance(event, CallBegun):
        kept = event.model_copy(
            update={"caller": Party(), "operator": Party(), "queue": None, "erased": True}
        )
        payload = kept.to_payload()
    else:
        payload = ErasedEvent(call=call_key, erased=True).to_payload()
    return payload.ljust(len(record.payload))
