"""Files of recorded calls on the disk, removed for good. Everything here blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.journal.folder import sync_folder
from kikimori_records.errors import StoreError
from kikimori_records.folder import PEAKS, SOUND, WINDOWS

if TYPE_CHECKING:
    from collections.abc import Container
    from datetime import datetime
    from pathlib import Path

OF_SOUND = (SOUND, PEAKS, WINDOWS)
"""Files that hold the sound, or follow from it."""


def folder_of(records: Path, below: str) -> Path:
    """Return a call's folder; raises StoreError for one that is not below the records' folder."""
    found = (records / below).resolve()
    if records.resolve() not in found.parents:
        raise StoreError.of("records_strange_path", path=below)
    return found


def remove_files(records: Path, below: str | None, names: Container[str] | None = None) -> bool:
    """Remove files of a call's folder, `None` = all with the folder; they are gone from the disk when it returns.

    Returns whether there was one. What is gone already is no error: a removal that was cut off is repeated.

    Raises:
        OSError, StoreError: something is left.
    """
    if below is None or not (folder := folder_of(records, below)).is_dir():
        return False
    found = [each for each in sorted(folder.iterdir()) if names is None or each.name in names]
    for each in found:
        each.unlink(missing_ok=True)
    sync_folder(folder)
    if names is None:
        folder.rmdir()
        sync_folder(folder.parent)
    return names is None or bool(found)


def remove_old_files(folder: Path, before: datetime) -> None:
    """Remove files below a folder that were last written before a time. Raises OSError."""
    for each in folder.rglob("*"):
        if each.is_file() and each.stat().st_mtime < before.timestamp():
            each.unlink(missing_ok=True)
