"""Binary messages with the sound of a running call: from its agent to a dashboard, and from there to browsers unchanged.

A message has a head of 5 bytes, kind and listener, and parts: 8 bytes each, then a code of μ-law (G.711) for each sample.
Numbers are big-endian. Live messages are for all listeners (number 0), those with past sound for one.

| bytes of a part | content |
|---|---|
| 1 | side: an index of `SIDES` |
| 1 | samples a second, in thousands |
| 4 | number of its first sample, counted from the call's first at that rate |
| 2 | number of samples |
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated

from pydantic import Field

from kikimori_core.wire.evidence import Name, Part
from kikimori_core.wire.values import Role

SIDES = (Role.CUSTOMER, Role.OPERATOR, Role.MIXED)
RATES = (8000, 16000)
MOST_SAMPLES = 16_000
"""Most samples of a part: a second of the highest rate."""
MOST_PARTS = 4
SILENCE = 0xFF
"""Code of silence."""
MOST_LISTENER = 2**32 - 1

_HEAD = struct.Struct(">BI")
_PART = struct.Struct(">BBIH")
MOST_FRAME = _HEAD.size + MOST_PARTS * (_PART.size + MOST_SAMPLES)
"""Most bytes of a message."""

KEEP = "keep"
"""Text that a dashboard sends to the agent while somebody listens."""
KEEP_EVERY_S = 2.0
ENDS_AFTER_S = 10.0
"""Seconds without `KEEP` after which an agent ends a stream."""
STREAM_PATH = "/agents/{agent_id}/sound/{ticket}"
"""Path of a stream at the dashboard."""


class SoundFrameKind(IntEnum):
    """Kind of a message."""

    LIVE = 1
    PAST = 2
    """Sound from before somebody began to listen."""
    PAST_OVER = 3
    """All of it was sent; without parts."""


class SoundFrameError(ValueError):
    """Bytes that are no message with sound. The text quotes none of them."""


@dataclass(frozen=True, slots=True)
class SoundPart:
    """Sound of one side, without a gap."""

    role: Role
    rate: int
    position: int
    """Number of its first sample, counted from the call's first at `rate`."""
    codes: bytes
    """A code of μ-law for each sample."""


@dataclass(frozen=True, slots=True)
class SoundFrame:
    """One message."""

    kind: SoundFrameKind
    listener: int = 0
    """Number of the listener for whom past sound is; 0 = for all."""
    parts: tuple[SoundPart, ...] = ()

    def to_bytes(self) -> bytes:
        pieces = [_HEAD.pack(self.kind, self.listener)]
        for each in self.parts:
            head = (SIDES.index(each.role), each.rate // 1000, each.position, len(each.codes))
            pieces += (_PART.pack(*head), each.codes)
        return b"".join(pieces)

    @classmethod
    def from_bytes(cls, message: bytes) -> SoundFrame:
        """Read a message whole; raises SoundFrameError."""
        kind, listener = checked(message)
        parts: list[SoundPart] = []
        at = _HEAD.size
        while at < len(message):
            side, thousands, position, count = _PART.unpack_from(message, at)
            begin, at = at + _PART.size, at + _PART.size + count
            parts.append(SoundPart(SIDES[side], thousands * 1000, position, message[begin:at]))
        return cls(kind, listener, tuple(parts))


def head_of(message: bytes) -> tuple[SoundFrameKind, int]:
    """Return kind and listener of a message; raises SoundFrameError."""
    if not _HEAD.size <= len(message) <= MOST_FRAME:
        raise SoundFrameError("of a wrong length")
    kind, listener = _HEAD.unpack_from(message)
    try:
        known = SoundFrameKind(kind)
    except ValueError:
        raise SoundFrameError("of an unknown kind") from None
    if bool(listener) is (known is SoundFrameKind.LIVE):
        raise SoundFrameError("for another listener")
    return known, listener


def checked(message: bytes) -> tuple[SoundFrameKind, int]:
    """Check a message whole, without copying its sound; return kind and listener; raises SoundFrameError."""
    kind, listener = head_of(message)
    at, parts, size = _HEAD.size, 0, len(message)
    while at < size:
        if parts == MOST_PARTS or at + _PART.size > size:
            raise SoundFrameError("of wrong parts")
        side, thousands, _, count = _PART.unpack_from(message, at)
        if side >= len(SIDES) or thousands * 1000 not in RATES or not 0 < count <= MOST_SAMPLES:
            raise SoundFrameError("no such part")
        at += _PART.size + count
        parts += 1
    if at != size or bool(parts) is (kind is SoundFrameKind.PAST_OVER):
        raise SoundFrameError("of wrong parts")
    return kind, listener


class SoundRequest(Part):
    """Wish of a listener, in a signed command."""

    url: Annotated[str, Field(max_length=256)]
    """Address of the dashboard as it knows it, e.g. `https://kikimori.office.example:8443`."""
    ticket: Name
    """Names the stream: a second listener to the same call asks with the same ticket."""
    listener: Annotated[int, Field(ge=1, le=MOST_LISTENER)]
    """Number of the listener among those of the stream."""
    past_s: Annotated[float, Field(ge=0, le=60)] = 0.0
    """Seconds of past sound that the listener wants first."""
