"""Rows about journals in the database: positions, faults, and which calls are in the history."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from kikimori_records.schema import journal_faults, journal_positions, recorded_calls

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.journals.faults import JournalFault
    from kikimori_records.journals.incoming import RunKey
    from kikimori_records.journals.journal_run import JournalRun


async def recorded_uid(connection: AsyncConnection, key: RunKey, call: int, call_id: str) -> str | None:
    """Return the uid of a call that is in the history, None where it is not."""
    c = recorded_calls.c
    where = (c.call_id == call_id, c.agent_id == key.agent_id, c.run == key.run, c.call_key == call)
    found: str | None = (await connection.execute(select(c.uid).where(*where))).scalar_one_or_none()
    return found


async def free_uid(connection: AsyncConnection, key: RunKey, call: int, call_id: str) -> str:
    """Return the uid for a call: `<call_id>.<run>`, with the call's key where a PBX has used the name before."""
    usual = f"{call_id}.{key.run}"
    taken = await connection.execute(select(recorded_calls.c.uid).where(recorded_calls.c.uid == usual))
    return usual if taken.scalar_one_or_none() is None else f"{usual}.{call}"


async def write_faults(
    connection: AsyncConnection, key: RunKey, faults: list[JournalFault], now: datetime
) -> None:
    """Write faults of a run; those of one record and code stand in one row, which replaces an earlier one."""
    grouped: dict[tuple[int, str], list[JournalFault]] = defaultdict(list)
    for each in faults:
        grouped[each.number, str(each.code)].append(each)
    for (number, code), group in grouped.items():
        details: dict[str, Any] = {**group[0].details, "count": sum(each.count for each in group)}
        if calls := [each.call for each in group if each.call is not None]:
            details["calls"] = calls
        row = {"agent_id": key.agent_id, "run": key.run, "number": number, "code": code}
        c = journal_faults.c
        same = (c.agent_id == key.agent_id, c.run == key.run, c.number == number, c.code == code)
        await connection.execute(delete(journal_faults).where(*same))
        await connection.execute(insert(journal_faults).values(**row, found_at=now, details=details))


async def write_position(
    connection: AsyncConnection, key: RunKey, journal: JournalRun, now: datetime
) -> None:
    """Note how far a run's journal is here, and when it last came."""
    if not journal.position:
        return
    c = journal_positions.c
    same = (c.agent_id == key.agent_id, c.run == key.run)
    values: dict[str, Any] = {"acknowledged": journal.position}
    if journal.last_at is not None:
        values["last_at"] = journal.last_at
    done = await connection.execute(update(journal_positions).where(*same).values(**values))
    if not done.rowcount:
        times = {"first_at": journal.first_at or now, "last_at": journal.last_at or now}
        row = {"agent_id": key.agent_id, "run": key.run, **values, **times}
        await connection.execute(insert(journal_positions).values(**row))
