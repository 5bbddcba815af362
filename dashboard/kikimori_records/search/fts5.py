"""Index of terms on SQLite: a contentless FTS5 table whose row numbers are the calls' numbers.

FTS5 walks the calls of a term from the newest to the oldest, so that a common word costs no more than a rare one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import AsyncIterator, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.search.expression import Expression, NumberRange

RARE = 2000
"""Calls up to which a term is rare: then common ones beside it are looked for in the text of these calls."""
GROWTH = 4
"""Factor between one piece and the next."""
PIECE = 500
"""Pages of the index that are written in one transaction, of 4 kB."""
CHANGES_OF_ONE = 2
"""Changes that a transaction counts in which something was written."""
MERGE = "INSERT INTO search_terms (search_terms, rank) VALUES ('merge', ?)"

_PUT = text("INSERT INTO search_terms (rowid, terms) VALUES (:number, :terms)")
_DROP = text("INSERT INTO search_terms (search_terms, rowid, terms) VALUES ('delete', :number, :terms)")
_CLEAR = text("INSERT INTO search_terms (search_terms) VALUES ('delete-all')")
_FIND = text(
    "SELECT rowid FROM search_terms WHERE search_terms MATCH :wanted AND rowid >= :first AND rowid < :before"
    " ORDER BY rowid DESC LIMIT :most"
)
_COUNT = text(
    "SELECT count(*) FROM (SELECT rowid FROM search_terms WHERE search_terms MATCH :wanted LIMIT :most)"
)


class Fts5Index:
    """A `TermIndex` on SQLite."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def put(self, number: int, terms: Sequence[str]) -> None:
        await self._connection.execute(_PUT, {"number": number, "terms": " ".join(terms)})

    async def drop(self, number: int, terms: Sequence[str]) -> None:
        await self._connection.execute(_DROP, {"number": number, "terms": " ".join(terms)})

    async def clear(self) -> None:
        # The freed pages are overwritten: when a call is removed later, nobody would look for its words there.
        await self._connection.exec_driver_sql("PRAGMA secure_delete=ON")
        await self._connection.execute(_CLEAR)

    async def find(self, wanted: Expression, among: NumberRange, most: int) -> AsyncIterator[list[int]]:
        match = _written(wanted.with_text(await self._rare(wanted)))
        before, size = among.before, most
        while True:
            asked = {"wanted": match, "first": among.first, "before": before, "most": size}
            found = list((await self._connection.execute(_FIND, asked)).scalars())
            if found:
                yield found
            if len(found) < size:
                return
            before, size = found[-1], size * GROWTH

    async def _rare(self, wanted: Expression) -> frozenset[str]:
        """Return the terms of the text to look for: all, or where some of the wanted are rare those alone."""
        if len(wanted.text) + len(wanted.tags) < 2:
            return wanted.text
        rare = {each for each in wanted.text if await self._is_rare(_quoted(each))}
        if rare:
            return frozenset(rare)
        groups = [" OR ".join(map(_quoted, group)) for group in wanted.tags]
        return frozenset() if any([await self._is_rare(each) for each in groups]) else wanted.text

    async def _is_rare(self, match: str) -> bool:
        count = await self._connection.execute(_COUNT, {"wanted": match, "most": RARE})
        return bool(count.scalar_one() < RARE)


def _written(wanted: Expression) -> str:
    return wanted.written(_quoted, " AND ", " OR ", " NOT ")


def _quoted(term: str) -> str:
    return f'"{term}"'


def forget_removed(connection: sqlite3.Connection) -> None:
    """Write the index anew without what was removed from it, in pieces between which others may write. Blocks.

    Until then FTS5 keeps the terms of a removed call beside a mark that they count no more. Raises sqlite3.Error.
    """
    connection.execute("PRAGMA secure_delete=ON")
    pages = -PIECE
    while True:
        before = connection.total_changes
        with connection:
            connection.execute(MERGE, (pages,))
        if connection.total_changes - before < CHANGES_OF_ONE:
            return
        pages = PIECE
