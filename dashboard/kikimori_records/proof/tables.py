"""Tables of the days' trees, of where their heads were kept, and of the accounts. A change here needs a migration.

Hashes are SHA-256 in hexadecimal digits. A `day` is a date of the office's time zone, `2026-11-30`.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table

from kikimori_records.columns import UtcTime, Words
from kikimori_records.tables import metadata


def _tree() -> Column[int]:
    return Column("number", Integer, ForeignKey("record_trees.number"), primary_key=True, autoincrement=False)


record_trees = Table(
    "record_trees",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 1 without a gap
    Column("day", Words, nullable=False),
    Column("part", Integer, nullable=False),  # 0: the day's tree; from 1 on: calls that arrived later
    Column("count", Integer, nullable=False),
    Column("root", Words, nullable=False),
    Column("previous_head", Words, nullable=False),
    Column("head", Words, nullable=False),
    Column("closed_at", UtcTime, nullable=False),
    Index("ix_record_trees_day", "day", "part", unique=True),
)

record_leaves = Table(
    "record_leaves",
    metadata,
    _tree(),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column(
        "uid", Words, nullable=False, unique=True
    ),  # no foreign key: the leaf stays when the call is removed
    Column("leaf", Words, nullable=False),
)

record_anchors = Table(
    "record_anchors",
    metadata,
    _tree(),
    Column("kind", Words, primary_key=True),  # file, post, mail, timestamp
    Column("target", Words, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("receipt", Words),  # of a time stamp: the answer, base64
)

record_accounts = Table(
    "record_accounts",
    metadata,
    Column("day", Words, primary_key=True),
    Column("agent_id", Words, primary_key=True),
    Column("heard", Integer, nullable=False),
    Column("recorded", Integer, nullable=False),
    Column("excluded", Integer, nullable=False),
    Column("stopped", Integer, nullable=False),
    Column("no_disk", Integer, nullable=False),
    Column("running", Integer, nullable=False),  # begun, and neither ended nor missing yet
    Column("missing", Integer, nullable=False),  # heard, and nothing of it is here
    Column("checked_at", UtcTime, nullable=False),
)
