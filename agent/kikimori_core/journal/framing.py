"""Form of a record and of a segment's head: bytes to values and back, without files. All integers are little-endian."""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

FORMAT = 1
MAGIC = b"KKJ1"
MAX_RECORD = 4 << 20
"""Bytes of payload that a record has at most."""
MAX_HEAD = 4096
"""Bytes of JSON that a segment's head has at most."""

_HEADER = struct.Struct("<IIQB")
_CHECKED = struct.Struct("<QB")
_HEAD = struct.Struct("<4sII")

RECORD_HEADER = _HEADER.size
"""Bytes before a record's payload: 17."""
SEGMENT_PREFIX = _HEAD.size
"""Bytes before the JSON of a segment's head: 12."""


class Kind(IntEnum):
    """Content of a record. A reader keeps and skips a kind that it does not know."""

    SOUND = 1
    CALL_BEGUN = 2
    LEG_OPENED = 3
    LEG_CLOSED = 4
    CALL_ENDED = 5
    LINE = 6
    WINDOWS = 7
    ALERT = 8
    COMMAND = 9
    STATUS = 10
    RECORDING = 11
    NOTE_GAP = 12


class DamageCode(StrEnum):
    """Reason for which bytes are no journal, or not the expected one."""

    CUT = "cut"
    """The bytes end inside of a record or a head, or zeros follow."""
    BAD_CRC = "bad_crc"
    NUMBER = "number"
    """The record is whole, its number is not the next one."""
    TOO_LONG = "too_long"
    """A record longer than `MAX_RECORD`, a head longer than `MAX_HEAD`, or a file longer than `MAX_SEGMENT`."""
    OTHER_AGENT = "other_agent"
    """The head names another agent or another run than expected."""
    FROM_FUTURE = "from_future"
    """Of a newer format, or made later than now."""
    NOT_A_JOURNAL = "not_a_journal"
    BAD_PAYLOAD = "bad_payload"
    """The record is whole, its payload is not what its kind promises."""


