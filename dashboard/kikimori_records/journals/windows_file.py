"""File with a call's windows: level and effort of each leg, 0.2 s at a time."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

from kikimori_core.journal.windows import WINDOW

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAGIC = b"KKW1"
HEAD = struct.Struct("<4sI")
"""Magic, number of rows."""


def windows_file(rows: NDArray[np.void]) -> bytes:
    """Return the file's bytes: the head, then the rows as the journal has them."""
    return HEAD.pack(MAGIC, len(rows)) + rows.astype(WINDOW, copy=False).tobytes()


def read_windows_file(data: bytes) -> NDArray[np.void]:
    """Return the rows. Raises ValueError where it is no such file."""
    if len(data) < HEAD.size:
        raise ValueError("no windows")
    magic, count = HEAD.unpack_from(data)
    if magic != MAGIC or len(data) != HEAD.size + count * WINDOW.itemsize:
        raise ValueError("no windows")
    return np.frombuffer(data, WINDOW, offset=HEAD.size)
