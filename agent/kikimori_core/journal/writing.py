"""Writer of a run's segments: appends whole frames, limits the size of a file, syncs when it is told."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kikimori_core.journal.folder import make_folder, segment_path, sync_folder
from kikimori_core.journal.framing import DamageCode, JournalError, SegmentHead, segment_head

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

MAX_BYTES = 64 << 20
"""Bytes after which a segment is followed by another one, unless told otherwise."""


_AT_ONCE = os.sysconf("SC_IOV_MAX")
"""Parts that one call to the system takes."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class SegmentWriter:
    """Segments of one run in `folder`, beginning with the number `head.first`.

    A file is made with its first frames, so that nothing is left over where nothing was written. After an OSError the
    file is as before the call, and the same frames can be appended again. One thread at a time uses a writer.
    """

    def __init__(
        self,
        folder: Path,
        head: SegmentHead,
        *,
        max_bytes: int = MAX_BYTES,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.next_number = head.first
        """Number that the next record must have."""
        self.size = 0
        """Bytes of the open segment with its head; 0 when none is open."""
        self._folder = folder
        self._head = head
        self._max_bytes = max_bytes
        self._now = now
        self._file: int | None = None
        self._unsynced = False

    def append(self, frames: bytes | Sequence[bytes | memoryview], first_number: int, count: int) -> None:
        """Append `count` whole records, in one or several parts, of which the first has `first_number`.

        Raises:
            JournalError: `number`, when it is not the next one.
            OSError: disk full or failing; nothing of these frames is in the file.
        """
        if first_number != self.next_number:
            raise JournalError(DamageCode.NUMBER, f"record {first_number}, expected {self.next_number}")
        parts = [frames] if isinstance(frames, bytes) else frames
        size = sum(map(len, parts))
        if self._file is not None and self.size + size > self._max_bytes:
            self.rotate()
        file = self._open() if self._file is None else self._file
        self._write(file, parts, size)
        self.next_number += count

    def sync(self) -> None:
        """Return when everything appended is on the disk. Raises OSError."""
        if self._file is not None and self._unsynced:
            os.fdatasync(self._file)
            self._unsynced = False

    def rotate(self) -> None:
        """End the open segment, synced; the next frames begin another one. Raises OSError."""
        if self._file is None:
            return
        self.sync()
        file, self._file, self.size = self._file, None, 0
        os.close(file)

    def close(self) -> None:
        """End the open segment, synced. Raises OSError, and is closed all the same."""
        try:
            self.rotate()
        finally:
            if self._file is not None:
                file, self._file, self.size = self._file, None, 0
                os.close(file)

    def _open(self) -> int:
        path = segment_path(self._folder, self.next_number)
        make_folder(self._folder)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._file, self.size = file, 0
        head = replace(self._head, first=self.next_number, made_at=self._now())
        try:
            begin = segment_head(head)
            self._write(file, [begin], len(begin))
            os.fsync(file)
            sync_folder(self._folder)
        except BaseException:
            self._file, self.size = None, 0
            with suppress(OSError):
                path.unlink()
            os.close(file)
            raise
        return file

    def _write(self, file: int, parts: Sequence[bytes | memoryview], size: int) -> None:
        left = size
        try:
            for at in range(0, len(parts), _AT_ONCE):
                some: Sequence[bytes | memoryview] = parts[at : at + _AT_ONCE]
                while some:
                    written = os.writev(file, some)
                    left -= written
                    some = _after(some, written)
        except OSError:
            if left < size:
                os.ftruncate(file, self.size)
                os.lseek(file, self.size, os.SEEK_SET)
            raise
        self.size += size
        self._unsynced = True


def _after(parts: Sequence[bytes | memoryview], written: int) -> list[bytes | memoryview]:
    """Return the bytes that follow the first `written` ones."""
    for at, part in enumerate(parts):
        if written < len(part):
            return [memoryview(part)[written:], *parts[at + 1 :]]
        written -= len(part)
    return []
