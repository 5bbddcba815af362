"""Traces that deleted rows leave in the database's own files: its log, and its index of words."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from kikimori_records.address import thread_engine
from kikimori_records.search.fts5 import forget_removed
from kikimori_records.store_notes import read_note, write_note

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.settings import StoreSettings
    from kikimori_records.store import Store

log = structlog.get_logger()

KEY = "removal_traces"
"""Note of the store; its value differs after every removal, and is `NONE` where nothing was removed since the traces went."""
NONE = "none"
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


async def note_traces(connection: AsyncConnection) -> None:
    """Note in the transaction of a removal that it leaves traces, which outlasts a restart."""
    await write_note(connection, KEY, uuid4().hex)


async def forget_traces(store: Store) -> None:
    """Take the traces of removals out of the database's files, where there are any; a refusal leaves them for the next time.

    Without a note nobody knows, as earlier versions wrote none: then it is done as well.

    Raises:
        StoreError: the database is away.
    """
    async with store.read() as connection:
        noted = await read_note(connection, KEY)
    if noted == NONE or not await asyncio.to_thread(forget_deleted, store.settings):
        return
    async with store.begin() as connection:
        # What was removed meanwhile has a note of its own.
        if await read_note(connection, KEY) == noted:
            await write_note(connection, KEY, NONE)


def forget_deleted(settings: StoreSettings) -> bool:
    """Take deleted rows out of the database's files: SQLite's index is written anew and its log emptied, PostgreSQL's dead rows are vacuumed.

    It blocks. Return whether it is done: the database may refuse.
    """
    try:
        if settings.is_sqlite:
            with closing(sqlite3.connect(settings.file(), timeout=FORGET_WITHIN_S)) as connection:
                forget_removed(connection)
                _empty_log(connection)
            return True
        engine = thread_engine(settings).execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for table in REWRITTEN:
                connection.execute(text(f"VACUUM {table}"))
    except (sqlite3.Error, SQLAlchemyError) as error:
        log.warning("records_not_vacuumed", error=type(error).__name__)
        return False
    return True


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
