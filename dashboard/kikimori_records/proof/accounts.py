"""Accounts of a day: calls heard = recorded + excluded + stopped + not written for want of disk, for each agent.

An agent numbers the calls that it hears from 0 in each run. A number that is missing between those that are here is a call that
was heard, and of which nothing was written or kept. It is counted for the day of the next call of the run.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, select

from kikimori_records.proof.days import begin_of, end_of
from kikimori_records.proof.tables import record_accounts
from kikimori_records.schema import recorded_calls

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet
    from datetime import date, datetime, tzinfo

    from sqlalchemy.ext.asyncio import AsyncConnection

OpenCall = tuple[str, str, int]
"""Agent, run and number of a call that has begun and is not in the history yet."""
STATES = {"excluded": "excluded", "stopped": "stopped", "no_disk": "no_disk"}
"""Account by the state of a call's sound; every other one is `recorded`."""


@dataclass(frozen=True, slots=True)
class DayAccounts:
    """Accounts of one agent's day."""

    day: str
    agent_id: str
    heard: int
    recorded: int
    excluded: int
    stopped: int
    no_disk: int
    running: int
    """Begun, and not in the history yet."""
    missing: int
    """Heard, and nothing of them is here."""
    checked_at: datetime

    def fields(self) -> dict[str, Any]:
        """Return the accounts as JSON."""
        return {**asdict(self), "checked_at": self.checked_at.isoformat(timespec="seconds")}


async def count_day(
    connection: AsyncConnection, day: date, zone: tzinfo, open_calls: AbstractSet[OpenCall], now: datetime
) -> list[DayAccounts]:
    """Return the accounts of a day, by agent."""
    c = recorded_calls.c
    within = (c.started_at >= begin_of(day, zone), c.started_at < end_of(day, zone))
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    by_sound = select(c.agent_id, c.sound, func.count()).where(*within).group_by(c.agent_id, c.sound)
    for agent_id, sound, count in await connection.execute(by_sound):
        counts[agent_id][STATES.get(sound, "recorded")] += count
    for agent_id, run, first, last in await _gaps(connection, day, zone):
        running = sum((agent_id, run, number) in open_calls for number in range(first, last + 1))
        counts[agent_id]["running"] += running
        counts[agent_id]["missing"] += last + 1 - first - running
    return [
        DayAccounts(
            day=day.isoformat(),
            agent_id=agent_id,
            heard=its.total(),
            recorded=its["recorded"],
            excluded=its["excluded"],
            stopped=its["stopped"],
            no_disk=its["no_disk"],
            running=its["running"],
            missing=its["missing"],
            checked_at=now,
        )
        for agent_id, its in sorted(counts.items())
    ]


async def _gaps(connection: AsyncConnection, day: date, zone: tzinfo) -> list[tuple[str, str, int, int]]:
    """Return agent, run, first and last number of calls that are not in the history, before calls of this day."""
    c = recorded_calls.c
    within = (c.started_at >= begin_of(day, zone), c.started_at < end_of(day, zone), c.call_key.is_not(None))
    before = func.lag(c.call_key).over(partition_by=(c.agent_id, c.run), order_by=c.call_key)
    rows = select(c.agent_id, c.run, c.call_key, before.label("before")).where(*within).subquery()
    beyond = (rows.c.before.is_(None)) | (rows.c.call_key > rows.c.before + 1)
    found = []
    for agent_id, run, number, previous in (await connection.execute(select(rows).where(beyond))).all():
        last = previous
        if last is None:
            # The first one of the run on this day: the one before it is of an earlier day.
            earlier = select(func.max(c.call_key)).where(
                c.agent_id == agent_id, c.run == run, c.call_key < number
            )
            last = (await connection.execute(earlier)).scalar()
        first = 0 if last is None else last + 1
        if first < number:
            found.append((agent_id, run, first, number - 1))
    return found


async def keep_accounts(connection: AsyncConnection, day: str, found: list[DayAccounts]) -> None:
    """Write the accounts of a day in place of earlier ones."""
    await connection.execute(delete(record_accounts).where(record_accounts.c.day == day))
    if found:
        await connection.execute(insert(record_accounts), [asdict(each) for each in found])


async def accounts_since(connection: AsyncConnection, day: str) -> list[DayAccounts]:
    """Return the accounts from a day on, by day and agent."""
    c = record_accounts.c
    query = select(record_accounts).where(c.day >= day).order_by(c.day, c.agent_id)
    return [DayAccounts(**row) for row in (await connection.execute(query)).mappings()]
