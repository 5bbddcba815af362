"""Recorded calls for tests: rows and manifests, without a journal."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from kikimori_records.schema import recorded_calls

if TYPE_CHECKING:
    from kikimori_records.store import Store

TOKYO = ZoneInfo("Asia/Tokyo")


def tokyo(day: int, hour: int = 10, minute: int = 0) -> datetime:
    """Return a time in November of 2026 in Tokyo."""
    return datetime(2026, 11, day, hour, minute, tzinfo=TOKYO)


def call_row(uid: str, started_at: datetime, **more: Any) -> dict[str, Any]:
    """Return the row of a call whose manifest and salt are made from its name."""
    row = {
        "uid": uid,
        "agent_id": "agent-1",
        "run": "run-1",
        "call_id": uid,
        "site": "main",
        "tap": "audiosocket",
        "started_at": started_at,
        "ended_at": started_at + timedelta(minutes=5),
        "end_reason": "hangup",
        "heard_s": 300.0,
        "alerts": 0,
        "sound": "kept",
        "sound_bytes": 0,
        "sound_seconds": 300.0,
        "sound_lost_s": 0.0,
        "manifest_hash": sha256(f"manifest {uid}".encode()).hexdigest(),
        "salt": sha256(f"salt {uid}".encode()).hexdigest(),
        "recorded_at": started_at + timedelta(minutes=6),
    }
    return {**row, **more}


async def keep_calls(store: Store, *rows: dict[str, Any]) -> None:
    """Put rows of calls into the store."""
    async with store.begin() as connection:
        for row in rows:
            await connection.execute(insert(recorded_calls), row)
