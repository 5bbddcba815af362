"""Trees of the recorded days, their leaves and anchors; accounts of what was heard."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kikimori_records.columns import UtcTime, Words

revision = "0005"
down_revision: str | None = "0004"


def upgrade() -> None:
    op.create_table(
        "record_trees",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", Words(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("root", Words(), nullable=False),
        sa.Column("previous_head", Words(), nullable=False),
        sa.Column("head", Words(), nullable=False),
        sa.Column("closed_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_record_trees")),
    )
    op.create_index("ix_record_trees_day", "record_trees", ["day", "part"], unique=True)
    op.create_table(
        "record_leaves",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("uid", Words(), nullable=False),
        sa.Column("leaf", Words(), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["record_trees.number"], name=op.f("fk_record_leaves_number")),
        sa.PrimaryKeyConstraint("number", "position", name=op.f("pk_record_leaves")),
        sa.UniqueConstraint("uid", name=op.f("uq_record_leaves_uid")),
    )
    op.create_table(
        "record_anchors",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", Words(), nullable=False),
        sa.Column("target", Words(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("receipt", Words(), nullable=True),
        sa.ForeignKeyConstraint(["number"], ["record_trees.number"], name=op.f("fk_record_anchors_number")),
        sa.PrimaryKeyConstraint("number", "kind", "target", name=op.f("pk_record_anchors")),
    )
    op.add_column("recorded_calls", sa.Column("call_key", sa.BigInteger(), nullable=True))
    op.create_table(
        "record_accounts",
        sa.Column("day", Words(), nullable=False),
        sa.Column("agent_id", Words(), nullable=False),
        sa.Column("heard", sa.Integer(), nullable=False),
        sa.Column("recorded", sa.Integer(), nullable=False),
        sa.Column("excluded", sa.Integer(), nullable=False),
        sa.Column("stopped", sa.Integer(), nullable=False),
        sa.Column("no_disk", sa.Integer(), nullable=False),
        sa.Column("running", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("checked_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("day", "agent_id", name=op.f("pk_record_accounts")),
    )
