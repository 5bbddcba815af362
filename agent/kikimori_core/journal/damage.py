"""Damaged stretches of a segment: what is wrong with one, and the next whole record after it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from kikimori_core.journal.framing import MAX_RECORD, RECORD_HEADER, DamageCode, header_of, is_intact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kikimori_core.journal.source import SegmentBytes

SEARCHED = 2 * (MAX_RECORD + RECORD_HEADER)
"""Bytes after the begin of a damaged record in which a next one is searched for."""
_TRIES = 20_000
"""Places that look like a header, of which as many are tried."""


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
    length = (
        header_of(source.view(at, RECORD_HEADER))[0] if source.size - at >= RECORD_HEADER else MAX_RECORD + 1
    )
    if length <= MAX_RECORD and _fits(source, at + RECORD_HEADER + length, at, expected):
        return at + RECORD_HEADER + length
    end = min(source.size, at + SEARCHED)
    highest = expected + (end - at) // RECORD_HEADER
    for place in islice(_looks_like_header(source, at, end, expected, highest), _TRIES):
        if _fits(source, place, at, expected):
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


def _fits(source: SegmentBytes, place: int, damaged_at: int, expected: int) -> bool:
    if place + RECORD_HEADER > source.size:
        return False
    length, crc, number, kind = header_of(source.view(place, RECORD_HEADER))
    if length > MAX_RECORD or place + RECORD_HEADER + length > source.size:
        return False
    if not expected < number <= expected + (place - damaged_at) // RECORD_HEADER:
        return False
    return is_intact(crc, number, kind, source.view(place + RECORD_HEADER, length))
