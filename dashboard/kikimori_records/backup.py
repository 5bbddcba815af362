"""Backup of a store in one file of JSON lines, the same for both engines.

An own format and not pg_dump: one command for every office, no program of the server's version on this machine, and a
backup of SQLite can be restored into PostgreSQL. Lines: a head with the schema's version, received journals, rows table by
table in an order that foreign keys allow, files of recorded calls, keys, an end with the number of rows and a digest of all
before. Behind a line that names a file of the records stand its bytes, and a line's end. See `backup_files` for the order.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

from sqlalchemy import MetaData, select

from kikimori_records.address import reading
from kikimori_records.backup_files import SINGLE, files_of_call, open_journals, put_file
from kikimori_records.calls.tables import recorded_calls
from kikimori_records.columns import time_text
from kikimori_records.errors import StoreError
from kikimori_records.migrating import version_in
from kikimori_records.search.tables import PREFIX as SEARCH

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from sqlalchemy import Connection, Table

    from kikimori_records.settings import StoreSettings

FORMAT, FORMAT_WITH_RECORDS = 1, 2
ALEMBIC = "alembic_version"
KEYS = "keys-*-dashboard.json"
AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class BackupDone:
    """Content of a backup that was written or restored."""

    schema: str
    rows: dict[str, int]
    files: tuple[str, ...]
    """Names of the keys."""
    records: int = 0
    """Files of recorded calls and of received journals."""
    record_bytes: int = 0


def back_up(
    settings: StoreSettings,
    out: IO[bytes],
    keys: Path | None = None,
    records: Path | None = None,
    *,
    with_sound: bool = True,
) -> BackupDone:
    """Write one state of the database, the dashboard's keys of the folder `keys` and the records into an open file.

    Args:
        settings: The table `[store]`.
        out: The file.
        keys: Folder of the dashboard's keys; None = without.
        records: Folder of the records; None = without. It may be in use.
        with_sound: False = without the files of recorded calls, whose rows and received journals are there all the same.

    Raises:
        StoreError: there is no database.
        OSError, sqlalchemy.exc.SQLAlchemyError: it cannot be written or read.
    """
    if settings.is_sqlite and not settings.file().exists():
        raise StoreError.of("store_not_there", file=settings.file())
    lines = _Digested(out)
    if records is not None and not records.is_dir():
        records = None
    with reading(settings) as connection:
        version = version_in(connection).found
    if version is None:
        raise StoreError.of("store_empty")
    form = FORMAT if records is None else FORMAT_WITH_RECORDS
    lines.put({"kikimori_backup": form, "schema": version, "made_at": time_text(datetime.now(UTC))})
    if records is not None:
        for each in open_journals(records):
            lines.put_file(each, records)
    # One state of the database, later than that of the journals.
    with reading(settings) as connection:
        if version_in(connection).found != version:
            raise StoreError.of("store_migrating")
        rows = _write_rows(connection, lines)
        if records is not None:
            for below in _folders_of_calls(connection) if with_sound else ():
                for each in files_of_call(records, below):
                    lines.put_file(each, records)
    if records is not None:
        for name in SINGLE:
            lines.put_file(records / name, records)
    names = []
    for each in sorted(keys.glob(KEYS)) if keys else ():
        lines.put({"file": each.name, "content": each.read_text(encoding="utf-8")})
        names.append(each.name)
    lines.put({"end": rows, "sha256": lines.digest.hexdigest()})
    out.flush()
    os.fsync(out.fileno())
    return BackupDone(version, rows, tuple(names), lines.files, lines.file_bytes)


def tables_of(connection: Connection) -> list[Table]:
    """Return the tables as they are there, those first to which others refer, without what follows from others."""
    found = MetaData()
    found.reflect(connection, only=lambda name, _: not name.startswith(SEARCH))
    return [each for each in found.sorted_tables if each.name != ALEMBIC]


class _Digested:
    """Lines of JSON and files on their way into a backup, with the digest of all."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self.digest = hashlib.sha256()
        self.files = 0
        self.file_bytes = 0

    def put(self, said: Mapping[str, Any]) -> None:
        self._add(json.dumps(said).encode() + b"\n")

    def put_file(self, path: Path, records: Path) -> None:
        """Put a file of the records; nothing where it is gone."""
        if (size := put_file(path, records, self.put, self._add)) is not None:
            self.files += 1
            self.file_bytes += size

    def _add(self, data: bytes) -> None:
        self.digest.update(data)
        self._out.write(data)


def _write_rows(connection: Connection, out: _Digested) -> dict[str, int]:
    rows = {}
    for table in tables_of(connection):
        rows[table.name] = 0
        query = select(table).order_by(*table.primary_key)
        for row in connection.execute(query).yield_per(AT_ONCE).mappings():
            out.put({"table": table.name, "row": dict(row)})
            rows[table.name] += 1
    return rows


def _folders_of_calls(connection: Connection) -> Iterator[str]:
    """Give the folders of recorded calls, relative to that of the records."""
    query = select(recorded_calls.c.sound_path).where(recorded_calls.c.sound_path.is_not(None))
    yield from connection.execute(query.order_by(recorded_calls.c.uid)).yield_per(AT_ONCE).scalars()
