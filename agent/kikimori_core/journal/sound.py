"""Payload of a `SOUND` record: a piece of sound of each leg, bit-exact. Needs numpy.

A piece whose samples are all values of a G.711 law is written as codes of that law, one byte a sample, which decode to
the same samples again. Digital silence takes no bytes. Everything else is s16le.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from kikimori_core.g711 import ALAW, ULAW
from kikimori_core.journal.framing import DamageCode, JournalError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_SAMPLES = 1 << 20
"""Samples of one piece at most."""
MAX_PIECES = 0xFFFF
"""Pieces of one record at most."""

PIECE = np.dtype(
    [
        ("call", "<u4"),
        ("leg", "<u2"),
        ("encoding", "u1"),
        ("width", "u1"),
        ("position", "<u8"),
        ("samples", "<u4"),
    ]
)
"""Head of a piece, 20 bytes: call, leg, `SoundEncoding`, bytes a sample, position of its first sample in the leg, samples."""

COUNT = struct.Struct("<H")
"""Number of pieces, before their heads."""


class SoundEncoding(IntEnum):
    """Form of a piece's samples."""

    S16LE = 0
    ULAW = 1
    ALAW = 2
    SILENCE = 3
    """All samples are 0."""
    ERASED = 255
    """Content erased: as many zero bytes as it had before."""


WIDTHS = {SoundEncoding.S16LE: 2, SoundEncoding.ULAW: 1, SoundEncoding.ALAW: 1, SoundEncoding.SILENCE: 0}
"""Bytes a sample; an erased piece keeps its former width."""


@dataclass(frozen=True, slots=True)
class SoundBatch:
    """Content of a `SOUND` record: heads (`PIECE`) and the bytes of the pieces."""

    pieces: NDArray[np.void]
    offsets: NDArray[np.int64]
    """Place of each piece's bytes within the payload."""
    payload: bytes

    def raw(self, index: int) -> memoryview:
        """Return the bytes of a piece as they are written."""
        begin = int(self.offsets[index])
        piece = self.pieces[index]
        return memoryview(self.payload)[begin : begin + int(piece["samples"]) * int(piece["width"])]

    def pcm(self, index: int) -> bytes:
        """Return a piece as s16le; zeros where it was erased."""
        piece = self.pieces[index]
        return pcm_of(int(piece["encoding"]), int(piece["samples"]), self.raw(index))

    def only(self, chosen: NDArray[np.bool_]) -> bytes:
        """Return the payload of a record that holds these pieces alone."""
        kept = chosen.nonzero()[0].tolist()
        return b"".join(
            (COUNT.pack(len(kept)), self.pieces[kept].tobytes(), *(self.raw(each) for each in kept))
        )


def decode_batch(payload: bytes) -> SoundBatch:
    """Return the content of a `SOUND` record. Raises JournalError with `bad_payload`."""
    if len(payload) < COUNT.size:
        raise JournalError(DamageCode.BAD_PAYLOAD, "sound: no count")
    (count,) = COUNT.unpack_from(payload)
    heads_end = COUNT.size + count * PIECE.itemsize
    if len(payload) < heads_end:
        raise JournalError(DamageCode.BAD_PAYLOAD, "sound: heads")
    pieces = np.frombuffer(payload, PIECE, count, COUNT.size)
    lengths = pieces["samples"].astype(np.int64) * pieces["width"]
    ends = heads_end + np.cumsum(lengths)
    whole = len(payload) == heads_end + int(lengths.sum())
    if not (whole and (pieces["samples"] <= MAX_SAMPLES).all() and _widths_fit(pieces)):
        raise JournalError(DamageCode.BAD_PAYLOAD, "sound: lengths")
    return SoundBatch(pieces, ends - lengths, payload)


def pcm_of(encoding: int, samples: int, data: bytes | memoryview) -> bytes:
    """Return a piece's bytes as s16le; zeros where it was erased. Raises JournalError for an unknown encoding."""
    match encoding:
        case SoundEncoding.S16LE:
            return bytes(data)
        case SoundEncoding.ULAW:
            return ULAW[np.frombuffer(data, np.uint8)].astype("<i2", copy=False).tobytes()
        case SoundEncoding.ALAW:
            return ALAW[np.frombuffer(data, np.uint8)].astype("<i2", copy=False).tobytes()
        case SoundEncoding.SILENCE | SoundEncoding.ERASED:
            return bytes(2 * samples)
        case _:
            raise JournalError(DamageCode.BAD_PAYLOAD, f"sound: encoding {encoding}")


_WIDTH_OF = np.full(256, 255, np.uint8)
_WIDTH_OF[list(WIDTHS)] = list(WIDTHS.values())


def _widths_fit(pieces: NDArray[np.void]) -> bool:
    erased = (pieces["encoding"] == SoundEncoding.ERASED) & (pieces["width"] <= 2)
    return bool(((pieces["width"] == _WIDTH_OF[pieces["encoding"]]) | erased).all())
