"""The `[store]` table of `kikimori.toml`: which database, and in which folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator

from kikimori_core.errors import secret_fault
from kikimori_core.messages import text
from kikimori_core.wire.files import MadeFolder, SecretFile
from kikimori_core.wire.settings import read_secret
from kikimori_records.errors import StoreError

SQLITE = "sqlite"
POSTGRES = ("postgresql", "postgres")
FILE = "kikimori.sqlite3"
FOLDER = "kikimori-dashboard"
"""Name of the folder below `/var/lib` and `~/.local/state`."""


class StoreSettings(BaseModel):
    """Settings of the database of people, sessions and audit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = SQLITE
    """`sqlite`: a file in `dir`. Else PostgreSQL's address, e.g. `postgresql://kikimori@db.office.example/kikimori`."""
    password_file: SecretFile | None = None
    """File whose first line is PostgreSQL's password. A bare name: see `kikimori_core.wire.settings.secret_path`."""
    dir: MadeFolder | None = None
    """Folder of database, keys and certificates, relative to the configuration file. None = `[dashboard] state_dir`,
    else systemd's `$STATE_DIRECTORY`, else `~/.local/state/kikimori-dashboard`."""
    audit_days: Annotated[int, Field(ge=30, le=36_500)] = 1095
    """Days after which an entry of the audit is removed."""
    session_days: Annotated[int, Field(ge=1, le=3650)] = 90
    """Days after which an ended session is removed."""
    note_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """Days after which a note or a review mark on a call is removed; on a recorded call it is removed with the call."""

    _password: str | None = PrivateAttr(default=None)
    """Password that was read before this process took another user."""

    @field_validator("url")
    @classmethod
    def _known_and_without_password(cls, value: str) -> str:
        if value == SQLITE:
            return value
        parts = urlsplit(value)
        if parts.scheme not in POSTGRES or not parts.path.strip("/"):
            raise ValueError(text("store_url_wrong"))
        # A configuration file is read by more people than a password may be.
        if parts.password is not None or any("password" in key for key, _ in parse_qsl(parts.query)):
            raise ValueError(text("store_url_password"))
        try:
            _ = parts.port
        except ValueError:
            raise ValueError(text("store_url_port")) from None
        return value

    @property
    def is_sqlite(self) -> bool:
        return self.url == SQLITE

    def folder(self) -> Path:
        """Return the folder of database and keys; raises StoreError where this user has none."""
        if self.dir is not None:
            return self.dir
        if given := os.environ.get("STATE_DIRECTORY"):
            return state_folder(given)
        try:
            return Path.home() / ".local" / "state" / FOLDER
        except RuntimeError:
            raise StoreError.of("store_no_folder", name=FOLDER) from None

    def file(self) -> Path:
        """Return the path of SQLite's file."""
        return self.folder() / FILE

    def password(self) -> str | None:
        """Read PostgreSQL's password, None where no file is named; raises StoreError when it cannot be read."""
        if self._password is not None or self.password_file is None:
            return self._password
        try:
            return read_secret(self.password_file)
        except (OSError, UnicodeDecodeError) as error:
            said, step = secret_fault(error, self.password_file, "[store] password_file")
            raise StoreError(said, next_step=step) from None

    def with_password(self) -> Self:
        """Return these settings with the password read: for a process that will be another user."""
        made = self.model_copy()
        made._password = self.password()  # noqa: SLF001 - our own
        return made


def state_folder(given: str) -> Path:
    """Choose from systemd's `$STATE_DIRECTORY`: the folder that holds a database, else the one of that name, else the first."""
    folders = [Path(each) for each in given.split(":")]
    named = [each for each in folders if each.name == FOLDER]
    return next((each for each in folders if (each / FILE).exists()), (*named, *folders)[0])
