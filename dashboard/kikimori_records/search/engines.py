"""Two engines of the index, with one face: SQLite's FTS5, PostgreSQL's tsvector with GIN.

Both hold the set of terms of each call, without places; calls come newest first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from kikimori_records.search.fts5 import Fts5Index
from kikimori_records.search.gin import GinIndex

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.search.expression import Expression, NumberRange


class TermIndex(Protocol):
    """Index of terms on one engine, within the transaction of a connection."""

    async def put(self, number: int, terms: Sequence[str]) -> None:
        """Add a call."""
        ...

    async def drop(self, number: int, terms: Sequence[str]) -> None:
        """Remove a call; `terms` are those with which it was put."""
        ...

    def find(self, wanted: Expression, among: NumberRange, most: int) -> AsyncIterator[list[int]]:
        """Give the numbers of calls, newest first, in pieces: of at least what is wanted.

        A piece may hold calls that lack a term of the wanted text; whoever asks looks at the text itself.

        Args:
            wanted: Terms that a call holds; it has at least one.
            among: Range of the numbers.
            most: Calls after which whoever asks has probably enough; a piece may be longer.
        """
        ...

    async def clear(self) -> None:
        """Remove everything."""
        ...


def index_of(connection: AsyncConnection) -> TermIndex:
    """Return the index of the engine on which a connection is."""
    return Fts5Index(connection) if connection.dialect.name == "sqlite" else GinIndex(connection)
