"""Room on the disk of the journal: what sound must leave, and a reserve with which events go on when it is full."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from kikimori_core.journal.folder import make_folder
from kikimori_core.wire.private_file import MODE

if TYPE_CHECKING:
    from pathlib import Path

FLOOR_BYTES = 256 << 20
"""Free bytes that sound leaves to events and to others; of a small disk a twentieth."""
RESERVE_BYTES = 16 << 20
"""Bytes kept for events when others have filled the disk; of a small disk a fiftieth."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

DISK_FULL, MAX_GB, DISK_FAILED = "disk_full", "max_gb", "disk_failed"
"""Reasons for which no sound is written."""


class DiskRoom:
    """Room in the folder of an agent's journals. Used by the journal's thread."""

    def __init__(self, root: Path, most_bytes: int) -> None:
        """`most_bytes`: most disk of all journals in `root`, which is made. Raises OSError."""
        make_folder(root)
        self._root = root
        self._most_bytes = most_bytes
        self._reserve = root / "reserve"
        whole = os.statvfs(root)
        total = whole.f_blocks * whole.f_frsize
        self._floor = min(FLOOR_BYTES, total // 20)
        self._reserved = min(RESERVE_BYTES, total // 50)
        self._has_reserve = False
        self.used_bytes = self._measured()
        """Bytes of all journals; more when some were deleted lately."""

    def refusal(self, more: int) -> str | None:
        """Return the reason for which `more` bytes of sound must not be written now."""
        if self.used_bytes + more > self._most_bytes:
            # Segments that were sent and deleted are still counted.
            self.used_bytes = self._measured()
            if self.used_bytes + more > self._most_bytes:
                return MAX_GB
        if self._free() - more < self._floor:
            return DISK_FULL
        return None

    def wrote(self, size: int) -> None:
        """Count written bytes."""
        self.used_bytes += size

    def look_again(self) -> str | None:
        """Measure anew and return the reason for which there is no room yet; twice what sound leaves must be free."""
        self.used_bytes = self._measured()
        if self.used_bytes > self._most_bytes * 0.98:
            return MAX_GB
        if self._free() < self._floor * 2:
            return DISK_FULL
        return None

    def hold_reserve(self) -> None:
        """Make the reserve, if there is room for it."""
        if self._has_reserve or self._free() < self._floor + self._reserved:
            return
        with suppress(OSError):
            file = os.open(self._reserve, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, MODE)
            try:
                os.posix_fallocate(file, 0, self._reserved)
                self._has_reserve = True
            except OSError:
                os.ftruncate(file, 0)
            finally:
                os.close(file)

    def release_reserve(self) -> None:
        """Give the reserve to the events."""
        self._has_reserve = False
        with suppress(OSError):
            os.truncate(self._reserve, 0)

    def _free(self) -> int:
        try:
            now = os.statvfs(self._root)
        except OSError:
            return 0
        return now.f_bavail * now.f_frsize

    def _measured(self) -> int:
        """Return the bytes of all journals."""
        used = 0
        for run in _entries(self._root):
            if run.is_dir(follow_symlinks=False):
                for file in _entries(run.path):
                    with suppress(OSError):
                        used += file.stat(follow_symlinks=False).st_size
        return used


def _entries(folder: Path | str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:
        return []


def reason_of(error: OSError) -> str:
    """Return the reason for which a write failed."""
    return DISK_FULL if error.errno in FULL else DISK_FAILED
