"""Bytes of a segment file by place, read in blocks, so that a large file costs no memory."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

MAX_SEGMENT = 256 << 20
"""Bytes of a file that are read at most; a writer's segments are a quarter of it."""
_BLOCK = 1 << 20


class SegmentBytes:
    """An open file, of which the first `size` bytes are read: as long as it was, and at most `MAX_SEGMENT`."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.whole_size = os.fstat(self._file).st_size
        self.size = min(self.whole_size, MAX_SEGMENT)
        self._block = b""
        self._block_at = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    def view(self, at: int, length: int) -> bytes:
        """Return the bytes at a place: fewer at the end of the file."""
        length = min(length, self.size - at)
        if length <= 0:
            return b""
        begin = at - self._block_at
        if begin < 0 or begin + length > len(self._block):
            self._block = self._read(at, max(length, _BLOCK))
            self._block_at, begin = at, 0
        return self._block[begin : begin + length]

    def _read(self, at: int, length: int) -> bytes:
        parts = []
        while length > 0 and (part := os.pread(self._file, length, at)):
            parts.append(part)
            at += len(part)
            length -= len(part)
        return b"".join(parts)
