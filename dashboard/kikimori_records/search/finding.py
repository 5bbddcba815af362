"""Calls of the history that meet a question, newest first, with the lines in which the words were said."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, exists, func, literal, or_, select

from kikimori_records.calls.queries import AlertReason, RecordedCall, calls_named, reasons_of
from kikimori_records.calls.tables import recorded_calls
from kikimori_records.reviews import ReviewedKind
from kikimori_records.schema import reviews
from kikimori_records.search.engines import index_of
from kikimori_records.search.filling import is_full
from kikimori_records.search.line_rows import marked_lines
from kikimori_records.search.tables import search_calls
from kikimori_records.search.wanted import wanted_calls

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.search.marked import MarkedLine
    from kikimori_records.search.question import FoundGroup, HistoryQuestion
    from kikimori_records.search.wanted import WantedCalls
    from kikimori_records.store import Store

AT_ONCE = 60
"""Calls whose words are read at once: a page, and some that do not meet the question."""
MOST_LINES = 3
"""Lines shown of a call."""
MOST_COUNTED = 1000
MOST_LOOKED_AT = 5000
"""Calls whose words are read for one page; what is left is looked at for the next."""
MOST_MARKED = 2000
"""Marks of a person that are looked at one by one."""
WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class FoundCall:
    """One call that was found."""

    number: int
    """Place in the history: calls after it have lower numbers."""
    call: RecordedCall
    lines: tuple[MarkedLine, ...] = ()
    reasons: tuple[AlertReason, ...] = ()


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
    tags: str


@dataclass(frozen=True, slots=True)
class _Piece:
    """Calls that meet a question, among some at which was looked."""

    met: list[_Met]
    looked_at: int = 0
    last: int = 0
    """Number of the last call at which was looked."""


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
        left: int | None = None
        if wanted is not None:
            looked_at = 0
            async for piece in _met(connection, wanted, most + 1, shown=True):
                found += piece.met
                looked_at += piece.looked_at
                if len(found) > most:
                    left = found[most - 1].number
                    break
                if looked_at >= MOST_LOOKED_AT:
                    left = piece.last
                    break
        calls = await _with_lines(connection, found[:most], wanted) if wanted else []
    return FoundCalls(tuple(calls), left, complete)


async def count(store: Store, asked: HistoryQuestion, group: FoundGroup) -> FoundCount:
    """Return how many calls meet a question, `MOST_COUNTED` at most; raises StoreError."""
    total = looked_at = 0
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
            async for piece in _met(connection, wanted, MOST_COUNTED + 1, shown=False):
                total += len(piece.met)
                looked_at += piece.looked_at
                if total > MOST_COUNTED or looked_at >= MOST_LOOKED_AT:
                    break
    return FoundCount(min(total, MOST_COUNTED), more=total > MOST_COUNTED or looked_at >= MOST_LOOKED_AT)


async def _met(
    connection: AsyncConnection, wanted: WantedCalls, most: int, *, shown: bool
) -> AsyncIterator[_Piece]:
    """Give the calls that meet a question, newest first, in pieces. `shown`: with what is needed to show their lines."""
    if not wanted.expression:
        yield _Piece(await _read(connection, wanted, None, most, shown=shown))
        return
    if wanted.reviewed_by:
        mine = await _read(connection, wanted, None, MOST_MARKED, shown=shown)
        if len(mine) < MOST_MARKED:
            # A person's marks are few beside the calls in which a common word was said.
            there = [each for each in mine if wanted.holds(each.tags)]
            yield _Piece(await _meeting(wanted, there))
            return
    size = max(AT_ONCE, most // 2)
    pieces = index_of(connection).find(wanted.expression, wanted.among, max(AT_ONCE, most))
    async for numbers in _portions(pieces, min(most, size), size):
        read = await _read(connection, wanted, numbers, size, shown=shown)
        yield _Piece(await _meeting(wanted, read), len(numbers), numbers[-1])


async def _portions(pieces: AsyncIterator[list[int]], least: int, most: int) -> AsyncIterator[list[int]]:
    """Give the numbers in portions of `least` to `most`, the last may have fewer: each is one question to the database."""
    waiting: list[int] = []
    async for piece in pieces:
        waiting += piece
        while len(waiting) >= least:
            yield waiting[:most]
            waiting = waiting[most:]
    if waiting:
        yield waiting


async def _meeting(wanted: WantedCalls, read: list[_Met]) -> list[_Met]:
    """Return those of the calls that say what only sounds so, where that is wanted."""
    if not wanted.readings:
        return read

    def meeting() -> list[_Met]:
        return [each for each in read if wanted.meets(each.text, each.readings)]

    return await asyncio.to_thread(meeting)


async def _read(
    connection: AsyncConnection,
    wanted: WantedCalls,
    numbers: Sequence[int] | None,
    most: int,
    *,
    shown: bool,
) -> list[_Met]:
    """Return what the index has of calls: of those named, None = of the newest in the range.

    Words that are looked for as they are written are looked for in the database, which gives fewer texts to read.
    """
    c = search_calls.c
    query = select(c.number, c.uid, *_parts_needed(wanted, shown=shown))
    if numbers is None:
        query = query.where(c.number >= wanted.among.first, c.number < wanted.among.before).limit(most)
    else:
        query = query.where(c.number.in_(numbers))
    if not wanted.readings:
        place = func.instr if connection.dialect.name == "sqlite" else func.strpos
        query = query.where(*(place(c.text, each) > 0 for each in wanted.words))
    if wanted.outcome or wanted.hidden_extensions:
        query = query.join(recorded_calls, recorded_calls.c.uid == c.uid)
    if wanted.outcome:
        query = query.where(recorded_calls.c.outcome == wanted.outcome)
    if wanted.hidden_extensions:
        query = query.where(_in_sight(wanted.hidden_extensions))
    r = reviews.c
    if wanted.reviewed_by:
        of_me = (r.object_id == c.uid, r.kind == ReviewedKind.CALL.value, r.person_id == wanted.reviewed_by)
        query = query.join(reviews, and_(*of_me))
    if wanted.not_reviewed_by:
        of_me = (
            r.object_id == c.uid,
            r.kind == ReviewedKind.CALL.value,
            r.person_id == wanted.not_reviewed_by,
        )
        query = query.where(~exists().where(*of_me))
    return [_Met(*row) for row in await connection.execute(query.order_by(c.number.desc()))]


def _in_sight(hidden: frozenset[str]) -> ColumnElement[bool]:
    """Return the condition that somebody is known to have sat there, whose team the index has, or the extension is not hidden."""
    c = recorded_calls.c
    known = (c.person_id.is_not(None), c.team.is_not(None))
    return or_(*known, c.operator_number.is_(None), c.operator_number.not_in(sorted(hidden)))


def _parts_needed(wanted: WantedCalls, *, shown: bool) -> list[ColumnElement[Any]]:
    """Return the columns of a `_Met` behind its uid. What nobody looks at is left empty: it is most of a row."""
    c = search_calls.c
    is_read = wanted.readings or (shown and wanted.words)
    needed: list[tuple[ColumnElement[Any], object]] = [
        (c.text, is_read),
        (c.readings, wanted.readings),
        (c.line_numbers, is_read),
        (c.tags, wanted.reviewed_by),
    ]
    return [each if is_needed else literal("") for each, is_needed in needed]


async def _with_lines(
    connection: AsyncConnection, found: Sequence[_Met], wanted: WantedCalls
) -> list[FoundCall]:
    calls = await calls_named(connection, [each.uid for each in found])
    reasons = await reasons_of(connection, [uid for uid, call in calls.items() if call.alerts])
    lines = await marked_lines(connection, _places(found, wanted))
    # One that was erased in the same moment by another program is there no more.
    return [
        FoundCall(
            each.number, calls[each.uid], tuple(lines.get(each.uid, ())), tuple(reasons.get(each.uid, ()))
        )
        for each in found
        if each.uid in calls
    ]


def _places(found: Sequence[_Met], wanted: WantedCalls) -> dict[tuple[str, int], list[tuple[int, int]]]:
    """Return the lines that are shown of each call, with the places of the words in them."""
    places: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for each in found:
        numbers = each.line_numbers.split()
        hits = wanted.hits(each.text, each.readings)
        for at in list(dict.fromkeys(hit.line for hit in hits))[:MOST_LINES]:
            marks = [(hit.begin, hit.end) for hit in hits if hit.line == at]
            places[each.uid, int(numbers[at])] = marks
    return places
