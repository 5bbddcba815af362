"""Files that appear whole: written beside under another name, on the disk, then put in place of the earlier one."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from kikimori_core.journal.folder import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def create_private(path: Path) -> int:
    """Make a file for this user alone and return its open number. Raises OSError, also where there is one."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Give a file that takes the place of `path` at the end, durable; an exception leaves the earlier one. Raises OSError."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    try:
        with os.fdopen(create_private(new), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
