"""Damaged stretches of a segment: what is wrong with one, and the next whole record after it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori_core.journal.framing import MAX_RECORD, RECORD_HEADER, DamageCode, header_of, is_intact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kikimori_core.journal.source import SegmentBytes

SEARCHED = 2 * (MAX_RECORD + RECORD_HEADER)
"""Bytes after the begin of a damaged record in which a next one is searched for."""
_TRIED = 64 << 20
"""Bytes of payload whose CRC is computed at most, for all places that look like a header together."""


@dataclass(frozen=True, slots=True)
class Damage:
    """Stretch of a segment that cannot be read, or a fault of the whole file (`offset` 0)."""

    code: DamageCode
    offset: int
    """Bytes from the begin of the file."""
    length: int
    """Bytes that are not read because of it."""
    number: int
    """Number of the record that was expected there."""
    lost: int = 0
    """Records known to be missing: by the number of the next whole record."""


def next_whole(source: SegmentBytes, at: int, expected: int) -> int | None:
    """Return the place of the next whole record after a damaged one at `at`; None when there is none.

    One counts whose number is so near to `expected` that the records between fit into the damaged bytes.
    """
    header = source.view(at, RECORD_HEADER)
    length = header_of(header)[0] if len(header) == RECORD_HEADER else MAX_RECORD + 1
    if length <= MAX_RECORD and _is_whole(source, at + RECORD_HEADER + length, at, expected):
        return at + RECORD_HEADER + length
    end = min(source.size, at + SEARCHED)
    highest = expected + (end - at) // RECORD_HEADER
    left = _TRIED
    for place in _looks_like_header(source, at, end, expected, highest):
        if (fitting := _fitting(source, place, at, expected)) is None:
            continue
        if (left := left - fitting) < 0:
            return None
        if _is_whole(source, place, at, expected):
            return place
    return None


def _looks_like_header(source: SegmentBytes, at: int, end: int, lowest: int, highest: int) -> Iterator[int]:
    """Give the places between whose length is allowed and whose number can be one from `lowest` to `highest`."""
    uppers = {re.escape((number >> 24).to_bytes(5, "little")) for number in (lowest, highest)}
    # Length below 4 MiB, any CRC, three bytes of the number that are not zero, its five upper ones.
    pattern = re.compile(rb"(?s)(?=..[\x00-\x40]\x00.{4}(?!\x00\x00\x00)...(?:%b))" % b"|".join(uppers))
    data = source.view(at + 1, end - at - 1)
    # A file system may leave megabytes of zeros: no header is in them.
    data = data[: len(data.rstrip(b"\0")) + RECORD_HEADER]
    for found in pattern.finditer(data):
        yield at + 1 + found.start()


def _fitting(source: SegmentBytes, place: int, damaged_at: int, expected: int) -> int | None:
    """Return the length of the payload by the header at a place; None where length or number cannot be."""
    header = source.view(place, RECORD_HEADER)
    if len(header) < RECORD_HEADER:
        return None
    length, _, number, _ = header_of(header)
    if length > MAX_RECORD or place + RECORD_HEADER + length > source.size:
        return None
    near = expected < number <= expected + (place - damaged_at) // RECORD_HEADER
    return length if near else None


def _is_whole(source: SegmentBytes, place: int, damaged_at: int, expected: int) -> bool:
    length = _fitting(source, place, damaged_at, expected)
    if length is None:
        return False
    _, crc, number, kind = header_of(source.view(place, RECORD_HEADER))
    return is_intact(crc, number, kind, source.view(place + RECORD_HEADER, length))
