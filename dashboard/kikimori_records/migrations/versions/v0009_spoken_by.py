"""Superiors who said lines in the operator's place."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision: str | None = "0008"


def upgrade() -> None:
    op.add_column("recorded_lines", sa.Column("spoken_by", sa.JSON(none_as_null=True), nullable=True))
