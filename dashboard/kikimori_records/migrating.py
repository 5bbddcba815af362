"""Schema of a database: its version, and migrations by Alembic. Everything here blocks; it runs in a thread.

SQLite is migrated at the dashboard's start, after a copy of the file. PostgreSQL is migrated by `kikimori store migrate`
alone. Of several migrations at once one works and the others wait.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from kikimori_core.messages import text as words
from kikimori_records import locks
from kikimori_records.address import thread_engine
from kikimori_records.columns import time_text
from kikimori_records.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from kikimori_records.settings import StoreSettings

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK_NUMBER = 0x6B696B69
"""Number of PostgreSQL's advisory lock for migrations."""


COPY_TIME = "%Y%m%dT%H%M%S%fZ"
"""Form of the time in the name of a copy."""


@dataclass(frozen=True, slots=True)
class SchemaVersion:
    """Version of a database's schema beside the one that this program needs."""

    found: str | None
    """None = an empty database."""
    needed: str
    known: bool
    """False = made by a later version of this program."""

    @property
    def fits(self) -> bool:
        return self.found == self.needed


@dataclass(frozen=True, slots=True)
class Migrated:
    """Result of a migration."""

    before: str | None
    after: str
    copy: Path | None = None
    """Copy of SQLite's file as it was."""


def newest_version() -> str:
    found = _scripts().get_current_head()
    assert found is not None  # noqa: S101  (there is a first migration)
    return found


def known_versions() -> set[str]:
    return {each.revision for each in _scripts().walk_revisions()}


def version_in(connection: Connection) -> SchemaVersion:
    """Return the version of an open database's schema."""
    found = MigrationContext.configure(connection).get_current_revision()
    return SchemaVersion(found, newest_version(), found is None or found in known_versions())


def migrate(settings: StoreSettings) -> Migrated:
    """Bring the database to the schema that this program needs, after a copy of SQLite's file where it has rows.

    Raises:
        StoreError: it was made by a later version; another migration does not end.
        sqlalchemy.exc.SQLAlchemyError: the database refuses.
        OSError: SQLite's file cannot be copied.
    """
    engine = thread_engine(settings)
    with _alone(settings), engine.connect() as connection:
        with connection.begin():
            version = version_in(connection)
        if not version.known:
            raise later_version(version)
        if version.fits:
            return Migrated(version.found, version.needed)
        copy = copy_of(settings.file()) if settings.is_sqlite and version.found is not None else None
        with connection.begin():
            upgrade(connection)
        return Migrated(version.found, version.needed, copy)


def upgrade(connection: Connection, to: str = "head") -> None:
    """Bring an open database to a version of the schema, in the transaction of the connection; raises StoreError."""
    if connection.dialect.name == "postgresql":
        _lock(connection)
    is_new = version_in(connection).found is None
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, to)
    if is_new:
        connection.execute(
            text("INSERT INTO notes_of_store (key, value) VALUES ('made_at', :at)"),
            {"at": time_text(datetime.now(UTC))},
        )


def later_version(version: SchemaVersion) -> StoreError:
    return StoreError.of("store_of_later_version", found=version.found, needed=version.needed)


def copy_of(file: Path) -> Path:
    """Copy SQLite's file, also while it is in use, to a name with the time; for its user alone. Raises OSError."""
    copy = file.with_name(f"{file.stem}.before-{datetime.now(UTC):{COPY_TIME}}{file.suffix}")
    os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
    except sqlite3.Error as error:
        copy.unlink(missing_ok=True)
        raise OSError(None, words("not_copied", reason=error), str(file)) from error
    return copy


def remove_copies(file: Path, before: datetime) -> int:
    """Remove the copies of SQLite's file that were made before a time; return how many. It blocks. Raises OSError."""
    found = 0
    for copy in sorted(file.parent.glob(f"{file.stem}.before-*{file.suffix}")):
        said = copy.name.removeprefix(f"{file.stem}.before-").removesuffix(file.suffix)
        try:
            made_at = datetime.strptime(said, COPY_TIME).replace(tzinfo=UTC)
        except ValueError:
            continue
        if made_at < before:
            copy.unlink(missing_ok=True)
            found += 1
    return found


@contextmanager
def _alone(settings: StoreSettings) -> Iterator[None]:
    if not settings.is_sqlite:
        yield
        return
    with locks.migrating(settings.folder()):
        yield


def _lock(connection: Connection) -> None:
    """Take PostgreSQL's lock until the transaction ends; raises StoreError."""
    until = time.monotonic() + locks.WITHIN_S
    while not connection.scalar(text("SELECT pg_try_advisory_xact_lock(:number)"), {"number": LOCK_NUMBER}):
        if time.monotonic() > until:
            raise StoreError.of("store_migrating")
        time.sleep(locks.EVERY_S)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
