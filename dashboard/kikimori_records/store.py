"""Open store: transactions on SQLite or PostgreSQL, and whether the database answers."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError

from kikimori_core.messages import text as words
from kikimori_records import locks
from kikimori_records.address import READING, loop_engine
from kikimori_records.audit.waiting import WaitingEntries
from kikimori_records.disk import make_private, require_local
from kikimori_records.errors import StoreAwayError, StoreError
from kikimori_records.faults import explained, is_lasting
from kikimori_records.migrating import later_version, migrate, version_in

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from kikimori_records.settings import StoreSettings

log = structlog.get_logger()

RETRY_S = 1.0
"""Interval in s between attempts while the database is away; in between every transaction is refused at once."""
FIRST_WORD_WITHIN_S = 2.0
WITHIN_S = 10.0
"""Longest time in s for one transaction; then its connection is cut."""


class Store:
    """Database of an office. `away` while it does not answer; every transaction tries again."""

    def __init__(self, settings: StoreSettings, engine: AsyncEngine, serving: locks.FileLock | None) -> None:
        """Use `open` instead."""
        self.settings = settings
        self._engine = engine
        self._serving = serving
        self._away = False
        self._retry_at = 0.0
        self._fits = False
        self.waiting = WaitingEntries(settings.folder())
        """Entries of the audit that are not in the database yet."""
        self.auditing = asyncio.Lock()
        """Held by who appends to the audit, so that the order is kept."""

    @classmethod
    async def open(cls, settings: StoreSettings, *, beside: bool = False) -> Store:
        """Open the store. SQLite's file is made and migrated; PostgreSQL may be away, and is looked at later.

        Args:
            settings: The table `[store]`.
            beside: True = for a command beside a running dashboard; a dashboard alone holds SQLite's lock.

        Raises:
            StoreError: a sentence with the next step.
        """
        if settings.is_sqlite:
            lock = await asyncio.to_thread(_prepare_sqlite, settings, beside=beside)
        else:
            lock = None
            await asyncio.to_thread(_prepare_folder, settings)
        store = cls(settings, loop_engine(settings), lock)
        try:
            await store.waiting.load()
            with suppress(StoreAwayError):
                async with store.read():
                    pass
        except BaseException:
            await store.close()
            raise
        return store

    @property
    def away(self) -> bool:
        """Return whether the database did not answer the last transaction."""
        return self._away

    @asynccontextmanager
    async def begin(self, *, within_s: float = WITHIN_S) -> AsyncGenerator[AsyncConnection]:
        """Give a connection in a transaction that is committed at the end, undone by an exception.

        Raises:
            StoreAwayError: the database does not answer; nothing of the transaction is kept, unless the answer to its
                commit was lost.
            StoreError: a person must do something: migrate, mend the address or the password.
        """
        async with self._transaction(self._engine, within_s) as connection:
            yield connection

    @asynccontextmanager
    async def read(self, *, within_s: float = WITHIN_S) -> AsyncGenerator[AsyncConnection]:
        """Give a connection that reads one state of the database; see `begin`. On SQLite no writer waits for it."""
        options: dict[str, Any] = {READING: True}
        if not self.settings.is_sqlite:
            options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        async with self._transaction(self._engine.execution_options(**options), within_s) as connection:
            yield connection

    async def close(self) -> None:
        await self._engine.dispose()
        if self._serving is not None:
            self._serving.release()
            self._serving = None

    @asynccontextmanager
    async def _transaction(self, engine: AsyncEngine, within_s: float) -> AsyncGenerator[AsyncConnection]:
        now = asyncio.get_running_loop().time()
        if self._away:
            if now < self._retry_at:
                raise StoreAwayError.of("store_away")
            self._retry_at = now + RETRY_S
        try:
            async with self._connected(engine, within_s) as connection, connection.begin():
                if not self._fits:
                    await self._require_schema(connection)
                yield connection
        except (OperationalError, InterfaceError) as error:
            raise self._lost(error) from error
        except DBAPIError as error:
            if error.connection_invalidated:
                raise self._lost(error) from error
            raise
        if self._away:
            self._away = False
            log.info("store_back")

    @asynccontextmanager
    async def _connected(self, engine: AsyncEngine, within_s: float) -> AsyncGenerator[AsyncConnection]:
        """Give a connection that answers: those from before a restart of the server are given up."""
        connection = await engine.connect()
        cut = None
        try:
            if not self.settings.is_sqlite:
                try:
                    await _first_word(connection)
                except (OperationalError, InterfaceError):
                    await connection.close()
                    await engine.dispose()
                    connection = await engine.connect()
                    await _first_word(connection)
                cut = _Cut(connection, within_s)
            yield connection
        finally:
            if cut is not None:
                cut.cancel()
            with suppress(SQLAlchemyError, OSError):
                await connection.close()

    async def _require_schema(self, connection: AsyncConnection) -> None:
        version = await connection.run_sync(version_in)
        if not version.known:
            raise later_version(version)
        if not version.fits:
            found = version.found or "none"
            raise StoreError.of("store_needs_migration", found=found, needed=version.needed)
        self._fits = True

    def _lost(self, error: DBAPIError) -> StoreError:
        if is_lasting(error):
            return explained(error, self.settings)
        if not self._away:
            log.warning("store_away", error=type(error.orig).__name__)
        self._away = True
        self._retry_at = asyncio.get_running_loop().time() + RETRY_S
        return StoreAwayError(words("store_away"), next_step=explained(error, self.settings).message)


class _Cut:
    """Ends a connection whose server answers nothing for too long; its waiting statement then fails."""

    def __init__(self, connection: AsyncConnection, within_s: float) -> None:
        self._connection = connection
        self._timer = asyncio.get_running_loop().call_later(within_s, self._cut)

    def cancel(self) -> None:
        self._timer.cancel()

    def _cut(self) -> None:
        pooled = self._connection.sync_connection
        raw = None if pooled is None or pooled.closed else pooled.connection.driver_connection
        if raw is None or raw.closed:
            return
        # The number stays libpq's; a copy of it is shut, which shuts the connection.
        with suppress(OSError), socket.socket(fileno=os.dup(raw.fileno())) as copy:
            copy.shutdown(socket.SHUT_RDWR)


async def _first_word(connection: AsyncConnection) -> None:
    cut = _Cut(connection, FIRST_WORD_WITHIN_S)
    try:
        await connection.execute(text("SELECT 1"))
        await connection.rollback()
    finally:
        cut.cancel()


def _prepare_folder(settings: StoreSettings) -> None:
    """Make the folder; raises StoreError."""
    try:
        settings.folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _no_folder(error, settings) from error


def _prepare_sqlite(settings: StoreSettings, *, beside: bool) -> locks.FileLock | None:
    """Make and migrate the file, and return the lock of the one dashboard; None for a command beside one.

    A command migrates too, but only where no dashboard runs: it would find its tables changed.

    Raises:
        StoreError: another dashboard runs, a network file system, a file that cannot be used.
    """
    folder = settings.folder()
    lock = None
    try:
        _prepare_folder(settings)
        require_local(folder)
        lock = locks.FileLock.take(folder / locks.SERVING) if beside else locks.serving(folder)
        make_private(settings.file())
        if lock is not None:
            done = migrate(settings)
            if done.before != done.after:
                log.info("store_migrated", before=done.before, after=done.after)
    except BaseException as error:
        if lock is not None:
            lock.release()
        if isinstance(error, DBAPIError):
            raise explained(error, settings) from error
        if isinstance(error, OSError):
            raise _no_folder(error, settings) from error
        raise
    if beside and lock is not None:
        lock.release()
        return None
    return lock


def _no_folder(error: OSError, settings: StoreSettings) -> StoreError:
    path = error.filename or settings.folder()
    return StoreError.of("store_folder_refused", path=path, reason=error.strerror or error)
