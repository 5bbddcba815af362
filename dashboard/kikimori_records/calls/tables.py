"""Tables of recorded calls. A change here needs a migration; a test compares both.

`uid` is a call's name over all agents and runs: `<call_id>.<run>`. `number` is the number of the journal's record from which
a row comes. Times of day are UTC; `…_s` are seconds of media time from `started_at`.
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Double, ForeignKey, Index, Integer, Table

from kikimori_records.columns import UtcTime, Words
from kikimori_records.tables import metadata


def _call() -> Column[str]:
    return Column("uid", Words, ForeignKey("recorded_calls.uid"), primary_key=True)


def _number() -> Column[int]:
    return Column("number", BigInteger, primary_key=True, autoincrement=False)


recorded_calls = Table(
    "recorded_calls",
    metadata,
    Column("uid", Words, primary_key=True),
    Column("agent_id", Words, nullable=False),
    Column("run", Words, nullable=False),
    Column("call_id", Words, nullable=False),
    Column("call_key", BigInteger),  # number of the call within its run, from 0
    Column("site", Words, nullable=False),
    Column("tap", Words, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime, nullable=False),
    Column("end_reason", Words, nullable=False),  # agent_ended: the journal holds no end
    Column("heard_s", Double, nullable=False),
    Column("caller_number", Words),
    Column("caller_name", Words),
    Column("caller_key", Words),  # pseudonym of the number, also where the number is masked or removed
    Column("operator_number", Words),
    Column("operator_name", Words),
    Column("person_id", Words, ForeignKey("people.id")),  # as seated at the start, known at the end
    Column("team", Words),
    Column("queue", Words),
    Column("worst", Words),  # severity of the worst alert; null: no alert
    Column("alerts", Integer, nullable=False),
    Column("outcome", Words),
    Column("sound", Words, nullable=False),  # kept, excluded, stopped, no_disk, none, erased
    Column("sound_path", Words),  # folder of the call's files below the records' folder
    Column("sound_bytes", BigInteger, nullable=False),
    Column("sound_seconds", Double, nullable=False),
    Column("sound_lost_s", Double, nullable=False),  # not written by the agent, or damaged
    Column("manifest_hash", Words),  # SHA-256 of manifest.json in hexadecimal digits
    Column("salt", Words),  # 32 bytes in hexadecimal digits; null: erased
    Column("leaf", Words),  # of the day's tree, in hexadecimal digits; there where the salt is not any more
    Column("recorded_at", UtcTime, nullable=False),
    Column("erased_at", UtcTime),
    Column("erased_by", Words),
    Column("erasure_reason", Words),
    Index("ix_recorded_calls_started_at", "started_at"),
    Index("ix_recorded_calls_ended_at", "ended_at"),
    Index("ix_recorded_calls_call_id", "call_id"),
    Index("ix_recorded_calls_caller_number", "caller_number", "started_at"),
    Index("ix_recorded_calls_caller_key", "caller_key", "started_at"),
    Index("ix_recorded_calls_operator_number", "operator_number", "started_at"),
    Index("ix_recorded_calls_person_id", "person_id", "started_at"),
    Index("ix_recorded_calls_outcome", "outcome"),
)

recorded_legs = Table(
    "recorded_legs",
    metadata,
    _call(),
    Column("leg", Integer, primary_key=True, autoincrement=False),
    Column("role", Words, nullable=False),
    Column("rate", Integer, nullable=False),
    Column("offset_s", Double, nullable=False),
    Column("samples", BigInteger, nullable=False),
    Column("dropped_frames", Integer, nullable=False),
    Column("close_reason", Words),  # null: the journal holds no end of the leg
)

recorded_lines = Table(
    "recorded_lines",
    metadata,
    _call(),
    _number(),
    Column("line_id", Words, nullable=False),
    Column("leg", Integer),
    Column("role", Words, nullable=False),
    Column("start_s", Double, nullable=False),
    Column("end_s", Double, nullable=False),
    Column("text", Words, nullable=False),
    Column("words", JSON, nullable=False),  # [[word, start_s, end_s, confidence], …]
    Column("engine", Words, nullable=False),
    Column("other", JSON(none_as_null=True)),  # what a second recogniser heard
    Column("spoken_by", JSON(none_as_null=True)),  # superior in the operator's place, {"superior", "certain"}
    Column("again", Boolean, nullable=False),  # heard again, in place of an earlier row of the same line_id
)

recorded_alerts = Table(
    "recorded_alerts",
    metadata,
    _call(),
    Column("alert_id", Words, primary_key=True),
    Column("rule", Words, nullable=False),
    Column("kind", Words, nullable=False),
    Column("severity", Words, nullable=False),  # the worst of all revisions
    Column("opened_s", Double, nullable=False),
    Column("closed_s", Double),  # null: open when the call ended
    Column("revisions", JSON, nullable=False),  # [{"number", "media_s", "alert"}, …]
    Index("ix_recorded_alerts_kind", "kind"),
)

recorded_events = Table(
    "recorded_events",
    metadata,
    _call(),
    _number(),
    Column("at", UtcTime, nullable=False),
    Column("media_s", Double, nullable=False),
    Column("kind", Words, nullable=False),  # command, status, recording, ended
    Column("body", JSON, nullable=False),
)

journal_positions = Table(
    "journal_positions",
    metadata,
    Column("agent_id", Words, primary_key=True),
    Column("run", Words, primary_key=True),
    Column("acknowledged", BigInteger, nullable=False),  # number of the next record wanted
    Column("first_at", UtcTime, nullable=False),
    Column("last_at", UtcTime, nullable=False),
)

journal_faults = Table(
    "journal_faults",
    metadata,
    Column("agent_id", Words, primary_key=True),
    Column("run", Words, primary_key=True),
    _number(),
    Column("code", Words, primary_key=True),
    Column("call_id", Words),
    Column("found_at", UtcTime, nullable=False),
    Column("details", JSON, nullable=False),
    Index("ix_journal_faults_found_at", "found_at"),
)
