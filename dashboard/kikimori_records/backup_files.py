"""Files of the records' folder within a backup: a line of JSON that names one, and then its bytes.

Open journals go first and the rows after them: a call that ends meanwhile is in the journals, in the rows, or in both, and
the records service puts a call into the history once. Of one journal the state goes before the segments: what the state
says is not needed any more was in the history when the rows are read.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Any

from kikimori_records.errors import StoreError
from kikimori_records.folder import APART, CALLS, INCOMING
from kikimori_records.keeping import ledger, pseudonyms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

JOURNALS = (INCOMING, APART)
"""Folders of received journals below the records' folder."""
SINGLE = (ledger.FILE, pseudonyms.FILE)
"""Files of the records' folder itself."""
BLOCK = 1 << 20


def open_journals(records: Path) -> list[Path]:
    """Return the files of received journals, each journal's state before its segments. Raises OSError."""
    found: list[Path] = []
    for top in JOURNALS:
        for run in sorted(each for each in (records / top).glob("*/*") if each.is_dir()):
            names = [each for each in run.iterdir() if each.suffix in (".json", ".kkj")]
            found += sorted(names, key=lambda each: (each.suffix != ".json", each.name))
    return found


def files_of_call(records: Path, below: str) -> list[Path]:
    """Return the files of a recorded call; none where it is erased meanwhile. Raises OSError."""
    try:
        return sorted(each for each in (records / below).iterdir() if each.is_file())
    except (FileNotFoundError, NotADirectoryError):
        return []


def put_file(
    path: Path, records: Path, put: Callable[[dict[str, object]], None], add: Callable[[bytes], None]
) -> int | None:
    """Write a file as it is now, return its bytes; None where it is gone. What is appended meanwhile is left out.

    Raises:
        OSError: it cannot be read or written.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return None
    with file:
        size = left = file.seek(0, 2)
        file.seek(0)
        put({"path": path.relative_to(records).as_posix(), "bytes": left})
        while left:
            # Cut off meanwhile: a reader of journals cuts the zeros off too.
            part = file.read(min(left, BLOCK)) or bytes(min(left, BLOCK))
            add(part)
            left -= len(part)
    add(b"\n")
    return size


def checked_name(name: object, file: IO[bytes]) -> str:
    """Return the name of a file of the records' folder; a backup must not write anywhere else. Raises StoreError."""
    path = PurePosixPath(str(name))
    parts = path.parts
    below = len(parts) > 1 and parts[0] in (*JOURNALS, CALLS) and ".." not in parts
    if not below and str(name) not in SINGLE:
        raise StoreError.of("backup_strange_file", file=file.name, filename=repr(name))
    return path.as_posix()


def size_of(said: Mapping[str, Any], file: IO[bytes]) -> int:
    """Return the number of bytes behind a line that names a file. Raises StoreError."""
    size = said.get("bytes")
    if not isinstance(size, int) or size < 0:
        raise StoreError.of("backup_unreadable", file=file.name)
    return size


def pass_over(file: IO[bytes], size: int, take: Callable[[bytes], None] | None = None) -> None:
    """Pass over the bytes of a file and the line's end behind them, giving them to `take`. Raises OSError."""
    if take is None:
        file.seek(size + 1, 1)
        return
    for part in parts_of(file, size + 1):
        take(part)


def parts_of(file: IO[bytes], size: int) -> Iterator[bytes]:
    """Give so many bytes of a file in parts; fewer at its end. Raises OSError."""
    while size and (part := file.read(min(size, BLOCK))):
        yield part
        size -= len(part)
