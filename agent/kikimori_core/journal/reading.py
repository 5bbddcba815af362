"""Reader of segment files: every whole record, and each damaged stretch by name. No bytes make it raise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from kikimori_core.journal.damage import Damage, next_whole
from kikimori_core.journal.folder import first_of
from kikimori_core.journal.framing import (
    MAX_HEAD,
    MAX_RECORD,
    RECORD_HEADER,
    SEGMENT_PREFIX,
    DamageCode,
    JournalError,
    Record,
    SegmentHead,
    header_of,
    is_intact,
    read_head,
)
from kikimori_core.journal.source import SegmentBytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

FUTURE = timedelta(days=1)
"""Time by which a segment may be newer than now: clocks differ."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Agent and run whose segments are expected; with `now`, later ones than `FUTURE` after it are refused."""

    agent_id: str
    run: str
    now: datetime | None = None


@dataclass(frozen=True, slots=True)
class Located:
    """A record with its place: `offset` in bytes from the begin of the file to its header."""

    record: Record
    offset: int
    header: bytes

    @property
    def frame(self) -> bytes:
        """Return the record's bytes as they are in the file."""
        return self.header + self.record.payload

    @property
    def end(self) -> int:
        """Return the place after it."""
        return self.offset + RECORD_HEADER + len(self.record.payload)


def read_segment(
    path: Path, *, from_number: int = 0, owner: Owner | None = None
) -> Iterator[Record | Damage]:
    """Give the records of a file from a number on, and every damage on the way there. Raises OSError alone."""
    for each in locate(path, owner=owner):
        if isinstance(each, Damage):
            yield each
        elif each.record.number >= from_number:
            yield each.record


def locate(
    path: Path, *, owner: Owner | None = None, start: tuple[int, int] | None = None
) -> Iterator[Located | Damage]:
    """Give the records of a file with their places, and each damage.

    Args:
        path: The segment.
        owner: Whose it must be.
        start: Place and number of the record to begin with, where they are known from before.
    """
    with SegmentBytes(path) as source:
        head = _head(source, path, owner)
        if isinstance(head, Damage):
            yield head
            return
        at, expected = start or head
        yield from _records(source, at, expected)
        if source.whole_size > source.size:
            yield Damage(DamageCode.TOO_LONG, source.size, source.whole_size - source.size, expected)


def head_of(path: Path) -> SegmentHead:
    """Return the head of a segment file. Raises JournalError as `read_head`, and OSError."""
    with SegmentBytes(path) as source:
        return read_head(source.view(0, SEGMENT_PREFIX + MAX_HEAD))[0]


def _head(source: SegmentBytes, path: Path, owner: Owner | None) -> tuple[int, int] | Damage:
    """Return the first record's place and number."""
    first = first_of(path)
    try:
        head, length = read_head(source.view(0, SEGMENT_PREFIX + MAX_HEAD))
    except JournalError as error:
        return Damage(error.code, 0, source.whole_size, first)
    fault = _fault(head, first, owner)
    return (length, first) if fault is None else Damage(fault, 0, source.whole_size, first)


def _fault(head: SegmentHead, first: int, owner: Owner | None) -> DamageCode | None:
    if head.first != first:
        return DamageCode.NUMBER
    if owner is None:
        return None
    if (head.agent_id, head.run) != (owner.agent_id, owner.run):
        return DamageCode.OTHER_AGENT
    late = owner.now is not None and head.made_at > owner.now + FUTURE
    return DamageCode.FROM_FUTURE if late else None


def _records(source: SegmentBytes, at: int, expected: int) -> Iterator[Located | Damage]:
    while at < source.size:
        found = _at(source, at)
        if isinstance(found, DamageCode):
            place = next_whole(source, at, expected)
            end = source.size if place is None else place
            following = expected if place is None else header_of(source.view(place, RECORD_HEADER))[2]
            yield Damage(found, at, end - at, expected, following - expected)
            at, expected = end, following
            continue
        if found.record.number == expected:
            yield found
            expected += 1
        elif found.record.number > expected:
            number = found.record.number
            yield Damage(DamageCode.NUMBER, at, 0, expected, number - expected)
            yield found
            expected = number + 1
        else:
            yield Damage(DamageCode.NUMBER, at, found.end - at, expected)
        at = found.end


def _at(source: SegmentBytes, at: int) -> Located | DamageCode:
    """Return the record at a place, whatever its number, or what is wrong with it."""
    header = source.view(at, RECORD_HEADER)
    if len(header) < RECORD_HEADER or not any(header):
        return DamageCode.CUT
    length, crc, number, kind = header_of(header)
    if length > MAX_RECORD:
        return DamageCode.TOO_LONG
    payload = source.view(at + RECORD_HEADER, length)
    if len(payload) < length:
        return DamageCode.CUT
    if not is_intact(crc, number, kind, payload):
        return DamageCode.BAD_CRC
    return Located(Record(number, kind, payload), at, header)
