"""Files of the records' folder out of a backup: all of them or none."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from kikimori_core.journal.folder import sync_folder
from kikimori_core.wire.private_file import write_private
from kikimori_records import locks
from kikimori_records.backup_files import JOURNALS, checked_name, parts_of, size_of
from kikimori_records.errors import StoreError
from kikimori_records.folder import CALLS
from kikimori_records.journals.incoming import LOCK
from kikimori_records.keeping import ledger, pseudonyms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class RestoredFiles:
    """Files of one backup on their way into a folder of records. Everything here blocks."""

    def __init__(self, records: Path | None, file: IO[bytes], lines: Iterable[dict[str, Any]]) -> None:
        """`lines`: those of the backup, of files each with `at`, the place of its bytes."""
        self.count = 0
        self.size = 0
        self._records = records
        self._file = file
        self._lines = lines
        self._made: list[Path] = []
        self._folders = set[Path]()
        self._list = b""
        self._key = ""

    def write(self) -> None:
        """Write all files; they are on the disk when it returns. Raises StoreError, OSError."""
        for said in self._lines:
            if "path" not in said:
                continue
            name, size = checked_name(said["path"], self._file), size_of(said, self._file)
            if self._records is None:
                continue
            self._file.seek(said["at"])
            if name == ledger.FILE:
                self._list = b"".join(parts_of(self._file, size))
            elif name == pseudonyms.FILE:
                self._key = b"".join(parts_of(self._file, size)).decode("ascii")
            else:
                self._put(self._records / name, size)
            self.count += 1
            self.size += size
        for each in sorted(self._folders):
            sync_folder(each)

    def join(self) -> None:
        """Put key and list of erasures where they belong; of a list that is there already nothing is lost.

        Raises:
            StoreError: the folder has another key, with which callers were erased or held.
            OSError: they cannot be written.
        """
        if self._records is None:
            return
        mine = ledger.Ledger(self._records)
        here = mine.lines()
        path = self._records / pseudonyms.FILE
        if self._key and (not path.exists() or path.read_text(encoding="ascii") != self._key):
            if here and path.exists():
                raise StoreError.of("restore_other_key", file=path)
            write_private(path, self._key)
        mine.append(ledger.lacking(ledger.parsed(self._list), here))

    def undo(self) -> None:
        """Remove what was written."""
        for each in self._made:
            with suppress(OSError):
                each.unlink()
        for each in sorted(self._folders, reverse=True):
            with suppress(OSError):
                each.rmdir()

    def _put(self, path: Path, size: int) -> None:
        assert self._records is not None  # noqa: S101
        folders = [each for each in path.parents if each.is_relative_to(self._records)]
        for each in reversed(folders):
            each.mkdir(mode=0o700, exist_ok=True)
        self._folders |= set(folders)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._made.append(path)
        with os.fdopen(handle, "wb") as out:
            for part in parts_of(self._file, size):
                out.write(part)
            out.flush()
            os.fsync(out.fileno())


@contextmanager
def restored_files(
    records: Path | None, file: IO[bytes], lines: Iterable[dict[str, Any]]
) -> Iterator[RestoredFiles]:
    """Give the files of a backup, and take them back where the work fails.

    Raises:
        StoreError: the folder holds calls or journals, or a records service uses it.
        OSError: the disk.
    """
    if records is None:
        yield RestoredFiles(None, file, lines)
        return
    records.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = locks.FileLock.take(records / LOCK)
    if lock is None:
        raise StoreError.of("records_folder_in_use", folder=records)
    try:
        for each in (CALLS, *JOURNALS):
            if any(path.is_file() for path in (records / each).rglob("*")):
                raise StoreError.of("restore_records_not_empty", folder=records / each)
        files = RestoredFiles(records, file, lines)
        try:
            yield files
        except BaseException:
            files.undo()
            raise
    finally:
        lock.release()
