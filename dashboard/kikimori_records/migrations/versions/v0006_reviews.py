"""Review marks of persons on alerts and recorded calls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kikimori_records.columns import UtcTime, Words

revision = "0006"
down_revision: str | None = "0005"


def upgrade() -> None:
    op.create_table(
        "reviews",
        sa.Column("kind", Words(), nullable=False),
        sa.Column("object_id", Words(), nullable=False),
        sa.Column("person_id", Words(), nullable=False),
        sa.Column("call_id", Words(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_reviews_person_id")),
        sa.PrimaryKeyConstraint("kind", "object_id", "person_id", name=op.f("pk_reviews")),
    )
    op.create_index("ix_reviews_call_id", "reviews", ["call_id"], unique=False)
    op.create_index("ix_reviews_at", "reviews", ["at"], unique=False)
