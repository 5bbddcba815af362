"""Records with faults, kept apart when their segment goes: `apart/<agent>/<run>/<first number of the segment>.kkj`.

The file holds frames as a segment does, after no head. Of a record with the sound of several calls only the pieces that have
a fault are kept.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from kikimori_core.journal.folder import make_folder
from kikimori_core.journal.framing import RECORD_HEADER, Kind, encode, header_of
from kikimori_core.journal.sound import decode_batch
from kikimori_core.journal.whole_file import whole_file
from kikimori_core.journal.windows import decode_windows, encode_windows

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_records.journals.segment_index import SegmentIndex, UnfitPlace


def keep_apart(index: SegmentIndex, folder: Path) -> None:
    """Copy a segment's records with faults into a file of the same name in `folder`; nothing where there are none.

    Raises:
        OSError: the disk.
    """
    if not index.unfit:
        return
    make_folder(folder)
    source = os.open(index.path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with whole_file(folder / index.path.name) as file:
            for place in index.unfit:
                file.write(_frame(source, place))
    finally:
        os.close(source)


def _frame(source: int, place: UnfitPlace) -> bytes:
    length, _, number, kind = header_of(os.pread(source, RECORD_HEADER, place.offset))
    payload = os.pread(source, length, place.offset + RECORD_HEADER)
    if place.items is not None and kind == Kind.SOUND:
        payload = decode_batch(payload).only(place.items)
    elif place.items is not None and kind == Kind.WINDOWS:
        payload = encode_windows(decode_windows(payload)[place.items])
    return encode(number, kind, payload)
