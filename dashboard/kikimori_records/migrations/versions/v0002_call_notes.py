"""Notes of supervisors on calls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kikimori_records.columns import UtcTime, Words

revision = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    op.create_table(
        "call_notes",
        sa.Column("id", Words(), nullable=False),
        sa.Column("call_id", Words(), nullable=False),
        sa.Column("text", Words(), nullable=False),
        sa.Column("person_id", Words(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_call_notes_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_notes")),
    )
    op.create_index("ix_call_notes_call_id", "call_notes", ["call_id"], unique=False)
    op.create_index("ix_call_notes_at", "call_notes", ["at"], unique=False)
