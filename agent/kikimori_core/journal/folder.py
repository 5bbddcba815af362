"""Names of the segment files in a run's folder: the number of the first record in 16 digits."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SUFFIX = ".kkj"
_NAME = re.compile(r"\d{16}\.kkj")


def segment_path(folder: Path, first: int) -> Path:
    """Return the file of the segment that begins with the record `first`."""
    return folder / f"{first:016}{SUFFIX}"


def first_of(path: Path) -> int:
    """Return the number of the first record by a segment's name."""
    return int(path.stem)


def segments_of(folder: Path) -> list[Path]:
    """Return a run's segments in order; none where the folder does not exist."""
    try:
        names = [path.name for path in folder.iterdir()]
    except FileNotFoundError:
        return []
    return [folder / name for name in sorted(names) if _NAME.fullmatch(name)]


def make_folder(folder: Path) -> None:
    """Make a folder for this user alone, and those above it; their names are on the disk when it returns. Raises OSError."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for each in missing:
        sync_folder(each.parent)


def sync_folder(folder: Path) -> None:
    """Return when the names in a folder are on the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
