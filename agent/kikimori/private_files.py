"""State folder and its files, for this user alone whatever the umask: they hold numbers and spoken words."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from pathlib import Path

log = structlog.get_logger()

FOLDER_MODE, FILE_MODE = 0o700, 0o600
FILES = (
    *(
        "outbox-",
        "held-",
        "keys-",
        "commands-",
        "broker-",
        "directory-",
        "accommodated-",
        "recording-stopped-",
        "last-run-",
    ),
    *("kikimori.", "store-", "audit-"),  # the dashboard's, where both have one folder
)
"""Beginnings of the names of files that are written into a state folder."""
BESIDE = ("models", "records", "lost+found")
"""Names of the other entries of a folder that is Kikimori's own, besides the journals."""
JOURNALS = "journal-"
"""Begin of the name of a folder of journals, which is made for its user alone."""


def make_private(folder: Path) -> None:
    """Create the state folder, or restrict an existing one and our files in it.

    A folder that holds other things too (`/tmp`, a home) keeps its mode: others may need it. Files and folders of
    another user are left as they are.

    Raises:
        OSError: the folder cannot be created.
    """
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    try:
        entries = list(folder.iterdir())
    except OSError:
        return  # whoever needs to read it says so
    for path in entries:
        if path.name.startswith(FILES):
            _tighten(path, FILE_MODE)
    if any(not path.name.startswith((*FILES, JOURNALS)) and path.name not in BESIDE for path in entries):
        if stat.S_IMODE(folder.stat().st_mode) & ~FOLDER_MODE:
            log.warning(
                "state_folder_shared",
                folder=str(folder),
                remedy="give Kikimori a folder of its own as state_dir",
            )
        return
    _tighten(folder, FOLDER_MODE)


def make_private_file(path: Path) -> None:
    """Create an empty file that only this user may read, or restrict an existing one; raises OSError."""
    try:
        # Never opened when it is there: closing it again would drop a lock that this process has on it.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE))
    except FileExistsError:
        _tighten(path, FILE_MODE)


def open_private(path: str, flags: int) -> int:
    """Open a file as `open(…, opener=open_private)` does, for this user alone when it is new."""
    return os.open(path, flags, FILE_MODE)


def _tighten(path: Path, mode: int) -> None:
    """Remove the rights beyond `mode` from a file of this user's that is no symbolic link."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return  # a journal of SQLite's that just went
    if stat.S_ISLNK(found.st_mode) or found.st_uid != os.geteuid() or not stat.S_IMODE(found.st_mode) & ~mode:
        return
    with suppress(OSError):  # a file system that is read-only: whoever writes says so
        path.chmod(stat.S_IMODE(found.st_mode) & mode)
