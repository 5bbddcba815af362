"""Tables of the outbox, and the migration of a file of the version before, with its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from kikimori.bus.kept import KeptAlert, keep
from kikimori_core.wire.former_topics import FORMER_ROOT
from kikimori_core.wire.messages import Alert, BadMessageError

if TYPE_CHECKING:
    import sqlite3

log = structlog.get_logger()

SCHEMA_VERSION = 2

COLUMNS = ("alert_id", "revision", "rank", "is_open", "payload", "updated_at", "shown_from", "held", "drawn")
"""Columns of the table `alert`: the fields of a `KeptAlert`, in order."""

_ALERT = """
CREATE TABLE alert (
    alert_id TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    rank INTEGER NOT NULL,
    is_open INTEGER NOT NULL,
    payload BLOB NOT NULL,
    updated_at REAL NOT NULL,
    shown_from INTEGER NOT NULL,
    held INTEGER NOT NULL,
    drawn INTEGER NOT NULL
) STRICT;
"""
_LIVE_CALL = "CREATE TABLE live_call (call_id TEXT PRIMARY KEY) STRICT;"


class VersionError(Exception):
    """The database was written by a newer version of the program."""


def prepare_schema(database: sqlite3.Connection) -> tuple[str, ...]:
    """Make the tables, or migrate those of version 1; return the ids of alerts taken over from version 1.

    Raises:
        VersionError: a newer version wrote the file.
    """
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise VersionError(f"database version {version}, this program knows {SCHEMA_VERSION}")
    if version == SCHEMA_VERSION:
        return ()
    database.execute("BEGIN IMMEDIATE")
    try:
        database.execute(_ALERT)
        taken: tuple[str, ...] = ()
        if version == 0:
            database.execute(_LIVE_CALL)
        else:
            taken = _take_over(database)
        database.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        database.execute("COMMIT")
    except BaseException:
        database.execute("ROLLBACK")
        raise
    return taken


def _take_over(database: sqlite3.Connection) -> tuple[str, ...]:
    """Turn the queue of publications of version 1 into the last revision of each alert, none of them acknowledged."""
    open_ids = {alert_id for (alert_id,) in database.execute("SELECT alert_id FROM open_alert")}
    payloads = [payload for (payload,) in database.execute("SELECT payload FROM open_alert")]
    queued = database.execute("SELECT topic, payload FROM outgoing ORDER BY id").fetchall()
    payloads += [payload for topic, payload in queued if topic.startswith(FORMER_ROOT) and payload]
    kept: dict[str, KeptAlert] = {}
    for payload in payloads:
        try:
            alert = Alert.from_bytes(payload)
        except BadMessageError as error:
            log.error("outbox_alert_unreadable", reason=str(error))
            continue
        before = kept.get(alert.alert_id)
        if before is None or before.revision <= alert.revision:
            kept[alert.alert_id] = keep(alert, payload, before)
    database.executemany(
        f"INSERT INTO alert ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})",  # noqa: S608 - our own names
        [[getattr(each, column) for column in COLUMNS] for each in kept.values()],
    )
    database.execute("DROP TABLE outgoing")
    database.execute("DROP TABLE open_alert")
    log.info("outbox_migrated", alerts=len(kept), left_open=len(open_ids))
    return tuple({**dict.fromkeys(kept), **dict.fromkeys(open_ids)})
