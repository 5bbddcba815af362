"""Recorded calls with their legs, lines, alerts and events; positions and faults of journals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kikimori_records.columns import UtcTime, Words

revision = "0003"
down_revision: str | None = "0002"


def upgrade() -> None:
    op.create_table(
        "journal_faults",
        sa.Column("agent_id", Words(), nullable=False),
        sa.Column("run", Words(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("code", Words(), nullable=False),
        sa.Column("call_id", Words(), nullable=True),
        sa.Column("found_at", UtcTime(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("agent_id", "run", "number", "code", name=op.f("pk_journal_faults")),
    )
    op.create_index("ix_journal_faults_found_at", "journal_faults", ["found_at"], unique=False)
    op.create_table(
        "journal_positions",
        sa.Column("agent_id", Words(), nullable=False),
        sa.Column("run", Words(), nullable=False),
        sa.Column("acknowledged", sa.BigInteger(), nullable=False),
        sa.Column("first_at", UtcTime(), nullable=False),
        sa.Column("last_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("agent_id", "run", name=op.f("pk_journal_positions")),
    )
    op.create_table(
        "recorded_calls",
        sa.Column("uid", Words(), nullable=False),
        sa.Column("agent_id", Words(), nullable=False),
        sa.Column("run", Words(), nullable=False),
        sa.Column("call_id", Words(), nullable=False),
        sa.Column("site", Words(), nullable=False),
        sa.Column("tap", Words(), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=False),
        sa.Column("end_reason", Words(), nullable=False),
        sa.Column("heard_s", sa.Double(), nullable=False),
        sa.Column("caller_number", Words(), nullable=True),
        sa.Column("caller_name", Words(), nullable=True),
        sa.Column("operator_number", Words(), nullable=True),
        sa.Column("operator_name", Words(), nullable=True),
        sa.Column("person_id", Words(), nullable=True),
        sa.Column("team", Words(), nullable=True),
        sa.Column("queue", Words(), nullable=True),
        sa.Column("worst", Words(), nullable=True),
        sa.Column("alerts", sa.Integer(), nullable=False),
        sa.Column("outcome", Words(), nullable=True),
        sa.Column("sound", Words(), nullable=False),
        sa.Column("sound_path", Words(), nullable=True),
        sa.Column("sound_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sound_seconds", sa.Double(), nullable=False),
        sa.Column("sound_lost_s", sa.Double(), nullable=False),
        sa.Column("manifest_hash", Words(), nullable=True),
        sa.Column("salt", Words(), nullable=True),
        sa.Column("recorded_at", UtcTime(), nullable=False),
        sa.Column("erased_at", UtcTime(), nullable=True),
        sa.Column("erased_by", Words(), nullable=True),
        sa.Column("erasure_reason", Words(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_recorded_calls_person_id")),
        sa.PrimaryKeyConstraint("uid", name=op.f("pk_recorded_calls")),
    )
    op.create_index("ix_recorded_calls_call_id", "recorded_calls", ["call_id"], unique=False)
    op.create_index(
        "ix_recorded_calls_caller_number", "recorded_calls", ["caller_number", "started_at"], unique=False
    )
    op.create_index("ix_recorded_calls_ended_at", "recorded_calls", ["ended_at"], unique=False)
    op.create_index(
        "ix_recorded_calls_operator_number", "recorded_calls", ["operator_number", "started_at"], unique=False
    )
    op.create_index(
        "ix_recorded_calls_person_id", "recorded_calls", ["person_id", "started_at"], unique=False
    )
    op.create_index("ix_recorded_calls_started_at", "recorded_calls", ["started_at"], unique=False)
    op.create_table(
        "recorded_alerts",
        sa.Column("uid", Words(), nullable=False),
        sa.Column("alert_id", Words(), nullable=False),
        sa.Column("rule", Words(), nullable=False),
        sa.Column("kind", Words(), nullable=False),
        sa.Column("severity", Words(), nullable=False),
        sa.Column("opened_s", sa.Double(), nullable=False),
        sa.Column("closed_s", sa.Double(), nullable=True),
        sa.Column("revisions", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["uid"], ["recorded_calls.uid"], name=op.f("fk_recorded_alerts_uid")),
        sa.PrimaryKeyConstraint("uid", "alert_id", name=op.f("pk_recorded_alerts")),
    )
    op.create_index("ix_recorded_alerts_kind", "recorded_alerts", ["kind"], unique=False)
    op.create_table(
        "recorded_events",
        sa.Column("uid", Words(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("media_s", sa.Double(), nullable=False),
        sa.Column("kind", Words(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["uid"], ["recorded_calls.uid"], name=op.f("fk_recorded_events_uid")),
        sa.PrimaryKeyConstraint("uid", "number", name=op.f("pk_recorded_events")),
    )
    op.create_table(
        "recorded_legs",
        sa.Column("uid", Words(), nullable=False),
        sa.Column("leg", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("role", Words(), nullable=False),
        sa.Column("rate", sa.Integer(), nullable=False),
        sa.Column("offset_s", sa.Double(), nullable=False),
        sa.Column("samples", sa.BigInteger(), nullable=False),
        sa.Column("dropped_frames", sa.Integer(), nullable=False),
        sa.Column("close_reason", Words(), nullable=True),
        sa.ForeignKeyConstraint(["uid"], ["recorded_calls.uid"], name=op.f("fk_recorded_legs_uid")),
        sa.PrimaryKeyConstraint("uid", "leg", name=op.f("pk_recorded_legs")),
    )
    op.create_table(
        "recorded_lines",
        sa.Column("uid", Words(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("line_id", Words(), nullable=False),
        sa.Column("leg", sa.Integer(), nullable=True),
        sa.Column("role", Words(), nullable=False),
        sa.Column("start_s", sa.Double(), nullable=False),
        sa.Column("end_s", sa.Double(), nullable=False),
        sa.Column("text", Words(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("engine", Words(), nullable=False),
        sa.Column("other", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["uid"], ["recorded_calls.uid"], name=op.f("fk_recorded_lines_uid")),
        sa.PrimaryKeyConstraint("uid", "number", name=op.f("pk_recorded_lines")),
    )
