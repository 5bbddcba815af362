"""Faults that a database's driver reports, in a sentence with the next step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.engine import make_url

from kikimori_core.messages import text as words
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
        return StoreError.of("store_sqlite_refuses", file=settings.file(), reason=error.orig)
    url = make_url(settings.url)
    host = url.host or words("store_own_socket")
    where = words("store_postgres_place", host=host, database=url.database)
    said = str(error.orig)
    if _state(error) in WRONG_LOGIN or "password" in said:
        return StoreError.of("store_login_refused", where=where, user=url.username or words("none"))
    if _state(error) == NO_DATABASE or _no_database(said):
        owner = url.username or "kikimori"
        return StoreError.of("store_no_database", where=where, user=owner, database=url.database)
    if _state(error) == NO_RIGHT:
        return StoreError.of("store_no_right", where=where, user=url.username, database=url.database)
    return StoreError.of("store_silent", where=where)


def _no_database(said: str) -> bool:
    return 'database "' in said and "does not exist" in said


def _state(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)
