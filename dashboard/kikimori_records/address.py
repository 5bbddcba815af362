"""Addresses and options of the engines: SQLite or PostgreSQL, for the event loop or for migrations in a thread."""

from __future__ import annotations

import logging
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.engine import URL, create_engine, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from kikimori_records.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

    from kikimori_records.settings import StoreSettings

CONNECT_WITHIN_S = 3
BUSY_S = 10
POSTGRES_ARGUMENTS: dict[str, Any] = {
    "connect_timeout": CONNECT_WITHIN_S,
    "application_name": "kikimori",
    # A server that is cut off is noticed in seconds, not in the kernel's quarter of an hour.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 8000,
}
READING = "kikimori_reading"
"""Execution option of a connection that only reads."""


def address(settings: StoreSettings, *, in_thread: bool = False) -> URL:
    """Return SQLAlchemy's address of the database, with the password; raises StoreError."""
    if settings.is_sqlite:
        return URL.create("sqlite" if in_thread else "sqlite+aiosqlite", database=str(settings.file()))
    try:
        given = make_url(settings.url)
    except ArgumentError:
        raise StoreError.of("store_no_address") from None
    return given.set(drivername="postgresql+psycopg", password=settings.password())


def loop_engine(settings: StoreSettings) -> AsyncEngine:
    """Return the engine for the event loop. SQLite works in threads of aiosqlite's."""
    # Where a task is cancelled its connection is thrown away, and the pool prints a traceback of that; real failures
    # reach whoever asked.
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
    if settings.is_sqlite:
        made = create_async_engine(address(settings), connect_args={"timeout": BUSY_S})
        _set_up_sqlite(made.sync_engine)
        return made
    return create_async_engine(
        address(settings), connect_args=POSTGRES_ARGUMENTS, pool_size=5, max_overflow=10
    )


def thread_engine(settings: StoreSettings) -> Engine:
    """Return the engine for migrations, to be used in one thread; it keeps no connection."""
    if settings.is_sqlite:
        made = create_engine(
            address(settings, in_thread=True), poolclass=NullPool, connect_args={"timeout": BUSY_S}
        )
        _set_up_sqlite(made)
        return made
    return create_engine(
        address(settings, in_thread=True), poolclass=NullPool, connect_args=POSTGRES_ARGUMENTS
    )


@contextmanager
def reading(settings: StoreSettings) -> Iterator[Connection]:
    """Give a connection for a thread that sees one state of the database, whatever is written meanwhile."""
    options: dict[str, Any] = {READING: True}
    if not settings.is_sqlite:
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with thread_engine(settings).execution_options(**options).connect() as connection, connection.begin():
        yield connection


def _set_up_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _: object) -> None:
        # The driver's own transactions leave out changes of tables; ours begin below.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # Who will write says so at once: a reader that turns writer may find the file changed meanwhile.
        reading = connection.get_execution_options().get(READING, False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    @event.listens_for(engine, "invalidate")
    def give_up(connection: Any, _record: object, _error: object) -> None:
        # A statement that was cancelled keeps the closed connection, and its lock, until Python forgets its cursor.
        with suppress(Exception):
            connection.rollback()
