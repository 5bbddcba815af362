"""Faults that a database's driver reports, in a sentence with the next step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.engine import make_url

from kikimori_records.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy.exc import DBAPIError

    from kikimori_records.settings import StoreSettings

WRONG_LOGIN = ("28000", "28P01")
NO_DATABASE = "3D000"
NO_RIGHT = "42501"


def is_lasting(error: DBAPIError) -> bool:
    """Return whether waiting does not help: a wrong password, a database that is not there."""
    if _state(error) in (*WRONG_LOGIN, NO_DATABASE, NO_RIGHT):
        return True
    # psycopg gives refusals at the connection without their code.
    said = str(error.orig)
    return "password authentication failed" in said or "no password supplied" in said or _no_database(said)


def explained(error: DBAPIError, settings: StoreSettings) -> StoreError:
    """Return the fault in words; none of them holds a password or a row."""
    if settings.is_sqlite:
        return StoreError(
            f"{settings.file()}: {error.orig}",
            next_step="make room on the disk, give this user the folder, or restore a backup: kikimori store restore",
        )
    url = make_url(settings.url)
    where = f"PostgreSQL at {url.host or 'its socket'}, database {url.database}"
    said = str(error.orig)
    if _state(error) in WRONG_LOGIN or "password" in said:
        return StoreError(
            f"{where}: refuses the user {url.username or '(none)'}",
            next_step="check the user in [store] url and the password in [store] password_file",
        )
    if _state(error) == NO_DATABASE or _no_database(said):
        return StoreError(
            f"{where}: there is no such database",
            next_step=f"on the server: createdb --owner={url.username or 'kikimori'} {url.database}",
        )
    if _state(error) == NO_RIGHT:
        return StoreError(
            f"{where}: the user {url.username} may not do this",
            next_step=f"on the server: ALTER DATABASE {url.database} OWNER TO {url.username}",
        )
    return StoreError(f"{where}: does not answer", next_step="is the server running, and the address right?")


def _no_database(said: str) -> bool:
    return 'database "' in said and "does not exist" in said


def _state(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)
