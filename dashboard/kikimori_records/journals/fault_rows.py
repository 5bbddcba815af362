"""Faults of received journals as the database has them, for the people who look after the record."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, select

from kikimori_records.audit.log import append_within
from kikimori_records.columns import time_text
from kikimori_records.schema import journal_faults, notes_of_store, recorded_calls

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Select
    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.people.changes import Author
    from kikimori_records.store import Store

SEEN = "journal_faults_seen"
"""Key of the note until when faults were acknowledged."""
SAMPLES_A_SECOND = 8000
MOST = 1000
_f = journal_faults.c


@dataclass(frozen=True, slots=True)
class FoundFault:
    """Faults of one kind that begin at one record of a run."""

    agent_id: str
    run: str
    number: int
    """Of the first such record."""
    code: str
    found_at: datetime
    records: int
    """Records that did not fit, or that the agent could not read any more."""
    lost_bytes: int
    """Bytes that could not be read on the service's disk."""
    lost_sound_s: float
    """Seconds of sound of all legs that the agent did not write, at 8,000 samples a second."""
    calls: tuple[str, ...]
    """Names of the calls that are in the history and have it."""
    acknowledged: bool

    def fields(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        return {**asdict(self), "found_at": time_text(self.found_at)}


@dataclass(frozen=True, slots=True)
class OpenFaults:
    """Faults that nobody has acknowledged."""

    count: int
    newest: tuple[FoundFault, ...]


async def found_faults(store: Store, *, since: datetime | None = None, most: int = MOST) -> list[FoundFault]:
    """Return faults, newest first. Raises StoreError."""
    async with store.read() as connection:
        return await _found(connection, *(() if since is None else (_f.found_at >= since,)), most=most)


async def open_faults(store: Store, most: int) -> OpenFaults:
    """Return the faults that nobody has acknowledged, the newest of them whole. Raises StoreError."""
    async with store.read() as connection:
        seen = _after(await _seen(connection))
        count = (
            await connection.execute(select(func.count()).select_from(journal_faults).where(*seen))
        ).scalar_one()
        return OpenFaults(count, tuple(await _found(connection, *seen, most=most)))


def count_open(connection: Connection) -> int:
    """Return the number of faults that nobody has acknowledged."""
    value: str | None = connection.execute(_note()).scalar_one_or_none()
    seen = _until(value)
    return connection.execute(
        select(func.count()).select_from(journal_faults).where(*_after(seen))
    ).scalar_one()


async def acknowledge(store: Store, reason: str, by: Author) -> int:
    """Note that somebody has seen to all faults that are known; return their number. One that goes on is new. Raises StoreError."""
    now = datetime.now(UTC)
    async with store.begin() as connection:
        query = select(func.count()).select_from(journal_faults).where(*_after(await _seen(connection)))
        count: int = (await connection.execute(query)).scalar_one()
        await connection.execute(delete(notes_of_store).where(notes_of_store.c.key == SEEN))
        await connection.execute(insert(notes_of_store).values(key=SEEN, value=json.dumps(time_text(now))))
        entry = by.entry("records.acknowledge", "page", "recording", count=count, why=reason)
        await append_within(connection, [entry])
    return count


async def _found(connection: AsyncConnection, *where: ColumnElement[bool], most: int) -> list[FoundFault]:
    seen = await _seen(connection)
    query = select(journal_faults).where(*where).order_by(_f.found_at.desc(), _f.number).limit(most)
    rows = (await connection.execute(query)).mappings().all()
    names = await _names(connection, {(row["agent_id"], row["run"]) for row in rows})
    return [_fault(row, names, seen) for row in rows]


async def _names(connection: AsyncConnection, runs: set[tuple[str, str]]) -> dict[tuple[str, str, int], str]:
    c = recorded_calls.c
    found: dict[tuple[str, str, int], str] = {}
    for agent_id, run in runs:
        query = select(c.call_key, c.uid).where(c.agent_id == agent_id, c.run == run)
        found |= {(agent_id, run, key): uid for key, uid in await connection.execute(query)}
    return found


def _fault(row: Any, names: dict[tuple[str, str, int], str], seen: datetime | None) -> FoundFault:
    said = row["details"]
    keys = [(row["agent_id"], row["run"], key) for key in said.get("calls", ())]
    return FoundFault(
        agent_id=row["agent_id"],
        run=row["run"],
        number=row["number"],
        code=row["code"],
        found_at=row["found_at"],
        records=max(int(said.get("records_lost") or said.get("records") or 0), int(said.get("count", 1))),
        lost_bytes=int(said.get("bytes") or 0),
        lost_sound_s=round(int(said.get("sound_lost") or 0) / SAMPLES_A_SECOND, 1),
        calls=tuple(names[key] for key in keys if key in names),
        acknowledged=seen is not None and row["found_at"] <= seen,
    )


async def _seen(connection: AsyncConnection) -> datetime | None:
    value: str | None = (await connection.execute(_note())).scalar_one_or_none()
    return _until(value)


def _note() -> Select[Any]:
    return select(notes_of_store.c.value).where(notes_of_store.c.key == SEEN)


def _until(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(json.loads(value))


def _after(seen: datetime | None) -> tuple[ColumnElement[bool], ...]:
    return () if seen is None else (_f.found_at > seen,)
