"""Index of recorded calls for the search; it is filled by the records service, in small pieces."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kikimori_records.columns import Words

revision = "0008"
down_revision: str | None = "0007"


def upgrade() -> None:
    op.create_table(
        "search_calls",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("uid", Words(), nullable=False),
        sa.Column("tags", Words(), nullable=False),
        sa.Column("line_numbers", Words(), nullable=False),
        sa.Column("text", Words(), nullable=False),
        sa.Column("readings", Words(), nullable=True),
        sa.ForeignKeyConstraint(["uid"], ["recorded_calls.uid"], name=op.f("fk_search_calls_uid")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_search_calls")),
        sa.UniqueConstraint("uid", name=op.f("uq_search_calls_uid")),
    )
    op.create_table(
        "search_state",
        sa.Column("name", Words(), nullable=False),
        sa.Column("value", Words(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_search_state")),
    )
    op.create_index("ix_recorded_calls_outcome", "recorded_calls", ["outcome"], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        # The terms are letters alone, so that the plainest tokenizer takes them as they are.
        op.execute(
            "CREATE VIRTUAL TABLE search_terms USING fts5(terms, content='', detail=none, tokenize='ascii')"
        )
    else:
        op.execute("CREATE TABLE search_terms (number BIGINT PRIMARY KEY, terms TSVECTOR NOT NULL)")
        # A pending list would be read at each search.
        op.execute(
            "CREATE INDEX ix_search_terms_terms ON search_terms USING gin (terms) WITH (fastupdate = off)"
        )
