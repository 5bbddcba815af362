"""Recorded calls for tests: rows and files as the records service leaves them after a call."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from kikimori_records.calls.tables import (
    recorded_alerts,
    recorded_calls,
    recorded_events,
    recorded_legs,
    recorded_lines,
)

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_records.store import Store

SALT, MANIFEST = "5a" * 32, "c3" * 32
SAID = "返金してください"
REFUSED = "返金はいたしかねます"
NAME = "架空太郎"


async def add_recorded(
    store: Store,
    folder: Path,
    call_id: str,
    *,
    number: str | None = "09012345678",
    ended_at: datetime | None = None,
    run: str = "r1",
    key: int = 7,
    with_sound: bool = True,
) -> str:
    """Add a call that ended, with a line, an alert, an event and its files, and return its uid."""
    ended_at = ended_at or datetime.now(UTC) - timedelta(minutes=5)
    uid = f"{call_id}.{run}"
    below = f"calls/{ended_at:%Y/%m/%d}/{uid}"
    made = folder / below
    made.mkdir(parents=True)
    for name in ("sound.flac", "peaks.bin", "windows.bin") if with_sound else ():
        (made / name).write_bytes(f"{name} of {SAID}".encode())
    manifest = {"uid": uid, "call": 7, "caller": {"number": number, "name": NAME}}
    (made / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    call = {
        "uid": uid,
        "agent_id": "agent1",
        "run": run,
        "call_id": call_id,
        "call_key": key,
        "site": "office",
        "tap": "mirror",
        "started_at": ended_at - timedelta(minutes=10),
        "ended_at": ended_at,
        "end_reason": "hung_up",
        "heard_s": 600.0,
        "caller_number": number,
        "caller_name": NAME,
        "operator_number": "204",
        "operator_name": "佐藤",
        "worst": "warning",
        "alerts": 1,
        "sound": "kept" if with_sound else "excluded",
        "sound_path": below,
        "sound_bytes": sum(each.stat().st_size for each in made.iterdir()) if with_sound else 0,
        "sound_seconds": 600.0,
        "sound_lost_s": 0.0,
        "manifest_hash": MANIFEST,
        "salt": SALT,
        "recorded_at": ended_at,
    }
    rows: dict[Any, dict[str, Any]] = {
        recorded_calls: call,
        recorded_legs: {
            "leg": 0,
            "role": "customer",
            "rate": 8000,
            "offset_s": 0.0,
            "samples": 4_800_000,
            "dropped_frames": 0,
        },
        recorded_lines: {
            "number": 5,
            "line_id": "l1",
            "leg": 0,
            "role": "customer",
            "start_s": 3.0,
            "end_s": 5.0,
            "text": SAID,
            "words": [[SAID, 3.0, 5.0, 0.9]],
            "engine": "vosk",
            "again": False,
        },
        recorded_alerts: {
            "alert_id": f"{uid}.refund.1",
            "rule": "refund",
            "kind": "phrase",
            "severity": "warning",
            "opened_s": 3.0,
            "revisions": [
                {
                    "media_s": 3.0,
                    "alert": {
                        "caller": {"number": number},
                        "evidence": [
                            {"kind": "words", "text": SAID},
                            {"kind": "duration", "since": "refusal", "quote": REFUSED},
                            {
                                "kind": "answered",
                                "count": 2,
                                "refusals": [{"demand_s": 1.0, "quote": REFUSED}],
                            },
                        ],
                    },
                }
            ],
        },
        recorded_events: {
            "number": 6,
            "at": ended_at,
            "media_s": 9.0,
            "kind": "status",
            "body": {"caller": {"number": number, "name": NAME}, "status": "held"},
        },
    }
    async with store.begin() as connection:
        for table, row in rows.items():
            await connection.execute(insert(table).values(**{"uid": uid, **row}))
    return uid
