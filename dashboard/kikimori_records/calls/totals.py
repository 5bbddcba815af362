"""Totals of what the history holds, for the page of the record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from kikimori_records.calls.tables import recorded_calls
from kikimori_records.proof.tables import record_accounts

if TYPE_CHECKING:
    from datetime import datetime

    from kikimori_records.store import Store

DAYS = 14
"""Newest days whose accounts are read."""
COUNTED = ("heard", "recorded", "excluded", "stopped", "no_disk", "running", "missing")


@dataclass(frozen=True, slots=True)
class RecordTotals:
    """Totals of the history."""

    calls: dict[str, int]
    """Calls by the state of their sound: `kept`, `excluded`, `stopped`, `no_disk`, `none`, `erased`."""
    sound_bytes: int
    oldest: datetime | None
    """Begin of the oldest call of which there is sound."""
    newest: datetime | None
    """End of the newest call."""
    days: list[dict[str, int | str]]
    """Accounts of the newest days that were checked, the newest first: `day`, and the counts of `COUNTED`."""


async def record_totals(store: Store) -> RecordTotals:
    """Return the totals; raises StoreAwayError."""
    c, a = recorded_calls.c, record_accounts.c
    by_sound = select(
        c.sound, func.count(), func.sum(c.sound_bytes), func.min(c.started_at), func.max(c.ended_at)
    ).group_by(c.sound)
    accounts = (
        select(a.day, *(func.sum(getattr(a, each)) for each in COUNTED))
        .group_by(a.day)
        .order_by(a.day.desc())
        .limit(DAYS)
    )
    async with store.read() as connection:
        rows = (await connection.execute(by_sound)).all()
        days = (await connection.execute(accounts)).all()
    return RecordTotals(
        {sound: count for sound, count, *_ in rows},
        sum(int(size or 0) for _, _, size, *_ in rows),
        next((oldest for sound, _, _, oldest, _ in rows if sound == "kept"), None),
        max((newest for *_, newest in rows), default=None),
        [dict(zip(("day", *COUNTED), (day, *map(int, counts)), strict=True)) for day, *counts in days],
    )


async def kept_calls(store: Store) -> int:
    """Return how many calls are not erased; raises StoreAwayError."""
    query = select(func.count()).where(recorded_calls.c.erased_at.is_(None))
    async with store.read(within_s=60) as connection:
        return (await connection.execute(query)).scalar_one()
