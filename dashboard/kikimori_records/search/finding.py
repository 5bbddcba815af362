"""Calls of the history that meet a question, newest first, with the lines in which the words were said."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from kikimori_records.calls.queries import RecordedCall, calls_named
from kikimori_records.calls.tables import recorded_calls, recorded_lines
from kikimori_records.search.engines import index_of
from kikimori_records.search.filling import is_full
from kikimori_records.search.marked import MarkedLine, marked_line
from kikimori_records.search.question import FoundGroup
from kikimori_records.search.tables import search_calls
from kikimori_records.search.wanted import wanted_calls

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.search.question import HistoryQuestion
    from kikimori_records.search.wanted import WantedCalls
    from kikimori_records.store import Store

AT_ONCE = 60
"""Calls whose words are read at once: a page, and some that do not meet the question."""
MOST_LINES = 3
"""Lines shown of a call."""
MOST_COUNTED = 1000
WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class FoundCall:
    """One call that was found."""

    number: int
    """Place in the history: calls after it have lower numbers."""
    call: RecordedCall
    lines: tuple[MarkedLine, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundCalls:
    """Page of what was found."""

    calls: tuple[FoundCall, ...]
    before: int | None
    """Number below which the next page begins; None = there is none."""
    complete: bool
    """False = the index is being filled, older calls may be missing."""


@dataclass(frozen=True, slots=True)
class FoundCount:
    """Number of calls that meet a question."""

    count: int
    more: bool
    """True = there are more than `count`."""


@dataclass(frozen=True, slots=True)
class _Met:
    number: int
    uid: str
    text: str
    readings: str | None
    line_numbers: str


async def find(
    store: Store, asked: HistoryQuestion, group: FoundGroup, *, before: int | None = None, most: int = 50
) -> FoundCalls:
    """Return the newest calls that meet a question.

    Args:
        store: The open database.
        asked: The question.
        group: Group of what is found.
        before: Number of the last call of the page before; None = the first page.
        most: Calls on a page.

    Raises:
        StoreError: the database is away.
    """
    async with store.read(within_s=WITHIN_S) as connection:
        complete = await is_full(connection)
        wanted = await wanted_calls(connection, asked, group, before)
        found: list[_Met] = []
        if wanted is not None:
            async for each in _met(connection, wanted, most + 1):
                found += each
                if len(found) > most:
                    break
        more = len(found) > most
        found = found[:most]
        calls = await _with_lines(connection, found, wanted) if wanted else []
    return FoundCalls(tuple(calls), found[-1].number if more else None, complete)


async def count(store: Store, asked: HistoryQuestion, group: FoundGroup) -> FoundCount:
    """Return how many calls meet a question, `MOST_COUNTED` at most; raises StoreError."""
    total = 0
    async with store.read(within_s=WITHIN_S) as connection:
        wanted = await wanted_calls(connection, asked, group, None)
        if wanted is None:
            return FoundCount(0, more=False)
        if wanted.expression and not wanted.looks_at_text:
            all_of_it = wanted.expression.exactly()
            async for numbers in index_of(connection).find(all_of_it, wanted.among, MOST_COUNTED + 1):
                total += len(numbers)
                if total > MOST_COUNTED:
                    break
        else:
            async for met in _met(connection, wanted, MOST_COUNTED + 1):
                total += len(met)
                if total > MOST_COUNTED:
                    break
    return FoundCount(min(total, MOST_COUNTED), more=total > MOST_COUNTED)


async def _met(connection: AsyncConnection, wanted: WantedCalls, most: int) -> AsyncIterator[list[_Met]]:
    """Give the calls that meet a question, newest first, in pieces."""
    if not wanted.expression:
        yield await _read(connection, wanted, None, most)
        return
    size = max(AT_ONCE, most // 2)
    async for numbers in index_of(connection).find(wanted.expression, wanted.among, max(AT_ONCE, most)):
        for at in range(0, len(numbers), size):
            read = await _read(connection, wanted, numbers[at : at + size], size)
            if wanted.words:
                read = await asyncio.to_thread(_meeting, wanted, read)
            yield read


def _meeting(wanted: WantedCalls, read: Sequence[_Met]) -> list[_Met]:
    return [each for each in read if wanted.meets(each.text, each.readings)]


async def _read(
    connection: AsyncConnection, wanted: WantedCalls, numbers: Sequence[int] | None, most: int
) -> list[_Met]:
    """Return what the index has of calls: of those named, None = of the newest in the range."""
    c = search_calls.c
    query = select(c.number, c.uid, c.text, c.readings, c.line_numbers)
    if numbers is None:
        query = query.where(c.number >= wanted.among.first, c.number < wanted.among.before).limit(most)
    else:
        query = query.where(c.number.in_(numbers))
    if wanted.outcome:
        query = query.join(recorded_calls, recorded_calls.c.uid == c.uid)
        query = query.where(recorded_calls.c.outcome == wanted.outcome)
    return [_Met(*row) for row in await connection.execute(query.order_by(c.number.desc()))]


async def _with_lines(
    connection: AsyncConnection, found: Sequence[_Met], wanted: WantedCalls
) -> list[FoundCall]:
    calls = await calls_named(connection, [each.uid for each in found])
    made = []
    for each in found:
        # Erased in the same moment by another program; the next look has it no more.
        if (call := calls.get(each.uid)) is not None:
            made.append(FoundCall(each.number, call, await _lines(connection, each, wanted)))
    return made


async def _lines(connection: AsyncConnection, met: _Met, wanted: WantedCalls) -> tuple[MarkedLine, ...]:
    hits = wanted.hits(met.text, met.readings)
    if not hits:
        return ()
    numbers = met.line_numbers.split()
    shown = list(dict.fromkeys(each.line for each in hits))[:MOST_LINES]
    by_number = {int(numbers[at]): at for at in shown}
    c = recorded_lines.c
    query = select(c.number, c.role, c.start_s, c.text)
    rows: Sequence[Any] = (
        await connection.execute(query.where(c.uid == met.uid, c.number.in_(by_number)).order_by(c.number))
    ).all()
    return tuple(
        marked_line(
            row, [(each.begin, each.end) for each in hits if each.line == by_number[row.number]]
        )
        for row in rows
    )
