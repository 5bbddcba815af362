"""Tables of legal holds and erasures, and what was removed from recorded calls. A change here needs a migration.

`caller_key` is a caller's pseudonym, see `kikimori_records.keeping.pseudonyms`. `uid` refers to a recorded call without a
foreign key: an erasure may be ordered before the call's journal has arrived, and a restored database may not hold it.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table

from kikimori_records.columns import UtcTime, Words
from kikimori_records.tables import metadata

legal_holds = Table(
    "legal_holds",
    metadata,
    Column("id", Words, primary_key=True),
    Column("uid", Words),  # null: every call of the caller
    Column("caller_key", Words),
    Column("caller_number", Words),  # null: held by call, or the number has been erased
    Column("reason", Words, nullable=False),
    Column("held_by", Words, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("until", UtcTime),  # null: until released
    Column("released_at", UtcTime),
    Column("released_by", Words),
    Column("release_reason", Words),
    Index("ix_legal_holds_uid", "uid"),
    Index("ix_legal_holds_caller_key", "caller_key"),
)

erasures = Table(
    "erasures",
    metadata,
    Column("id", Words, primary_key=True),
    Column("uid", Words),  # null: every call of the caller that began before `at`
    Column("caller_key", Words),
    Column("reason", Words, nullable=False),
    Column("ordered_by", Words, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("done_at", UtcTime),  # null: not everything that was there is erased yet
    Column("calls", Integer, nullable=False),  # calls erased so far, those that arrived later among them
    Index("ix_erasures_uid", "uid"),
    Index("ix_erasures_caller_key", "caller_key"),
)

removals = Table(
    "removals",
    metadata,
    Column("uid", Words, primary_key=True),
    Column("kind", Words, primary_key=True),  # sound, words, number, call
    Column("at", UtcTime, nullable=False),
    Column("erasure_id", Words),  # null: removed for its age
    Index("ix_removals_erasure_id", "erasure_id"),
)