class JournalError(ValueError):
    """Bytes or a request that the journal's format refuses; quotes no content."""

    def __init__(self, code: DamageCode, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Record:
    """One numbered record of a run; `kind` is a `Kind` or one that this version does not know."""

    number: int
    kind: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class SegmentHead:
    """Head of a segment file: whose journal, and the number of its first record."""

    agent_id: str
    run: str
    first: int
    made_at: datetime


def encode(number: int, kind: int, payload: bytes) -> bytes:
    """Return a record's bytes. Raises JournalError for a payload over `MAX_RECORD`."""
    return b"".join(encode_parts(number, kind, (payload,)))


def encode_parts(number: int, kind: int, payload: Iterable[bytes | memoryview]) -> list[bytes | memoryview]:
    """Return a record's bytes in parts, those of its payload as they are: nothing is copied.

    Raises:
        JournalError: a payload over `MAX_RECORD`.
    """
    parts = [b"", *payload]
    length, crc = 0, zlib.crc32(_CHECKED.pack(number, kind))
    for each in parts:
        length += len(each)
        crc = zlib.crc32(each, crc)
    if length > MAX_RECORD:
        raise JournalError(DamageCode.TOO_LONG, f"payload of {length} bytes")
    parts[0] = _HEADER.pack(length, crc, number, kind)
    return parts


def header_of(data: bytes | bytearray, at: int = 0) -> tuple[int, int, int, int]:
    """Return length, CRC, number and kind of the record whose header begins at `at`, unchecked."""
    length, crc, number, kind = _HEADER.unpack_from(data, at)
    return length, crc, number, kind


def is_intact(crc: int, number: int, kind: int, payload: bytes | memoryview) -> bool:
    """Return whether a record's CRC fits its number, kind and payload."""
    return zlib.crc32(payload, zlib.crc32(_CHECKED.pack(number, kind))) == crc


class FrameReader:
    """Records out of bytes that arrive in pieces of any size. The first fault ends it: nothing after it is believed.

    `first` is the number that the first record must have; None takes any.
    """

    def __init__(self, first: int | None = None) -> None:
        self.expected = first
        """Number that the next record must have; None before the first."""
        self._rest = bytearray()

    @property
    def waiting(self) -> int:
        """Bytes of a record that is not complete yet."""
        return len(self._rest)

    def feed(self, data: bytes | memoryview) -> list[Record]:
        """Return the records that are complete now. Raises JournalError: `too_long`, `bad_crc` or `number`."""
        self._rest += data
        records: list[Record] = []
        at, end = 0, len(self._rest)
        while end - at >= RECORD_HEADER:
            length, crc, number, kind = header_of(self._rest, at)
            if length > MAX_RECORD:
                raise JournalError(DamageCode.TOO_LONG, f"record of {length} bytes")
            begin = at + RECORD_HEADER
            if end - begin < length:
                break
            payload = bytes(self._rest[begin : begin + length])
            if not is_intact(crc, number, kind, payload):
                raise JournalError(DamageCode.BAD_CRC, f"record {number}")
            if self.expected is not None and number != self.expected:
                raise JournalError(DamageCode.NUMBER, f"record {number}, expected {self.expected}")
            records.append(Record(number, kind, payload))
            self.expected = number + 1
            at = begin + length
        del self._rest[:at]
        return records

    def finish(self) -> None:
        """Raise JournalError with `cut` when the bytes ended inside of a record."""
        if self._rest:
            raise JournalError(DamageCode.CUT, f"{len(self._rest)} bytes of a record")


def segment_head(head: SegmentHead) -> bytes:
    """Return the bytes with which a segment file begins."""
    said = {
        "format": FORMAT,
        "agent_id": head.agent_id,
        "run": head.run,
        "first": head.first,
        "made_at": head.made_at.isoformat(),
    }
    body = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
    if len(body) > MAX_HEAD:
        raise JournalError(DamageCode.TOO_LONG, f"head of {len(body)} bytes")
    return _HEAD.pack(MAGIC, len(body), zlib.crc32(body)) + body


def read_head(data: bytes) -> tuple[SegmentHead, int]:
    """Return the head with which a segment's bytes begin, and its length in bytes.

    Raises:
        JournalError: `cut`, `not_a_journal`, `too_long`, `bad_crc`, or `from_future` for a newer format.
    """
    if not data.startswith(MAGIC):
        short = MAGIC.startswith(data[: len(MAGIC)])
        raise JournalError(DamageCode.CUT if short else DamageCode.NOT_A_JOURNAL, "magic")
    if len(data) < SEGMENT_PREFIX:
        raise JournalError(DamageCode.CUT, "head")
    _, length, crc = _HEAD.unpack_from(data)
    if length > MAX_HEAD:
        raise JournalError(DamageCode.TOO_LONG, f"head of {length} bytes")
    body = data[SEGMENT_PREFIX : SEGMENT_PREFIX + length]
    if len(body) < length:
        raise JournalError(DamageCode.CUT, "head")
    if zlib.crc32(body) != crc:
        raise JournalError(DamageCode.BAD_CRC, "head")
    return _head_of(body), SEGMENT_PREFIX + length


def _head_of(body: bytes) -> SegmentHead:
    try:
        said = json.loads(body)
        form, agent_id, run, first = said["format"], said["agent_id"], said["run"], said["first"]
        made_at = datetime.fromisoformat(said["made_at"])
    except (KeyError, TypeError, ValueError, RecursionError):
        raise JournalError(DamageCode.NOT_A_JOURNAL, "head") from None
    if type(form) is int and form > FORMAT:
        raise JournalError(DamageCode.FROM_FUTURE, f"format {form}")
    numbers = type(form) is int and type(first) is int and first >= 0
    if not (numbers and isinstance(agent_id, str) and isinstance(run, str) and made_at.tzinfo):
        raise JournalError(DamageCode.NOT_A_JOURNAL, "head")
    return SegmentHead(agent_id, run, first, made_at)
