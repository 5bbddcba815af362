"""Place of the office's authority on this machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from kikimori.errors import KikimoriError

if TYPE_CHECKING:
    from pathlib import Path

FILE = "authority.crt"
KEY = "authority.key"


def put_in_place(pem: str, folder: Path, *, replace: bool) -> bool:
    """Write the authority into its file, readable by all; returns False where the same one is there already.

    Raises:
        KikimoriError: another authority is there, and shall not or must not be replaced.
        OSError: the file cannot be written.
    """
    path = folder / FILE
    try:
        there = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        there = ""
    if there.split() == pem.split():
        return False
    if (folder / KEY).exists():
        raise KikimoriError.of("trust_own_authority", path=path)
    if there and not replace:
        raise KikimoriError.of("trust_other_there", path=path)
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    new = path.with_name(f"{FILE}.new")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o644)
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    return True
