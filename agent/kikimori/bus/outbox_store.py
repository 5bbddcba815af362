"""Content of the outbox on disk, in SQLite. Synchronous: used from the outbox's own thread only."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from kikimori.bus.kept import KeptAlert
from kikimori.bus.outbox_schema import COLUMNS, SCHEMA_VERSION, prepare_schema
from kikimori.private_files import make_private_file

MEMORY = ":memory:"


@dataclass(slots=True)
class Content:
    """Everything a store holds."""

    alerts: dict[str, KeptAlert] = field(default_factory=dict)
    live_calls: dict[str, None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Keep:
    """Job: keep an alert in place of an earlier revision."""

    alert: KeptAlert

    def apply(self, content: Content) -> None:
        content.alerts[self.alert.alert_id] = self.alert

    def write(self, store: OutboxStore) -> None:
        store.put(self.alert)


@dataclass(frozen=True, slots=True)
class Drop:
    """Job: delete alerts."""

    alert_ids: tuple[str, ...]

    def apply(self, content: Content) -> None:
        for each in self.alert_ids:
            content.alerts.pop(each, None)

    def write(self, store: OutboxStore) -> None:
        store.delete(self.alert_ids)


@dataclass(frozen=True, slots=True)
class NoteCall:
    """Job: note that a call has a retained topic, or that it was cleared."""

    call_id: str
    live: bool

    def apply(self, content: Content) -> None:
        if self.live:
            content.live_calls[self.call_id] = None
        else:
            content.live_calls.pop(self.call_id, None)

    def write(self, store: OutboxStore) -> None:
        store.set_live(self.call_id, live=self.live)


Change = Keep | Drop | NoteCall


class OutboxStore:
    """An open database. Methods raise `sqlite3.Error`; call them between `begin` and `commit` to write."""

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
        self.migrated = prepare_schema(self._db)
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

    def put(self, alert: KeptAlert) -> None:
        values = [getattr(alert, each) for each in COLUMNS]
        marks = ", ".join("?" * len(COLUMNS))
        self._db.execute(f"INSERT OR REPLACE INTO alert ({', '.join(COLUMNS)}) VALUES ({marks})", values)  # noqa: S608 - our own names

    def delete(self, alert_ids: tuple[str, ...]) -> None:
        self._db.executemany("DELETE FROM alert WHERE alert_id = ?", [(each,) for each in alert_ids])

    def set_live(self, call_id: str, *, live: bool) -> None:
        if live:
            self._db.execute("INSERT OR IGNORE INTO live_call VALUES (?)", (call_id,))
        else:
            self._db.execute("DELETE FROM live_call WHERE call_id = ?", (call_id,))

    def content(self) -> Content:
        rows = self._db.execute(f"SELECT {', '.join(COLUMNS)} FROM alert ORDER BY updated_at")  # noqa: S608 - our own names
        found = [
            KeptAlert(
                alert_id, revision, rank, bool(is_open), payload, at, shown_from, bool(held), bool(drawn)
            )
            for alert_id, revision, rank, is_open, payload, at, shown_from, held, drawn in rows
        ]
        calls = self._db.execute("SELECT call_id FROM live_call")
        return Content({each.alert_id: each for each in found}, dict.fromkeys(call for (call,) in calls))

    def load(self, content: Content) -> None:
        """Replace the content by that of another store."""
        self.begin()
        self._db.execute("DELETE FROM alert")
        self._db.execute("DELETE FROM live_call")
        for alert in content.alerts.values():
            self.put(alert)
        for call_id in content.live_calls:
            self.set_live(call_id, live=True)
        self.commit()


def _create(path: Path) -> None:
    """Create the file for this user alone; its journals get their modes from it. SQLite explains failures."""
    with suppress(OSError):
        make_private_file(path)


def is_corrupt(error: Exception) -> bool:
    """Return whether the error means a damaged file, not a full disk, a missing right or a lock."""
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
