"""Recorded calls for tests of the search, by what was said in them: rows as they are written after a call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from kikimori_records.calls.rows import CallRows, insert_call
from kikimori_records.search.filling import IndexFilling

if TYPE_CHECKING:
    from kikimori_records.store import Store

BEGIN = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)


def said_call(name: str, *said: str, at: datetime | None = None, kind: str = "", **more: Any) -> CallRows:
    """Return the rows of a call, said by the customer and the operator in turn; `kind`: of an alert, if any."""
    started_at = at or BEGIN
    call = {
        "uid": f"{name}.r1",
        "agent_id": "agent1",
        "run": "r1",
        "call_id": name,
        "site": "office",
        "tap": "mirror",
        "started_at": started_at,
        "ended_at": started_at + timedelta(minutes=4),
        "end_reason": "hung_up",
        "heard_s": 240.0,
        "caller_number": "09012345678",
        "operator_number": "204",
        "alerts": int(bool(kind)),
        "sound": "none",
        "sound_bytes": 0,
        "sound_seconds": 0.0,
        "sound_lost_s": 0.0,
        "recorded_at": started_at + timedelta(minutes=5),
        **more,
    }
    lines: list[dict[str, Any]] = [
        {
            "number": 10 + at,
            "line_id": f"l{at}",
            "leg": None,
            "role": ("customer", "operator")[at % 2],
            "start_s": at * 4.0,
            "end_s": at * 4.0 + 3,
            "text": text,
            "words": [],
            "engine": "vosk",
            "other": None,
            "again": False,
        }
        for at, text in enumerate(said)
    ]
    alert = {
        "alert_id": f"{name}.1",
        "rule": kind,
        "kind": kind,
        "severity": "warning",
        "opened_s": 1.0,
        "closed_s": None,
        "revisions": [],
    }
    return CallRows(call, lines=lines, alerts=[alert] if kind else [])


async def keep_said(store: Store, *calls: CallRows) -> None:
    """Write calls into the history."""
    async with store.begin() as connection:
        for each in calls:
            await insert_call(connection, each)


async def fill_index(store: Store) -> None:
    """Bring all calls into the index of words, as a records service does by and by."""
    while await IndexFilling(store).fill_some():
        pass
