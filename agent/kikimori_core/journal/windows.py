"""Payload of a `WINDOWS` record: levels and effort of every leg's block of 0.2 s. Needs numpy."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

from kikimori_core.journal.framing import DamageCode, JournalError

if TYPE_CHECKING:
    from numpy.typing import NDArray

WINDOW = np.dtype(
    [
        ("call", "<u4"),
        ("leg", "<u2"),
        ("flags", "u1"),
        ("pad", "u1"),
        ("start_s", "<f8"),
        ("speech_s", "<f4"),
        ("level_db", "<f4"),
        ("tilt_db", "<f4"),
        ("over_calm_db", "<f4"),
        ("tilt_over_calm_db", "<f4"),
        ("pitch_over_calm_st", "<f4"),
        ("probability", "<f4"),
    ]
)
"""Row of 44 bytes: begin in media time and seconds of speech, dBFS, dB, semitones, probability 0 to 1; NaN = unknown."""

SPEECH_KNOWN, NOISE, COVERED, ROW_ERASED = 1, 2, 4, 8
"""Bits of `flags`: effort is known, loud noise, covered by the other leg's sound, content erased later."""

MAX_ROWS = 0xFFFF

_COUNT = struct.Struct("<H")
WINDOWS_BEGIN = _COUNT.size
"""Bytes of a payload before its first row."""


def encode_windows(rows: NDArray[np.void]) -> bytes:
    """Return the payload of up to `MAX_ROWS` rows (`WINDOW`). Raises ValueError for more."""
    if len(rows) > MAX_ROWS:
        raise ValueError(f"{len(rows)} rows")
    return _COUNT.pack(len(rows)) + rows.astype(WINDOW, copy=False).tobytes()


def decode_windows(payload: bytes) -> NDArray[np.void]:
    """Return the rows of a `WINDOWS` record. Raises JournalError with `bad_payload`."""
    if (
        len(payload) < _COUNT.size
        or len(payload) != _COUNT.size + _COUNT.unpack_from(payload)[0] * WINDOW.itemsize
    ):
        raise JournalError(DamageCode.BAD_PAYLOAD, "windows: length")
    return np.frombuffer(payload, WINDOW, offset=_COUNT.size)
