"""Calls put into the index and taken out of it, within the transaction of whoever changes their rows."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from kikimori_records.calls.tables import recorded_alerts, recorded_calls, recorded_lines
from kikimori_records.search.attributes import tags_of_call
from kikimori_records.search.engines import index_of
from kikimori_records.search.spoken import SpokenWords, spoken_in
from kikimori_records.search.tables import search_calls
from kikimori_records.search.terms import terms_of_call

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection


async def put_call(
    connection: AsyncConnection, call: Mapping[str, Any], kinds: Iterable[str], spoken: SpokenWords
) -> None:
    """Put a call into the index. `call`: the row of `recorded_calls`; `kinds`: those of its alerts."""
    tags = sorted(tags_of_call(call, kinds))
    row = {
        "uid": call["uid"],
        "tags": " ".join(tags),
        "line_numbers": " ".join(map(str, spoken.numbers)),
        "text": spoken.text,
        "readings": spoken.readings,
    }
    number = await _insert(connection, row, round(call["started_at"].timestamp() * 1000))
    terms = await asyncio.to_thread(terms_of_call, spoken.text, spoken.readings, tags)
    await index_of(connection).put(number, terms)


async def put_recorded(connection: AsyncConnection, uid: str) -> None:
    """Put a call into the index as its rows are; an erased one is left out, and one that is changed just now by another."""
    call = await _held(connection, uid, skip_locked=True)
    if call is None or call["erased_at"] is not None:
        return
    c = recorded_lines.c
    query = select(c.number, c.line_id, c.role, c.text).where(c.uid == uid).order_by(c.number)
    lines = [dict(each) for each in (await connection.execute(query)).mappings()]
    kinds = await connection.execute(select(recorded_alerts.c.kind).where(recorded_alerts.c.uid == uid))
    await put_call(connection, dict(call), set(kinds.scalars()), await asyncio.to_thread(spoken_in, lines))


async def take_out(connection: AsyncConnection, uid: str) -> None:
    """Take a call out of the index; nothing where it is not in it."""
    await _held(connection, uid)
    found = await connection.execute(select(search_calls).where(search_calls.c.uid == uid))
    row = found.mappings().one_or_none()
    if row is None:
        return
    terms = await asyncio.to_thread(terms_of_call, row["text"], row["readings"], row["tags"].split())
    await index_of(connection).drop(row["number"], terms)
    await connection.execute(delete(search_calls).where(search_calls.c.uid == uid))


async def put_again(connection: AsyncConnection, uid: str) -> None:
    """Put a call into the index as its rows are now, in place of what the index had of it.

    Where the index has it not yet, whoever fills the index finds the rows as they are.
    """
    await _held(connection, uid)
    there = await connection.execute(select(search_calls.c.number).where(search_calls.c.uid == uid))
    if there.first() is not None:
        await take_out(connection, uid)
        await put_recorded(connection, uid)


async def _held(connection: AsyncConnection, uid: str, *, skip_locked: bool = False) -> RowMapping | None:
    """Return a call's row, which nobody else changes until the transaction ends; None where there is none.

    Whoever fills the index on PostgreSQL would otherwise put in the words that are removed in the same moment. It skips a
    call that another transaction has locked, so that two never wait for each other.
    """
    query = select(recorded_calls).where(recorded_calls.c.uid == uid)
    query = query.with_for_update(key_share=True, skip_locked=skip_locked)
    return (await connection.execute(query)).mappings().one_or_none()


async def _insert(connection: AsyncConnection, row: Mapping[str, Any], number: int) -> int:
    """Insert a call's row under the first free number from `number` on, and return it."""
    made = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    while True:
        number = await _free_number(connection, number)
        query = (
            made(search_calls).values(number=number, **row).on_conflict_do_nothing(index_elements=["number"])
        )
        if (await connection.execute(query.returning(search_calls.c.number))).first() is not None:
            return number
        # Taken meanwhile by another call that began in this millisecond, or by one behind those that were looked at.


async def _free_number(connection: AsyncConnection, wished: int) -> int:
    """Return the first number from `wished` on that no call has: several may begin in the same millisecond."""
    query = (
        select(search_calls.c.number).where(search_calls.c.number >= wished).order_by(search_calls.c.number)
    )
    for taken in (await connection.execute(query.limit(MOST_AT_ONCE))).scalars():
        if taken != wished:
            break
        wished += 1
    return wished


MOST_AT_ONCE = 1000
"""Calls that may begin in one millisecond; a PBX begins one after the other."""
