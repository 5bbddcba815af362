"""Index of terms on PostgreSQL: a tsvector of each call under a GIN index.

GIN finds all calls of a term at once and in no order. So each call also holds terms for the stretches of time in which it
began, and a search takes a short stretch of the newest calls first, then longer ones, until it has enough.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import text

from kikimori_records.search.expression import NumberRange

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.search.expression import Expression

SHORTEST_MS = 7_200_000
LEVELS = 6
LONGER = 4
"""Factor between one level of stretches and the next: 2 h, 8 h, 32 h, 5 d, 21 d, 85 d."""
FEW = 4000
"""Calls so many of which are read at once: if no more are expected in all, no stretch is needed."""
UNSEEN = 3
"""Calls that may well be in a stretch of time as long as one in which there was none."""

_PUT = text("INSERT INTO search_terms (number, terms) VALUES (:number, array_to_tsvector(:terms))")
_DROP = text("DELETE FROM search_terms WHERE number = :number")
_CLEAR = text("DELETE FROM search_terms")
# The sum keeps the planner from walking the key of the table, reading the terms of every call.
_FIND = text(
    "SELECT number FROM search_terms WHERE terms @@ CAST(:wanted AS tsquery)"
    " AND number + 0 >= :first AND number + 0 < :before ORDER BY number + 0 DESC"
)
# Until the end of the transaction the planner takes the index, whatever it believes of the terms.
_BOUNDS = text(
    "SELECT (SELECT min(number) FROM search_terms), (SELECT max(number) FROM search_terms)"
    " FROM set_config('enable_seqscan', 'off', true)"
)


class GinIndex:
    """A `TermIndex` on PostgreSQL."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def put(self, number: int, terms: Sequence[str]) -> None:
        given = {"number": number, "terms": [*terms, *times_of(number)]}
        await self._connection.execute(_PUT, given)

    async def drop(self, number: int, terms: Sequence[str]) -> None:  # noqa: ARG002
        await self._connection.execute(_DROP, {"number": number})

    async def clear(self) -> None:
        await self._connection.execute(_CLEAR)

    async def find(self, wanted: Expression, among: NumberRange, most: int) -> AsyncIterator[list[int]]:
        oldest, newest = (await self._connection.execute(_BOUNDS)).one()
        if newest is None:
            return
        among = NumberRange(max(among.first, oldest), min(among.before, newest + 1))
        before, level, count = among.before, 0, 0
        while before > among.first:
            first, times = _before(before, level) if level < LEVELS else (among.first, frozenset())
            asked = replace(wanted, tags=wanted.tags | ({times} if times else set()))
            found = await self._numbers(asked, NumberRange(max(first, among.first), before))
            if found:
                yield found
            count += len(found)
            before = first
            passed_ms, left_ms = among.before - first, first - among.first
            level = _level_after(level, (passed_ms, left_ms), count, most)

    async def _numbers(self, wanted: Expression, among: NumberRange) -> list[int]:
        asked = {
            "wanted": wanted.written(_quoted, " & ", " | ", " & !"),
            "first": among.first,
            "before": among.before,
        }
        return list((await self._connection.execute(_FIND, asked)).scalars())


def _level_after(level: int, times_ms: tuple[int, int], count: int, most: int) -> int:
    """Return the level of the next stretches, which hold what is missing; `LEVELS` = all that is left is asked for at once.

    Args:
        level: That of the last stretches. At most one is left out: the time before may have been a Sunday.
        times_ms: Time that was searched, and time that is left.
        count: Calls that were found in the time that was searched.
        most: Calls that are wanted.
    """
    passed_ms, left_ms = times_ms
    if (count + UNSEEN) * left_ms < FEW * passed_ms:
        return LEVELS
    missing_ms = (most - count) * passed_ms // (count + 1)
    return level + 1 if level >= LEVELS - 2 or 2 * _size(level + 1) >= missing_ms else level + 2


def times_of(number: int) -> list[str]:
    """Return the terms of the stretches of time in which a call is."""
    return [_stretch(level, number // _size(level)) for level in range(LEVELS)]


def _before(end: int, level: int) -> tuple[int, frozenset[str]]:
    """Return the begin of the two stretches of a level before a time, and their terms."""
    last = (end - 1) // _size(level)
    return (last - 1) * _size(level), frozenset({_stretch(level, last), _stretch(level, last - 1)})


def _size(level: int) -> int:
    return SHORTEST_MS * int(LONGER**level)


def _stretch(level: int, number: int) -> str:
    """Return the term of a stretch; Latin letters before digits, as no pair of a text is so long."""
    return f"time{level}x{number}"


def _quoted(term: str) -> str:
    return f"'{term}'"
