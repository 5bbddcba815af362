"""Files for their user alone, replaced whole: keys, passwords, and what must be there after a crash."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MODE, FOLDER_MODE = 0o600, 0o700


def write_private(path: Path, text: str) -> None:
    """Replace a file whole, for its user alone. Written by root it belongs to the folder's owner: the service reads it."""
    path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        if os.geteuid() == 0:
            owner = path.parent.stat()
            with suppress(OSError):
                os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
