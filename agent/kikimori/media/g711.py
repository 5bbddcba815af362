"""G.711 by table (ITU-T G.711): μ-law and A-law, s16le mono on the other side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE = 8000


def _ulaw_table() -> NDArray[np.int16]:
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    exponent, mantissa = (code >> 4) & 7, code & 0x0F
    size = (((mantissa << 3) + 0x84) << exponent) - 0x84
    return np.where(code & 0x80, -size, size).astype(np.int16)


def _alaw_table() -> NDArray[np.int16]:
    code = np.arange(256, dtype=np.int32) ^ 0x55
    exponent, mantissa = (code >> 4) & 7, (code & 0x0F) << 4
    size = np.where(exponent == 0, mantissa + 8, (mantissa + 0x108) << np.maximum(exponent - 1, 0))
    return np.where(code & 0x80, size, -size).astype(np.int16)


def _nearest(table: NDArray[np.int16]) -> NDArray[np.uint8]:
    """Return, for each of the 65 536 samples as an unsigned number, the code with the nearest value."""
    order = np.argsort(table, kind="stable")
    values = table[order].astype(np.int32)
    borders = (values[1:] + values[:-1]) / 2
    samples = np.arange(65536, dtype=np.uint16).view(np.int16)
    return order[np.searchsorted(borders, samples)].astype(np.uint8)


ULAW: NDArray[np.int16] = _ulaw_table()
ALAW: NDArray[np.int16] = _alaw_table()
_TO_ULAW = _nearest(ULAW)
_TO_ALAW = _nearest(ALAW)


def decode_ulaw(payload: bytes | memoryview) -> bytes:
    """One byte a sample to s16le."""
    return ULAW[np.frombuffer(payload, np.uint8)].tobytes()


def decode_alaw(payload: bytes | memoryview) -> bytes:
    """One byte a sample to s16le."""
    return ALAW[np.frombuffer(payload, np.uint8)].tobytes()


def encode_ulaw(pcm: bytes | memoryview) -> bytes:
    """s16le to one byte a sample, the nearest value there is."""
    coded: bytes = _TO_ULAW[np.frombuffer(pcm, "<u2")].tobytes()
    return coded


def encode_alaw(pcm: bytes | memoryview) -> bytes:
    """s16le to one byte a sample, the nearest value there is."""
    coded: bytes = _TO_ALAW[np.frombuffer(pcm, "<u2")].tobytes()
    return coded
