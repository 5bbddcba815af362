"""Removal of one kind of data from recorded calls: first the files, then the rows, in one transaction.

Cut off in between, the rows still name what is to go, and the next run does all of it again.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from kikimori_records.calls.tables import (
    recorded_alerts,
    recorded_calls,
    recorded_events,
    recorded_lines,
)
from kikimori_records.errors import StoreError
from kikimori_records.keeping.call_files import OF_SOUND, remove_files
from kikimori_records.keeping.days import DataKind
from kikimori_records.keeping.stripped import OF_NUMBER, OF_WORDS, without
from kikimori_records.keeping.tables import erasures, removals
from kikimori_records.keeping.traces import note_traces
from kikimori_records.proof.verify_alone import MANIFEST, leaf_hash
from kikimori_records.schema import call_notes, endings, reviews, stop_requests
from kikimori_records.search.indexing import put_again, take_out

if TYPE_CHECKING:
    from collections.abc import Container, Sequence
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.store import Store

WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class RemovalCause:
    """Cause of a removal, as the call's row names it."""

    by: str
    reason: str
    at: datetime
    erasure_id: str | None = None
    """None = its age."""


async def remove(store: Store, folder: Path, kind: DataKind, uids: Sequence[str], cause: RemovalCause) -> int:
    """Remove data of one kind from calls, and return the bytes of sound that went. It may be repeated.

    A call whose files cannot be removed does not keep the others.

    Raises:
        OSError, StoreError: files of a call cannot be removed, whose row has not changed; or the database is away.
    """
    rows = await _rows(store, uids)
    names = {DataKind.SOUND: OF_SOUND, DataKind.WORDS: (), DataKind.NUMBER: (MANIFEST,), DataKind.CALL: None}
    rows, error = await asyncio.to_thread(_without_files, folder, rows, names[kind])
    async with store.begin(within_s=WITHIN_S) as connection:
        await overwrite_deleted(connection)
        for each in rows:
            await _CHANGES[kind](connection, each, cause)
        await _note(connection, kind, rows, cause)
        if rows:
            await note_traces(connection)
    if error is not None:
        raise error
    return sum(each.sound_bytes for each in rows) if kind in (DataKind.SOUND, DataKind.CALL) else 0


def _without_files(
    folder: Path, rows: Sequence[Any], names: Container[str] | None
) -> tuple[list[Any], OSError | StoreError | None]:
    """Remove the files of calls, return the rows of those that are rid of them, and the first error of another."""
    done: list[Any] = []
    error: OSError | StoreError | None = None
    for each in rows:
        try:
            remove_files(folder, each.sound_path, names)
            done.append(each)
        except (OSError, StoreError) as failed:
            error = error or failed
    return done, error


async def overwrite_deleted(connection: AsyncConnection) -> None:
    """Make SQLite overwrite with zeros what the connection deletes from now on."""
    if connection.dialect.name == "sqlite":
        await connection.exec_driver_sql("PRAGMA secure_delete=ON")


async def _rows(store: Store, uids: Sequence[str]) -> Sequence[Any]:
    async with store.read(within_s=WITHIN_S) as connection:
        query = select(recorded_calls).where(recorded_calls.c.uid.in_(uids)).order_by(recorded_calls.c.uid)
        return (await connection.execute(query)).all()


async def _sound(connection: AsyncConnection, row: Any, _cause: RemovalCause) -> None:
    await _set(connection, row, sound="erased", sound_bytes=0)


async def _words(connection: AsyncConnection, row: Any, _cause: RemovalCause) -> None:
    await connection.execute(delete(recorded_lines).where(recorded_lines.c.uid == row.uid))
    await _strip(connection, row, OF_WORDS)
    await connection.execute(update(endings).where(endings.c.call_id == row.call_id).values(words=None))
    await put_again(connection, row.uid)


async def _number(connection: AsyncConnection, row: Any, _cause: RemovalCause) -> None:
    await _strip(connection, row, OF_NUMBER)
    # The manifest names the caller, so it goes; its leaf stays.
    await _set(connection, row, caller_number=None, caller_name=None, **_only_leaf(row))
    await put_again(connection, row.uid)


async def _call(connection: AsyncConnection, row: Any, cause: RemovalCause) -> None:
    await take_out(connection, row.uid)
    for table in (recorded_lines, recorded_events):
        await connection.execute(delete(table).where(table.c.uid == row.uid))
    if cause.erasure_id is not None or not await _has_another_part(connection, row):
        for of_call in (call_notes, reviews, endings, stop_requests):
            await connection.execute(delete(of_call).where(of_call.c.call_id == row.call_id))
    await connection.execute(
        update(recorded_alerts).where(recorded_alerts.c.uid == row.uid).values(revisions=[])
    )
    gone: dict[str, Any] = {"caller_number": None, "caller_name": None, "sound_path": None, "sound_bytes": 0}
    if cause.erasure_id is None:
        gone |= {"operator_number": None, "operator_name": None, "person_id": None}
    why = {"erased_at": cause.at, "erased_by": cause.by, "erasure_reason": cause.reason}
    await _set(connection, row, sound="erased", **gone, **why, **_only_leaf(row))


async def _has_another_part(connection: AsyncConnection, row: Any) -> bool:
    """Return whether the history keeps another part of a call, which an agent recorded that was restarted meanwhile."""
    c = recorded_calls.c
    others = (c.call_id == row.call_id, c.uid != row.uid, c.erased_at.is_(None))
    return (await connection.execute(select(c.uid).where(*others).limit(1))).first() is not None


_CHANGES = {
    DataKind.SOUND: _sound,
    DataKind.WORDS: _words,
    DataKind.NUMBER: _number,
    DataKind.CALL: _call,
}


def _only_leaf(row: Any) -> dict[str, str | None]:
    """Return columns of the proof: the leaf alone, without what it was made from."""
    if row.salt is None or row.manifest_hash is None:
        return {"salt": None, "manifest_hash": None}
    leaf = leaf_hash(bytes.fromhex(row.salt), bytes.fromhex(row.manifest_hash))
    return {"salt": None, "manifest_hash": None, "leaf": leaf.hex()}


async def _set(connection: AsyncConnection, row: Any, **values: Any) -> None:
    await connection.execute(update(recorded_calls).where(recorded_calls.c.uid == row.uid).values(**values))


async def _strip(connection: AsyncConnection, row: Any, names: frozenset[str]) -> None:
    for table, column in ((recorded_alerts, "revisions"), (recorded_events, "body")):
        keys = list(table.primary_key)
        found = await connection.execute(select(*keys, table.c[column]).where(table.c.uid == row.uid))
        for *key, value in found.all():
            less = without(value, names)
            if less != value:
                this = [column_of == part for column_of, part in zip(keys, key, strict=True)]
                await connection.execute(update(table).where(*this).values({column: less}))


async def _note(
    connection: AsyncConnection, kind: DataKind, rows: Sequence[Any], cause: RemovalCause
) -> None:
    """Write that the data is gone; a repeated removal changes nothing of the first one's note."""
    uids = [each.uid for each in rows]
    known = select(removals.c.uid).where(removals.c.uid.in_(uids), removals.c.kind == kind.value)
    there = set((await connection.execute(known)).scalars())
    new = [each for each in uids if each not in there]
    if not new:
        return
    values = {"kind": kind.value, "at": cause.at, "erasure_id": cause.erasure_id}
    await connection.execute(insert(removals), [{"uid": each, **values} for each in new])
    if cause.erasure_id is not None:
        counted = update(erasures).where(erasures.c.id == cause.erasure_id)
        await connection.execute(counted.values(calls=erasures.c.calls + len(new)))
