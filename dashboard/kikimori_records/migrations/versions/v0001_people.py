"""First schema: people, sessions, kiosks, claims and the audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kikimori_records.columns import UtcTime, Words

revision = "0001"
down_revision: str | None = None

KEPT_FROM = "COALESCE((SELECT CAST(value AS INTEGER) FROM notes_of_store WHERE key = 'audit_kept_from'), 1)"
"""Number of the first entry that retention leaves; those before may be removed."""

NO_CHANGE = """
CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END
"""
NO_LOSS = f"""
CREATE TRIGGER audit_kept BEFORE DELETE ON audit WHEN OLD.number >= {KEPT_FROM}
BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END
"""
GUARD = f"""
CREATE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'DELETE' THEN IF OLD.number < {KEPT_FROM} THEN RETURN OLD; END IF; END IF;
  RAISE EXCEPTION 'the audit is only added to';
END $$
"""
GUARDED = """
CREATE TRIGGER audit_kept BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_only_grows()
"""
NOT_EMPTIED = """
CREATE TRIGGER audit_not_emptied BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_only_grows()
"""


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("actor_kind", Words(), nullable=False),
        sa.Column("actor_id", Words(), nullable=True),
        sa.Column("actor_name", Words(), nullable=False),
        sa.Column("action", Words(), nullable=False),
        sa.Column("object_kind", Words(), nullable=True),
        sa.Column("object_id", Words(), nullable=True),
        sa.Column("outcome", Words(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("previous_hash", Words(), nullable=False),
        sa.Column("hash", Words(), nullable=False),
        sa.Column("entry_id", Words(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_audit_entry_id")),
    )
    op.create_index("ix_audit_actor_id", "audit", ["actor_id"], unique=False)
    op.create_index("ix_audit_at", "audit", ["at"], unique=False)
    op.create_index("ix_audit_object_id", "audit", ["object_id"], unique=False)
    op.create_table(
        "notes_of_store",
        sa.Column("key", Words(), nullable=False),
        sa.Column("value", Words(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_notes_of_store")),
    )
    op.create_table(
        "people",
        sa.Column("id", Words(), nullable=False),
        sa.Column("login", Words(), nullable=True),
        sa.Column("name", Words(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("password_hash", Words(), nullable=True),
        sa.Column("totp_secret", Words(), nullable=True),
        sa.Column("totp_used_step", sa.Integer(), nullable=True),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("disabled_at", UtcTime(), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.Column("team", Words(), nullable=True),
        sa.Column("queue", Words(), nullable=True),
        sa.Column("telephone", Words(), nullable=True),
        sa.Column("seat_row", sa.Integer(), nullable=True),
        sa.Column("seat_column", sa.Integer(), nullable=True),
        sa.Column("pin_hash", Words(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("login", name=op.f("uq_people_login")),
    )
    op.create_table(
        "claims",
        sa.Column("alert_id", Words(), nullable=False),
        sa.Column("person_id", Words(), nullable=False),
        sa.Column("claimed_at", UtcTime(), nullable=False),
        sa.Column("released_at", UtcTime(), nullable=True),
        sa.Column("release_reason", Words(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_claims_person_id")),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_claims")),
    )
    op.create_table(
        "devices",
        sa.Column("token_hash", Words(), nullable=False),
        sa.Column("person_id", Words(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("used_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_devices_person_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_devices")),
    )
    op.create_index("ix_devices_person_id", "devices", ["person_id"], unique=False)
    op.create_table(
        "false_alarms",
        sa.Column("id", Words(), nullable=False),
        sa.Column("alert_id", Words(), nullable=False),
        sa.Column("call_id", Words(), nullable=False),
        sa.Column("rule", Words(), nullable=False),
        sa.Column("reason", Words(), nullable=False),
        sa.Column("person_id", Words(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("undone_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_false_alarms_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_false_alarms")),
    )
    op.create_index("ix_false_alarms_alert_id", "false_alarms", ["alert_id"], unique=False)
    op.create_table(
        "kiosk_codes",
        sa.Column("code_hash", Words(), nullable=False),
        sa.Column("extension", Words(), nullable=False),
        sa.Column("created_by", Words(), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("used_at", UtcTime(), nullable=True),
        sa.Column("revoked_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["people.id"], name=op.f("fk_kiosk_codes_created_by")),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_kiosk_codes")),
    )
    op.create_table(
        "kiosks",
        sa.Column("id", Words(), nullable=False),
        sa.Column("extension", Words(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("created_by", Words(), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("revoked_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["people.id"], name=op.f("fk_kiosks_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kiosks")),
    )
    op.create_table(
        "one_time_links",
        sa.Column("token_hash", Words(), nullable=False),
        sa.Column("kind", Words(), nullable=False),
        sa.Column("person_id", Words(), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("used_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_one_time_links_person_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_one_time_links")),
    )
    op.create_table(
        "person_extensions",
        sa.Column("person_id", Words(), nullable=False),
        sa.Column("extension", Words(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_person_extensions_person_id")),
        sa.PrimaryKeyConstraint("person_id", "extension", name=op.f("pk_person_extensions")),
    )
    op.create_index("ix_person_extensions_extension", "person_extensions", ["extension"], unique=False)
    op.create_table(
        "recovery_codes",
        sa.Column("person_id", Words(), nullable=False),
        sa.Column("code_hash", Words(), nullable=False),
        sa.Column("used_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_recovery_codes_person_id")),
        sa.PrimaryKeyConstraint("person_id", "code_hash", name=op.f("pk_recovery_codes")),
    )
    op.create_table(
        "seatings",
        sa.Column("id", Words(), nullable=False),
        sa.Column("extension", Words(), nullable=False),
        sa.Column("person_id", Words(), nullable=True),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("until", UtcTime(), nullable=True),
        sa.Column("source", Words(), nullable=False),
        sa.Column("changed_by", Words(), nullable=True),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.Column("replaces", Words(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by"], ["people.id"], name=op.f("fk_seatings_changed_by")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_seatings_person_id")),
        sa.ForeignKeyConstraint(
            ["replaces"],
            ["seatings.id"],
            name=op.f("fk_seatings_replaces"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seatings")),
    )
    op.create_index("ix_seatings_extension", "seatings", ["extension", "since"], unique=False)
    op.create_table(
        "superiors",
        sa.Column("id", Words(), nullable=False),
        sa.Column("person_id", Words(), nullable=True),
        sa.Column("name", Words(), nullable=False),
        sa.Column("number", Words(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("hours", sa.JSON(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_superiors_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_superiors")),
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", Words(), nullable=False),
        sa.Column("person_id", Words(), nullable=True),
        sa.Column("kiosk_id", Words(), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("used_at", UtcTime(), nullable=False),
        sa.Column("idle_s", sa.Integer(), nullable=True),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("address", Words(), nullable=False),
        sa.Column("browser", Words(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column("end_reason", Words(), nullable=True),
        sa.Column("rights_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["kiosk_id"], ["kiosks.id"], name=op.f("fk_sessions_kiosk_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_sessions_person_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sessions")),
    )
    op.create_index("ix_sessions_kiosk_id", "sessions", ["kiosk_id"], unique=False)
    op.create_index("ix_sessions_person_id", "sessions", ["person_id"], unique=False)

    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for each in (NO_CHANGE, NO_LOSS) if on_sqlite else (GUARD, GUARDED, NOT_EMPTIED):
        op.execute(each)
