"""What the outbox keeps on disk, in SQLite. Synchronous: used from the outbox's own thread only."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kikimori.private_files import make_private_file

if TYPE_CHECKING:
    from collections.abc import Sequence

SCHEMA_VERSION = 1
MEMORY = ":memory:"

_SCHEMA = """
CREATE TABLE outgoing (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    topic TEXT NOT NULL,
    payload BLOB NOT NULL,
    retain INTEGER NOT NULL
) STRICT;
CREATE TABLE open_alert (alert_id TEXT PRIMARY KEY, payload BLOB NOT NULL) STRICT;
CREATE TABLE live_call (call_id TEXT PRIMARY KEY) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One publication, to be sent with QoS 1."""

    topic: str
    payload: bytes
    retain: bool


@dataclass(frozen=True, slots=True)
class Queued:
    """One publication as it stands in the queue; `row` grows with the order of arrival."""

    row: int
    message: Outgoing


@dataclass(frozen=True, slots=True)
class Content:
    """Everything a store holds."""

    queued: tuple[Queued, ...] = ()
    open_alerts: tuple[tuple[str, bytes], ...] = ()
    live_calls: tuple[str, ...] = ()

    def after(self, older: Content) -> Content:
        """Return both, `older` first. Rows of this one keep their numbers: they may be on their way to the broker."""
        below = 1 + max((each.row for each in older.queued), default=0)
        first = tuple(Queued(each.row - below, each.message) for each in older.queued)
        return Content(
            first + self.queued,
            tuple((dict(older.open_alerts) | dict(self.open_alerts)).items()),
            tuple(dict.fromkeys(older.live_calls + self.live_calls)),
        )


class VersionError(Exception):
    """The database was written by a newer version of the program."""


class Store:
    """An open database. Methods raise `sqlite3.Error`; call them inside `with store.transaction():` to write."""

    def __init__(self, path: Path | str) -> None:
        if isinstance(path, Path):
            _create(path)
        # Opened here and used by the writer thread, which is the only one after that.
        self._db = sqlite3.connect(path, isolation_level=None, timeout=1, check_same_thread=False)
        try:
            self._prepare()
        except BaseException:
            self._db.close()
            raise

    def _prepare(self) -> None:
        # Held as long as it is open: a second agent on the same file would send everything twice.
        self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
        self._db.execute("PRAGMA journal_mode=WAL")
        # FULL: a commit is on the disk when it returns, also when the power fails the next moment.
        self._db.execute("PRAGMA synchronous=FULL")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise VersionError(f"database version {version}, this program knows {SCHEMA_VERSION}")
        if version == 0:
            self._db.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version={SCHEMA_VERSION}; COMMIT;")
        (verdict,) = self._db.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        # A folder that turned read-only is only noticed by writing.
        self._db.execute("BEGIN IMMEDIATE")
        self._db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        self._db.execute("COMMIT")

    def begin(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self._db.execute("COMMIT")

    def rollback(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def close(self) -> None:
        self._db.close()

    # --- queue

    def append(self, messages: Sequence[Outgoing]) -> None:
        self._db.executemany(
            "INSERT INTO outgoing (topic, payload, retain) VALUES (?, ?, ?)",
            [(each.topic, each.payload, int(each.retain)) for each in messages],
        )

    def oldest(self, limit: int) -> list[Queued]:
        rows = self._db.execute(
            "SELECT id, topic, payload, retain FROM outgoing ORDER BY id LIMIT ?", (limit,)
        )
        return [Queued(row, Outgoing(topic, payload, bool(retain))) for row, topic, payload, retain in rows]

    def delete(self, row: int) -> None:
        self._db.execute("DELETE FROM outgoing WHERE id = ?", (row,))

    def count(self) -> int:
        (count,) = self._db.execute("SELECT count(*) FROM outgoing").fetchone()
        return int(count)

    # --- what would be left behind by a crash

    def set_open(self, alert_id: str, payload: bytes | None) -> None:
        """Remember an open alert with its last message; None = it was closed."""
        if payload is None:
            self._db.execute("DELETE FROM open_alert WHERE alert_id = ?", (alert_id,))
        else:
            self._db.execute("INSERT OR REPLACE INTO open_alert VALUES (?, ?)", (alert_id, payload))

    def count_from(self, row: int) -> None:
        """Give what is queued from now on numbers beyond `row`."""
        self._db.execute("INSERT INTO sqlite_sequence VALUES ('outgoing', ?)", (row,))

    def set_live(self, call_id: str, *, live: bool) -> None:
        if live:
            self._db.execute("INSERT OR IGNORE INTO live_call VALUES (?)", (call_id,))
        else:
            self._db.execute("DELETE FROM live_call WHERE call_id = ?", (call_id,))

    # --- moving house

    def content(self) -> Content:
        return Content(
            tuple(self.oldest(-1)),
            tuple(self._db.execute("SELECT alert_id, payload FROM open_alert")),
            tuple(call_id for (call_id,) in self._db.execute("SELECT call_id FROM live_call")),
        )

    def load(self, content: Content) -> None:
        """Take over the content of another store, with its row numbers, in place of what is here."""
        self.begin()
        self._db.execute("DELETE FROM outgoing")
        self._db.execute("DELETE FROM open_alert")
        self._db.execute("DELETE FROM live_call")
        self._db.executemany(
            "INSERT INTO outgoing VALUES (?, ?, ?, ?)",
            [(q.row, q.message.topic, q.message.payload, int(q.message.retain)) for q in content.queued],
        )
        self._db.executemany("INSERT INTO open_alert VALUES (?, ?)", content.open_alerts)
        self._db.executemany("INSERT INTO live_call VALUES (?)", [(call,) for call in content.live_calls])
        self.commit()


def _create(path: Path) -> None:
    """Create the file for this user alone; its journals get their modes from it. Why it fails, SQLite says better."""
    with suppress(OSError):
        make_private_file(path)


def is_corrupt(error: Exception) -> bool:
    """Tell a damaged file from a full disk, a missing right or a lock."""
    return type(error) is sqlite3.DatabaseError


def is_locked(error: Exception) -> bool:
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY


def is_in_use(path: Path) -> bool:
    """Return whether a running agent has this database open."""
    if not path.exists():
        return False
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=0)) as database:
            database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        return is_locked(error)
    return False


def set_aside(path: Path) -> Path:
    """Rename a damaged database (and its journal) to the first free `*.corrupt-<n>`; returns the new path."""
    number = 1
    while (aside := path.with_name(f"{path.name}.corrupt-{number}")).exists():
        number += 1
    path.rename(aside)
    for suffix in ("-wal", "-shm"):
        journal = path.with_name(path.name + suffix)
        if journal.exists():
            journal.rename(aside.with_name(aside.name + suffix))
    return aside
