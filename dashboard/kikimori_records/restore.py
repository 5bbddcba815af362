"""Restoring a backup into an empty database, of either engine, and into an empty folder of records."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, select

from kikimori_core.messages import remedy, text
from kikimori_core.wire.private_file import write_private
from kikimori_records import locks
from kikimori_records.address import thread_engine
from kikimori_records.backup import AT_ONCE, FORMAT, FORMAT_WITH_RECORDS, BackupDone, tables_of
from kikimori_records.backup_files import pass_over, size_of
from kikimori_records.disk import make_private
from kikimori_records.errors import StoreError
from kikimori_records.migrating import known_versions, newest_version, upgrade, version_in
from kikimori_records.restored_files import restored_files
from kikimori_records.search.tables import search_state

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from kikimori_records.settings import StoreSettings

LONGEST_LINE = 256 << 20
"""Bytes of a line; a longer one belongs to no backup."""
OF_EVERY_STORE = "notes_of_store"
"""Table that has a row in an empty database too."""


def restore(settings: StoreSettings, file: IO[bytes], keys: Path, records: Path | None = None) -> BackupDone:
    """Restore a backup from an open file, its keys into the folder `keys` where there are none, and the records.

    All of it or nothing. A backup of an earlier version is restored as it was and then migrated. What was erased after the
    backup is there again until `kikimori_records.keeping.restored.erase_again` has run.

    Args:
        settings: The table `[store]`.
        file: The backup.
        keys: Folder of the dashboard's keys.
        records: Folder of the records, without calls and journals; None = they are left out.

    Raises:
        StoreError: the file is damaged or of a later version, database or folder hold something, a dashboard or a records
            service runs.
        OSError, sqlalchemy.exc.SQLAlchemyError: it cannot be read or written.
    """
    schema, with_records = _examine(file)
    settings.folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = locks.serving(settings.folder()) if settings.is_sqlite else None
    try:
        if settings.is_sqlite:
            make_private(settings.file())
        with (
            restored_files(records if with_records else None, file, _lines(file)) as files,
            thread_engine(settings).connect() as connection,
            connection.begin(),
        ):
            _require_empty(connection, schema, settings)
            files.write()
            upgrade(connection, schema)
            done = _fill(connection, file, schema, keys)
            if schema != newest_version():
                upgrade(connection)
            # An empty store's index is full.
            connection.execute(delete(search_state))
            files.join()
    finally:
        if lock is not None:
            lock.release()
    return replace(done, records=files.count, record_bytes=files.size)


def _examine(file: IO[bytes]) -> tuple[str, bool]:
    """Read the whole file, return the version of its schema, and whether it holds the records' files.

    Raises:
        StoreError: it is not as it was written.
    """
    digest, before = hashlib.sha256(), hashlib.sha256()
    head: dict[str, Any] = {}
    last: dict[str, Any] = {}
    file.seek(0)
    while line := file.readline(LONGEST_LINE):
        before = digest.copy()
        digest.update(line)
        last = _parsed(line, file)
        head = head or last
        if "path" in last:
            pass_over(file, size_of(last, file), digest.update)
    if head.get("kikimori_backup") not in (FORMAT, FORMAT_WITH_RECORDS):
        raise StoreError.of("backup_unknown", file=file.name)
    if last.get("sha256") != before.hexdigest():
        raise StoreError.of("backup_damaged", file=file.name)
    schema = str(head.get("schema"))
    if schema not in known_versions():
        raise StoreError.of("backup_of_later_version", file=file.name, found=schema, known=newest_version())
    return schema, head["kikimori_backup"] == FORMAT_WITH_RECORDS


def _parsed(line: bytes, file: IO[bytes]) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise StoreError.of("backup_unreadable", file=file.name)
    return found


def _require_empty(connection: Connection, schema: str, settings: StoreSettings) -> None:
    version = version_in(connection).found
    rows = sum(
        connection.execute(select(func.count()).select_from(each)).scalar_one()
        for each in tables_of(connection)
        if each.name != OF_EVERY_STORE
    )
    if rows == 0 and version in (None, schema):
        return
    step = (
        remedy("restore_not_empty_sqlite", file=settings.file())
        if settings.is_sqlite
        else remedy("restore_not_empty_postgres")
    )
    if rows:
        raise StoreError(text("restore_not_empty", rows=rows), next_step=step)
    raise StoreError(text("restore_other_schema", found=version, needed=schema), next_step=step)


def _fill(connection: Connection, file: IO[bytes], schema: str, keys: Path) -> BackupDone:
    tables = {each.name: each for each in tables_of(connection)}
    connection.execute(delete(tables[OF_EVERY_STORE]))
    rows = dict.fromkeys(tables, 0)
    for name, some in _batches(file):
        if name not in tables:
            raise StoreError.of("backup_other_table", file=file.name, table=name, needed=schema)
        connection.execute(insert(tables[name]), some)
        rows[name] += len(some)
    files = []
    for said in _lines(file):
        if "file" in said and not (path := keys / _plain_name(said["file"], file)).exists():
            write_private(path, said["content"])
            files.append(path.name)
    return BackupDone(schema, rows, tuple(files))


def _batches(file: IO[bytes]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Give the rows of each table in portions."""
    name, some = "", list[dict[str, Any]]()
    for said in _lines(file):
        if "row" not in said:
            continue
        if some and (said["table"] != name or len(some) >= AT_ONCE):
            yield name, some
            some = []
        name = said["table"]
        some.append(said["row"])
    if some:
        yield name, some


def _lines(file: IO[bytes]) -> Iterator[dict[str, Any]]:
    """Give what the lines say; of one that names a file its bytes are next, as long as the next line is not asked for."""
    file.seek(0)
    while line := file.readline(LONGEST_LINE):
        said = _parsed(line, file)
        if "path" in said:
            at = file.tell()
            yield {**said, "at": at}
            file.seek(at)
            pass_over(file, size_of(said, file))
        else:
            yield said


def _plain_name(name: str, file: IO[bytes]) -> str:
    """Return the name of a file of keys; a backup must not write anywhere else."""
    if "/" in name or not name.startswith("keys-"):
        raise StoreError.of("backup_no_key_file", file=file.name, filename=repr(name))
    return name
