"""A recorded call as its page gets it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kikimori_dashboard.recorded.alert_lives import alert_view

if TYPE_CHECKING:
    from datetime import datetime

    from kikimori_records.calls.queries import CallWithParts, RecordedCall
    from kikimori_records.sounds.sound_place import SoundState

_OF_CALL = (
    "uid",
    "call_id",
    "tap",
    "end_reason",
    "outcome",
    "heard_s",
    "caller_number",
    "caller_name",
    "caller_key",
    "operator_number",
    "operator_name",
    "person_name",
    "team",
    "queue",
    "worst",
    "sound_seconds",
    "sound_lost_s",
    "erased_by",
    "erasure_reason",
)
_OF_LINE = ("line_id", "role", "start_s", "end_s", "text", "words", "other", "spoken_by")


def call_view(whole: CallWithParts, sound: SoundState, removed: dict[str, datetime]) -> dict[str, Any]:
    """Return call, words, alerts and events; `removed`: time by kind of data that was removed, see `docs/keeping.md`."""
    return {
        "call": head_view(whole.call),
        "sound": str(sound),
        "removed": {kind: at.isoformat() for kind, at in removed.items()},
        "lines": lines_view(whole.lines),
        "alerts": [
            alert_view(each)
            for each in sorted(whole.alerts, key=lambda row: (row["opened_s"], row["alert_id"]))
        ],
        "events": [{**each, "at": each["at"].isoformat()} for each in whole.events],
    }


def head_view(call: RecordedCall) -> dict[str, Any]:
    """Return the call itself."""
    fields = call.fields()
    times = {name: _iso(fields[name]) for name in ("started_at", "ended_at", "erased_at")}
    return {**{name: fields[name] for name in _OF_CALL}, **times}


def lines_view(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines in order of time; of a line that was heard again the later row."""
    last = {row["line_id"]: row for row in rows}
    found = [{name: row[name] for name in _OF_LINE} for row in last.values() if row["text"]]
    return sorted(found, key=lambda line: (line["start_s"], line["end_s"]))


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
