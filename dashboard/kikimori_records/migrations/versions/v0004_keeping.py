"""Legal holds, erasures, and what was removed from recorded calls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kikimori_records.columns import UtcTime, Words

revision = "0004"
down_revision: str | None = "0003"


def upgrade() -> None:
    op.add_column("recorded_calls", sa.Column("caller_key", Words(), nullable=True))
    op.add_column("recorded_calls", sa.Column("leaf", Words(), nullable=True))
    op.create_index(
        "ix_recorded_calls_caller_key", "recorded_calls", ["caller_key", "started_at"], unique=False
    )
    op.create_table(
        "legal_holds",
        sa.Column("id", Words(), nullable=False),
        sa.Column("uid", Words(), nullable=True),
        sa.Column("caller_key", Words(), nullable=True),
        sa.Column("caller_number", Words(), nullable=True),
        sa.Column("reason", Words(), nullable=False),
        sa.Column("held_by", Words(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("until", UtcTime(), nullable=True),
        sa.Column("released_at", UtcTime(), nullable=True),
        sa.Column("released_by", Words(), nullable=True),
        sa.Column("release_reason", Words(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_holds")),
    )
    op.create_index("ix_legal_holds_uid", "legal_holds", ["uid"], unique=False)
    op.create_index("ix_legal_holds_caller_key", "legal_holds", ["caller_key"], unique=False)
    op.create_table(
        "erasures",
        sa.Column("id", Words(), nullable=False),
        sa.Column("uid", Words(), nullable=True),
        sa.Column("caller_key", Words(), nullable=True),
        sa.Column("reason", Words(), nullable=False),
        sa.Column("ordered_by", Words(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("done_at", UtcTime(), nullable=True),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
    )
    op.create_index("ix_erasures_uid", "erasures", ["uid"], unique=False)
    op.create_index("ix_erasures_caller_key", "erasures", ["caller_key"], unique=False)
    op.create_table(
        "removals",
        sa.Column("uid", Words(), nullable=False),
        sa.Column("kind", Words(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("erasure_id", Words(), nullable=True),
        sa.PrimaryKeyConstraint("uid", "kind", name=op.f("pk_removals")),
    )
    op.create_index("ix_removals_erasure_id", "removals", ["erasure_id"], unique=False)
