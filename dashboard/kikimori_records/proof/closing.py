"""Closing of days: a tree over the calls of each day that is over, and supplements for calls that came later."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import insert, select, text

from kikimori_records.proof.days import day_of, days_between, end_of, last_closed_day
from kikimori_records.proof.queries import last_tree, parts_by_day
from kikimori_records.proof.tables import record_leaves, record_trees
from kikimori_records.proof.trees import ClosedTree
from kikimori_records.proof.verify_alone import leaf_hash
from kikimori_records.schema import recorded_calls

if TYPE_CHECKING:
    from datetime import datetime, tzinfo
    from typing import Any

    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.store import Store

LOCK_NUMBER = 0x6B696B6C
"""Number of PostgreSQL's advisory lock: one program continues the chain of trees at a time."""
WITHIN_S = 60.0
LONGEST_GAP = timedelta(days=400)
"""Longest stretch of days without calls that get trees at once."""


async def close_days(store: Store, now: datetime, zone: tzinfo) -> list[ClosedTree]:
    """Close every day that is over, in one transaction, and return the new trees, the oldest first.

    A day without calls has a tree too, so that a missing day is seen. Closed trees are never changed: calls of a closed day
    that came later get a further tree of that day.

    Raises:
        StoreError: the database is away or refuses.
    """
    async with store.begin(within_s=WITHIN_S) as connection:
        if connection.dialect.name == "postgresql":
            await connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": LOCK_NUMBER})
        last_day = last_closed_day(now, zone)
        open_calls = await _without_tree(connection, end_of(last_day, zone))
        by_day: dict[str, list[tuple[str, bytes]]] = defaultdict(list)
        for uid, started_at, leaf in open_calls:
            by_day[day_of(started_at, zone).isoformat()].append((uid, leaf))
        last, parts = await last_tree(connection), await parts_by_day(connection)
        made = []
        for day in _days_to_close(set(by_day), parts, last_day):
            calls = by_day.get(day, [])
            last = ClosedTree.after(last, day, parts.get(day, -1) + 1, [leaf for _, leaf in calls], now)
            await _keep(connection, last, calls)
            made.append(last)
        return made


def _days_to_close(with_calls: set[str], closed: dict[str, int], last_day: date) -> list[str]:
    """Return the days that get a tree: those with new calls, and those without that follow the days closed before."""
    if not with_calls and not closed:
        return []
    first = (
        date.fromisoformat(max(closed)) + timedelta(days=1) if closed else date.fromisoformat(min(with_calls))
    )
    # A clock that was wrong for a moment must not lead to thousands of empty days.
    first = max(first, last_day - LONGEST_GAP)
    return sorted(with_calls | {each.isoformat() for each in days_between(first, last_day)} - closed.keys())


async def _without_tree(connection: AsyncConnection, before: datetime) -> list[tuple[str, datetime, bytes]]:
    """Return uid, begin and leaf of the calls that no tree holds yet, in the order of their begin."""
    c = recorded_calls.c
    query = (
        select(c.uid, c.started_at, c.salt, c.manifest_hash, c.leaf)
        .where(
            c.started_at < before, ~select(record_leaves.c.uid).where(record_leaves.c.uid == c.uid).exists()
        )
        .order_by(c.started_at, c.uid)
    )
    rows = await connection.execute(query)
    found = [(row.uid, row.started_at, leaf_of(row.salt, row.manifest_hash, row.leaf)) for row in rows]
    return [(uid, started_at, leaf) for uid, started_at, leaf in found if leaf is not None]


def leaf_of(salt: str | None, manifest_hash: str | None, kept: str | None) -> bytes | None:
    """Return a call's leaf, from the salt while it is there, else as the erasure kept it; None = it never had one."""
    if salt is not None and manifest_hash is not None:
        return leaf_hash(bytes.fromhex(salt), bytes.fromhex(manifest_hash))
    return None if kept is None else bytes.fromhex(kept)


async def _keep(connection: AsyncConnection, tree: ClosedTree, calls: list[tuple[str, bytes]]) -> None:
    row = {name: value for name, value in tree.fields().items() if name != "closed_at"}
    await connection.execute(insert(record_trees), {**row, "closed_at": tree.closed_at})
    leaves: list[dict[str, Any]] = [
        {"number": tree.number, "position": position, "uid": uid, "leaf": leaf.hex()}
        for position, (uid, leaf) in enumerate(calls)
    ]
    if leaves:
        await connection.execute(insert(record_leaves), leaves)
