"""Tables of the store. A change here needs a migration; a test compares both."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, Table

from kikimori_records.callers.tables import customer_numbers, customers
from kikimori_records.calls.tables import (
    journal_faults,
    journal_positions,
    recorded_alerts,
    recorded_calls,
    recorded_events,
    recorded_legs,
    recorded_lines,
)
from kikimori_records.columns import UtcTime, Words
from kikimori_records.keeping.tables import erasures, legal_holds, removals
from kikimori_records.proof.tables import (
    record_accounts,
    record_anchors,
    record_leaves,
    record_trees,
)
from kikimori_records.search.tables import search_calls, search_state
from kikimori_records.tables import metadata

__all__ = [
    "audit",
    "call_notes",
    "claims",
    "customer_numbers",
    "customers",
    "devices",
    "endings",
    "erasures",
    "false_alarms",
    "journal_faults",
    "journal_positions",
    "kiosk_codes",
    "kiosks",
    "legal_holds",
    "metadata",
    "notes_of_store",
    "one_time_links",
    "people",
    "person_extensions",
    "record_accounts",
    "record_anchors",
    "record_leaves",
    "record_trees",
    "recorded_alerts",
    "recorded_calls",
    "recorded_events",
    "recorded_legs",
    "recorded_lines",
    "recovery_codes",
    "removals",
    "reviews",
    "search_calls",
    "search_state",
    "seatings",
    "sessions",
    "stop_requests",
    "superiors",
]


def _person(name: str = "person_id", *, nullable: bool = False, primary_key: bool = False) -> Column[str]:
    return Column(name, Words, ForeignKey("people.id"), nullable=nullable, primary_key=primary_key)


people = Table(
    "people",
    metadata,
    Column("id", Words, primary_key=True),
    Column("login", Words, unique=True),  # null: never signs in
    Column("name", Words, nullable=False),
    Column("roles", JSON, nullable=False),
    Column("password_hash", Words),
    Column("totp_secret", Words),
    Column("totp_used_step", Integer),
    Column("must_change", Boolean, nullable=False, default=False),
    Column("disabled_at", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("team", Words),
    Column("queue", Words),
    Column("telephone", Words),
    Column("seat_row", Integer),
    Column("seat_column", Integer),
    Column("pin_hash", Words),
)

person_extensions = Table(
    "person_extensions",
    metadata,
    _person(primary_key=True),
    Column("extension", Words, primary_key=True),
    Index("ix_person_extensions_extension", "extension"),
)

superiors = Table(
    "superiors",
    metadata,
    Column("id", Words, primary_key=True),
    _person(nullable=True),
    Column("name", Words, nullable=False),
    Column("number", Words, nullable=False),
    Column("position", Integer, nullable=False),
    Column("hours", JSON, nullable=False),  # weekday: [["09:00", "18:00"], …]
    Column("enabled", Boolean, nullable=False, default=True),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    _person(primary_key=True),
    Column("code_hash", Words, primary_key=True),
    Column("used_at", UtcTime),
)

one_time_links = Table(
    "one_time_links",
    metadata,
    Column("token_hash", Words, primary_key=True),
    Column("kind", Words, nullable=False),  # first, invite, demo
    _person(nullable=True),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
)

kiosks = Table(
    "kiosks",
    metadata,
    Column("id", Words, primary_key=True),
    Column("extension", Words, nullable=False),
    Column("name", Words, nullable=False),
    _person("created_by", nullable=True),
    Column("created_at", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
)

kiosk_codes = Table(
    "kiosk_codes",
    metadata,
    Column("code_hash", Words, primary_key=True),
    Column("extension", Words, nullable=False),
    _person("created_by", nullable=True),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
    Column("revoked_at", UtcTime),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", Words, primary_key=True),
    _person(nullable=True),
    Column("kiosk_id", Words, ForeignKey("kiosks.id")),
    Column("created_at", UtcTime, nullable=False),
    Column("used_at", UtcTime, nullable=False),
    Column("idle_s", Integer),  # null: never idles out
    Column("expires_at", UtcTime, nullable=False),
    Column("address", Words, nullable=False),
    Column("browser", Words, nullable=False),
    Column("ended_at", UtcTime),
    Column("end_reason", Words),
    Column("rights_version", Integer, nullable=False, default=0),
    Index("ix_sessions_person_id", "person_id"),
    Index("ix_sessions_kiosk_id", "kiosk_id"),
)

devices = Table(
    "devices",
    metadata,
    Column("token_hash", Words, primary_key=True),
    _person(),
    Column("created_at", UtcTime, nullable=False),
    Column("used_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Index("ix_devices_person_id", "person_id"),
)

seatings = Table(
    "seatings",
    metadata,
    Column("id", Words, primary_key=True),
    Column("extension", Words, nullable=False),
    _person(nullable=True),
    Column("since", UtcTime, nullable=False),
    Column("until", UtcTime),
    Column("source", Words, nullable=False),  # kiosk, pbx, corrected
    _person("changed_by", nullable=True),
    Column("changed_at", UtcTime, nullable=False),
    Column("replaces", Words, ForeignKey("seatings.id", deferrable=True, initially="DEFERRED")),
    Index("ix_seatings_extension", "extension", "since"),
)

claims = Table(
    "claims",
    metadata,
    Column("alert_id", Words, primary_key=True),
    _person(),
    Column("claimed_at", UtcTime, nullable=False),
    Column("released_at", UtcTime),
    Column("release_reason", Words),
)

false_alarms = Table(
    "false_alarms",
    metadata,
    Column("id", Words, primary_key=True),
    Column("alert_id", Words, nullable=False),
    Column("call_id", Words, nullable=False),
    Column("rule", Words, nullable=False),
    Column("reason", Words, nullable=False),
    _person(),
    Column("at", UtcTime, nullable=False),
    Column("undone_at", UtcTime),
    Index("ix_false_alarms_alert_id", "alert_id"),
)

call_notes = Table(
    "call_notes",
    metadata,
    Column("id", Words, primary_key=True),
    Column("call_id", Words, nullable=False),
    Column("text", Words, nullable=False),
    _person(),
    Column("at", UtcTime, nullable=False),
    Index("ix_call_notes_call_id", "call_id"),
    Index("ix_call_notes_at", "at"),
)

endings = Table(
    "endings",
    metadata,
    Column("call_id", Words, primary_key=True),  # the newest proposal of a call
    Column("id", Words, nullable=False),
    Column("state", Words, nullable=False),  # proposed, agreed, ending, refused, withdrawn, ended
    Column("reason", Words, nullable=False),
    Column("words", Words),
    Column("people", Integer, nullable=False),
    _person(),
    Column("at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    _person("second_id", nullable=True),
    Column("second_at", UtcTime),
    Index("ix_endings_at", "at"),
)

stop_requests = Table(
    "stop_requests",
    metadata,
    Column("id", Words, primary_key=True),
    Column("call_id", Words, nullable=False),
    Column("at", UtcTime, nullable=False),
    _person(nullable=True),  # null: an operator's PC
    Index("ix_stop_requests_call_id", "call_id"),
    Index("ix_stop_requests_at", "at"),
)

reviews = Table(
    "reviews",
    metadata,
    Column("kind", Words, primary_key=True),  # alert, call
    Column("object_id", Words, primary_key=True),
    _person(primary_key=True),
    Column("call_id", Words, nullable=False),  # the agent's
    Column("at", UtcTime, nullable=False),
    Index("ix_reviews_call_id", "call_id"),
    Index("ix_reviews_at", "at"),
)

audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 1 without a gap
    Column("at", UtcTime, nullable=False),
    Column("actor_kind", Words, nullable=False),  # person, kiosk, program, system
    Column("actor_id", Words),
    Column("actor_name", Words, nullable=False),
    Column("action", Words, nullable=False),
    Column("object_kind", Words),
    Column("object_id", Words),
    Column("outcome", Words, nullable=False),
    Column("details", JSON, nullable=False),
    Column("previous_hash", Words, nullable=False),
    Column("hash", Words, nullable=False),
    Column("entry_id", Words, nullable=False, unique=True),  # made with the entry: a second delivery is known
    Index("ix_audit_at", "at"),
    Index("ix_audit_actor_id", "actor_id"),
    Index("ix_audit_object_id", "object_id"),
)

notes_of_store = Table(
    "notes_of_store",
    metadata,
    Column("key", Words, primary_key=True),
    Column("value", Words, nullable=False),
)
