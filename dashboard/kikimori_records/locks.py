"""File locks of a store's folder: one dashboard on a SQLite file, one migration at a time."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kikimori_records.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVING = "store-serving.lock"
MIGRATING = "store-migrating.lock"
WITHIN_S = 60.0
EVERY_S = 0.1


class FileLock:
    """Lock on a file that ends with its holder, however that ends."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    @classmethod
    def take(cls, path: Path) -> FileLock | None:
        """Return the lock, None while another holds it; raises OSError."""
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        except OSError:
            os.close(handle)
            raise
        return cls(handle)

    def release(self) -> None:
        os.close(self._handle)


def serving(folder: Path) -> FileLock:
    """Take the lock of the one dashboard; raises StoreError when another has it."""
    found = FileLock.take(folder / SERVING)
    if found is None:
        raise StoreError.of("store_in_use", folder=folder)
    return found


@contextmanager
def migrating(folder: Path) -> Iterator[None]:
    """Hold the lock of the one migration; waits for another to end, in a thread. Raises StoreError."""
    until = time.monotonic() + WITHIN_S
    while (found := FileLock.take(folder / MIGRATING)) is None:
        if time.monotonic() > until:
            raise StoreError.of("store_migrating_at", folder=folder)
        time.sleep(EVERY_S)
    try:
        yield
    finally:
        found.release()
