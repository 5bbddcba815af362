"""Contacts of callers: recorded calls by pseudonym, over all departments, without their words.

An erased call counts no more. A call whose number was removed for its age still counts: its pseudonym stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, func, or_, select

from kikimori_records.calls.tables import recorded_calls as calls
from kikimori_records.schema import people

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection

INCIDENTS = ("warning", "critical")
"""Worst severities of a call that count as an incident."""
AT_ONCE = 500
LAST = 3


@dataclass(frozen=True, slots=True)
class Contact:
    """One recorded call of a caller."""

    uid: str
    caller_key: str
    started_at: datetime
    seconds: float
    operator: str | None
    """Name of the operator, else the extension, as well as it is known."""
    operator_number: str | None
    person_id: str | None
    """Person who sat there; None = nobody is known."""
    team: str | None
    queue: str | None
    worst: str | None
    alerts: int
    outcome: str | None
    end_reason: str


@dataclass(frozen=True, slots=True)
class CallerTotals:
    """Sums over all contacts of a caller."""

    contacts: int
    seconds: float
    alerts: int
    incidents: int
    first_at: datetime | None


@dataclass(frozen=True, slots=True)
class ContactDay:
    """Contacts that began within one of the periods of 24 hours before a moment."""

    days_ago: int
    """0 = within the last 24 hours."""
    contacts: int
    seconds: float
    incidents: int

    def __add__(self, other: ContactDay) -> ContactDay:
        """Return the sums of both, as of one day."""
        return ContactDay(
            self.days_ago,
            self.contacts + other.contacts,
            self.seconds + other.seconds,
            self.incidents + other.incidents,
        )


async def contacts_of(
    connection: AsyncConnection, keys: Collection[str], most: int, before: tuple[datetime, str] | None = None
) -> list[Contact]:
    """Return contacts of callers, newest first. `before`: begin and uid of the last one of the page before."""
    where = [_there(keys)]
    if before is not None:
        at, uid = before
        where.append(or_(calls.c.started_at < at, and_(calls.c.started_at == at, calls.c.uid < uid)))
    query = _contacts().where(*where).order_by(calls.c.started_at.desc(), calls.c.uid.desc()).limit(most)
    return [_contact(row) for row in await connection.execute(query)]


async def last_contacts(
    connection: AsyncConnection, keys: Collection[str], most: int = LAST
) -> dict[str, list[Contact]]:
    """Return the last contacts of each of several callers, newest first, in one question."""
    found: dict[str, list[Contact]] = {}
    listed = list(keys)
    newest = func.row_number().over(partition_by=calls.c.caller_key, order_by=calls.c.started_at.desc())
    for at in range(0, len(listed), AT_ONCE):
        ranked = (
            select(calls.c.uid, newest.label("place")).where(_there(listed[at : at + AT_ONCE])).subquery()
        )
        query = _contacts().join(ranked, ranked.c.uid == calls.c.uid).where(ranked.c.place <= most)
        for row in await connection.execute(query.order_by(calls.c.started_at.desc(), calls.c.uid)):
            found.setdefault(row.caller_key, []).append(_contact(row))
    return found


async def counts_of(connection: AsyncConnection, keys: Collection[str]) -> dict[str, int]:
    """Return the number of contacts of each caller who has some."""
    found: dict[str, int] = {}
    listed = list(keys)
    for at in range(0, len(listed), AT_ONCE):
        query = select(calls.c.caller_key, func.count()).where(_there(listed[at : at + AT_ONCE]))
        rows = await connection.execute(query.group_by(calls.c.caller_key))
        found.update((key, count) for key, count in rows)
    return found


async def totals_of(connection: AsyncConnection, keys: Collection[str]) -> CallerTotals:
    """Return the sums over all contacts of callers who are one person."""
    return _totals((await connection.execute(select(*_sums()).where(_there(keys)))).one())


async def totals_by_team(
    connection: AsyncConnection, keys: Collection[str]
) -> list[tuple[str | None, CallerTotals]]:
    """Return the same by team, the one with the most contacts first; None = of no team, or not known."""
    query = select(calls.c.team, *_sums()).where(_there(keys)).group_by(calls.c.team)
    found = [(team, _totals(sums)) for team, *sums in await connection.execute(query)]
    return sorted(found, key=lambda each: (-each[1].contacts, each[0] or ""))


async def number_of(connection: AsyncConnection, key: str) -> str | None:
    """Return a caller's number as the newest call that still has it spells it."""
    query = select(calls.c.caller_number).where(_there([key]), calls.c.caller_number.is_not(None))
    return (await connection.execute(query.order_by(calls.c.started_at.desc()).limit(1))).scalar()


async def days_of(
    connection: AsyncConnection, keys: Collection[str], now: datetime, days: int
) -> dict[str, list[ContactDay]]:
    """Return the contacts of each of several callers within the last days, by periods of 24 hours before `now`."""
    found: dict[str, dict[int, list[float]]] = {}
    listed = list(keys)
    since = calls.c.started_at >= now - timedelta(days=days)
    for at in range(0, len(listed), AT_ONCE):
        query = select(calls.c.caller_key, calls.c.started_at, calls.c.heard_s, calls.c.worst)
        for row in await connection.execute(query.where(_there(listed[at : at + AT_ONCE]), since)):
            ago = max(0, (now - row.started_at) // timedelta(days=1))
            sums = found.setdefault(row.caller_key, {}).setdefault(ago, [0, 0.0, 0])
            sums[0] += 1
            sums[1] += row.heard_s
            sums[2] += row.worst in INCIDENTS
    return {
        key: [ContactDay(ago, int(n), seconds, int(k)) for ago, (n, seconds, k) in sorted(by_day.items())]
        for key, by_day in found.items()
    }


def _sums() -> tuple[Any, ...]:
    incident = case((calls.c.worst.in_(INCIDENTS), 1), else_=0)
    return (
        func.count(),
        func.coalesce(func.sum(calls.c.heard_s), 0.0),
        func.coalesce(func.sum(calls.c.alerts), 0),
        func.coalesce(func.sum(incident), 0),
        func.min(calls.c.started_at),
    )


def _totals(sums: Any) -> CallerTotals:
    count, seconds, alerts, incidents, first = sums
    return CallerTotals(count, float(seconds), int(alerts), int(incidents), first)


def _there(keys: Collection[str]) -> ColumnElement[bool]:
    return and_(calls.c.caller_key.in_(list(keys)), calls.c.erased_at.is_(None))


def _contacts() -> Any:
    c = calls.c
    operator = func.coalesce(people.c.name, c.operator_name, c.operator_number).label("operator")
    return select(
        c.uid,
        c.caller_key,
        c.started_at,
        c.heard_s.label("seconds"),
        operator,
        c.operator_number,
        c.person_id,
        c.team,
        c.queue,
        c.worst,
        c.alerts,
        c.outcome,
        c.end_reason,
    ).outerjoin(people, people.c.id == c.person_id)


def _contact(row: Any) -> Contact:
    return Contact(**{name: getattr(row, name) for name in Contact.__slots__})
