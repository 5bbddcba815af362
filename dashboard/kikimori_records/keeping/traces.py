"""Traces that deleted rows leave in the database's own files: its log, and its index of words."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from kikimori_records.address import thread_engine
from kikimori_records.search.fts5 import forget_removed

if TYPE_CHECKING:
    from kikimori_records.settings import StoreSettings

log = structlog.get_logger()

FORGET_WITHIN_S = 10.0
"""Time in s for which the emptying of SQLite's log waits for others that read."""
EMPTY_WITHIN_S = 2.0
"""The same where it is emptied by itself, which happens often: for so long others that write may wait."""
REWRITTEN = (
    "recorded_calls",
    "recorded_lines",
    "recorded_alerts",
    "recorded_events",
    "legal_holds",
    "call_notes",
    "reviews",
    "endings",
    "stop_requests",
    "customers",
    "customer_numbers",
    "search_calls",
    "search_terms",
)


def forget_deleted(settings: StoreSettings) -> None:
    """Take deleted rows out of the database's files: SQLite's index is written anew and its log emptied, PostgreSQL's dead rows are vacuumed.

    It blocks. Where the database refuses it is done later: SQLite empties its log by itself, PostgreSQL vacuums by itself.
    """
    try:
        if settings.is_sqlite:
            with closing(sqlite3.connect(settings.file(), timeout=FORGET_WITHIN_S)) as connection:
                forget_removed(connection)
                _empty_log(connection)
            return
        engine = thread_engine(settings).execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for table in REWRITTEN:
                connection.execute(text(f"VACUUM {table}"))
    except (sqlite3.Error, SQLAlchemyError) as error:
        log.warning("records_not_vacuumed", error=type(error).__name__)


def empty_log(settings: StoreSettings) -> None:
    """Empty SQLite's log, which holds deleted rows until it is written over; nothing on PostgreSQL. It blocks.

    Others that write wait for it. Where somebody reads for longer it is done the next time.
    """
    if not settings.is_sqlite:
        return
    try:
        with closing(sqlite3.connect(settings.file(), timeout=EMPTY_WITHIN_S)) as connection:
            _empty_log(connection)
    except sqlite3.Error as error:
        log.warning("records_not_vacuumed", error=type(error).__name__)


def _empty_log(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
