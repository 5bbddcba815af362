"""Proposals to end a call with two people, and requests to stop that were noted by a press."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kikimori_records.columns import UtcTime, Words

revision = "0010"
down_revision: str | None = "0009"


def upgrade() -> None:
    op.create_table(
        "endings",
        sa.Column("call_id", Words(), nullable=False),
        sa.Column("id", Words(), nullable=False),
        sa.Column("state", Words(), nullable=False),
        sa.Column("reason", Words(), nullable=False),
        sa.Column("words", Words(), nullable=True),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("person_id", Words(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("second_id", Words(), nullable=True),
        sa.Column("second_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_endings_person_id")),
        sa.ForeignKeyConstraint(["second_id"], ["people.id"], name=op.f("fk_endings_second_id")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_endings")),
    )
    op.create_index("ix_endings_at", "endings", ["at"], unique=False)
    op.create_table(
        "stop_requests",
        sa.Column("id", Words(), nullable=False),
        sa.Column("call_id", Words(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("person_id", Words(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_stop_requests_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stop_requests")),
    )
    op.create_index("ix_stop_requests_call_id", "stop_requests", ["call_id"], unique=False)
    op.create_index("ix_stop_requests_at", "stop_requests", ["at"], unique=False)
