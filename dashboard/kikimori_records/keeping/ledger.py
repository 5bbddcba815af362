"""List of erasures and holds in a file beside the sound, one line of JSON each.

A backup that is restored was made before some of them: rows of the database alone would be lost with it, and erased calls
would be back. The list holds pseudonyms and no numbers, so that copies of it may be kept with the backups.
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from kikimori_core.journal.folder import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

FILE = "erasures.jsonl"
"""Name of the file in the folder of the records."""
FORMAT = 1
KINDS = ("erasure", "hold", "release")

Line = dict[str, Any]
"""One line: `kind`, `id`, and the columns of its row."""


class Ledger:
    """The list of one folder of records. Several programs may append to it. Everything here blocks."""

    def __init__(self, folder: Path) -> None:
        """Use the file in a folder."""
        self.path = folder / FILE

    def append(self, lines: Iterable[Line]) -> None:
        """Append lines; they are on the disk when it returns. Raises OSError."""
        written = b"".join(_written(each) for each in lines)
        if not written:
            return
        with self._locked() as handle:
            size = os.fstat(handle).st_size
            if size and os.pread(handle, 1, size - 1) != b"\n":
                # A power cut tore the last line; ours must not continue it.
                written = b"\n" + written
            try:
                os.pwrite(handle, written, size)
                os.fsync(handle)
            except OSError:
                os.ftruncate(handle, size)
                raise

    def lines(self) -> list[Line]:
        """Return the lines that can be read, oldest first; none where there is no file. Raises OSError."""
        try:
            return parsed(self.path.read_bytes())
        except FileNotFoundError:
            return []

    @contextmanager
    def _locked(self) -> Iterator[int]:
        is_new = not self.path.exists()
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if is_new:
                sync_folder(self.path.parent)
            yield handle
        finally:
            os.close(handle)


def parsed(content: bytes) -> list[Line]:
    """Return the lines of a list; what is no line of a list is left out."""
    return [line for each in content.splitlines() if (line := _parsed(each)) is not None]


def lacking(lines: Iterable[Line], known: Iterable[Line]) -> list[Line]:
    """Return the lines that a list does not hold, each once."""
    names = {(each["kind"], each["id"]) for each in known}
    new = {(each["kind"], each["id"]): each for each in lines}
    return [each for name, each in new.items() if name not in names]


def _written(line: Line) -> bytes:
    return json.dumps({"format": FORMAT, **line}, sort_keys=True).encode() + b"\n"


def _parsed(line: bytes) -> Line | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    if not isinstance(found, dict) or found.get("kind") not in KINDS or not isinstance(found.get("id"), str):
        return None
    return found
