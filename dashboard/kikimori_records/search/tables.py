"""Tables of the index: the searched text of each call, and whether every call is in.

`search_terms` stands beside them, made by the migration alone, as it is another thing on each engine: a contentless FTS5
table on SQLite, terms by number with a GIN index on PostgreSQL. What begins with `search_` is no part of a backup: it
follows from the calls, and a restored store is filled again.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Table, UniqueConstraint

from kikimori_records.columns import Words
from kikimori_records.tables import metadata

PREFIX = "search_"

search_calls = Table(
    "search_calls",
    metadata,
    # begin in ms since 1970, or the next free number: the order of numbers is that of the calls
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("uid", Words, ForeignKey("recorded_calls.uid"), nullable=False),
    Column("tags", Words, nullable=False),  # terms of its attributes, a space between
    Column("line_numbers", Words, nullable=False),  # of `recorded_lines`, in the order of the text
    Column("text", Words, nullable=False),  # lines in normal form, a line's end between
    Column("readings", Words),  # likewise; null: there were none when it was written
    UniqueConstraint("uid"),
)

search_state = Table(
    "search_state",
    metadata,
    Column("name", Words, primary_key=True),
    Column("value", Words, nullable=False),
)
