"""G.711 by table (ITU-T G.711): values of the codes of μ-law and A-law, and the code nearest to each sample. Needs numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
"""Value of each code of μ-law."""
ALAW: NDArray[np.int16] = _alaw_table()
"""Value of each code of A-law."""
TO_ULAW: NDArray[np.uint8] = _nearest(ULAW)
"""Nearest code of each sample, by the sample as an unsigned number."""
TO_ALAW: NDArray[np.uint8] = _nearest(ALAW)
"""Nearest code of each sample, by the sample as an unsigned number."""
