"""Customers' list."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kikimori_records.columns import UtcTime, Words

revision = "0007"
down_revision: str | None = "0006"


def upgrade() -> None:
    op.create_table(
        "customers",
        sa.Column("id", Words(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("contract", Words(), nullable=True),
        sa.Column("in_charge", Words(), nullable=True),
        sa.Column("manner", Words(), nullable=True),
        sa.Column("added_at", UtcTime(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
    )
    op.create_table(
        "customer_numbers",
        sa.Column("caller_key", Words(), nullable=False),
        sa.Column("customer_id", Words(), nullable=False),
        sa.Column("number", Words(), nullable=False),
        sa.Column("added_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_customer_numbers_customer_id")
        ),
        sa.PrimaryKeyConstraint("caller_key", name=op.f("pk_customer_numbers")),
    )
    op.create_index("ix_customer_numbers_customer_id", "customer_numbers", ["customer_id"], unique=False)
