"""Backup of a store in one file of JSON lines, the same for both engines.

An own format and not pg_dump: one command for every office, no program of the server's version on this machine, and a
backup of SQLite can be restored into PostgreSQL. Lines: a head with the schema's version, rows table by table in an order
that foreign keys allow, files of the folder, an end with the number of rows and a digest of all lines before.
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
from kikimori_records.columns import time_text
from kikimori_records.errors import StoreError
from kikimori_records.migrating import version_in

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sqlalchemy import Connection, Table

    from kikimori_records.settings import StoreSettings

FORMAT = 1
ALEMBIC = "alembic_version"
KEYS = "keys-*-dashboard.json"
AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class BackupDone:
    """Content of a backup that was written or restored."""

    schema: str
    rows: dict[str, int]
    files: tuple[str, ...]


def back_up(settings: StoreSettings, out: IO[bytes], keys: Path | None = None) -> BackupDone:
    """Write one state of the database, and the dashboard's keys of the folder `keys`, into an open file.

    Raises:
        StoreError: there is no database.
        OSError, sqlalchemy.exc.SQLAlchemyError: it cannot be written or read.
    """
    if settings.is_sqlite and not settings.file().exists():
        raise StoreError.of("store_not_there", file=settings.file())
    with reading(settings) as connection:
        done = _write(connection, _Digested(out), sorted(keys.glob(KEYS)) if keys else [])
    out.flush()
    os.fsync(out.fileno())
    return done


def tables_of(connection: Connection) -> list[Table]:
    """Return the tables as they are there, those first to which others refer."""
    found = MetaData()
    found.reflect(connection)
    return [each for each in found.sorted_tables if each.name != ALEMBIC]


class _Digested:
    """Lines of JSON on their way into a file, with the digest of all."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self.digest = hashlib.sha256()

    def put(self, said: dict[str, Any]) -> None:
        line = json.dumps(said).encode() + b"\n"
        self.digest.update(line)
        self._out.write(line)


def _write(connection: Connection, out: _Digested, files: Iterable[Path]) -> BackupDone:
    version = version_in(connection).found
    if version is None:
        raise StoreError.of("store_empty")
    out.put({"kikimori_backup": FORMAT, "schema": version, "made_at": time_text(datetime.now(UTC))})
    rows = {}
    for table in tables_of(connection):
        rows[table.name] = 0
        for row in (
            connection.execute(select(table).order_by(*table.primary_key)).yield_per(AT_ONCE).mappings()
        ):
            out.put({"table": table.name, "row": dict(row)})
            rows[table.name] += 1
    names = []
    for each in files:
        out.put({"file": each.name, "content": each.read_text(encoding="utf-8")})
        names.append(each.name)
    out.put({"end": rows, "sha256": out.digest.hexdigest()})
    return BackupDone(version, rows, tuple(names))
