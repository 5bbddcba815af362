"""False alarms by rule, as an office looks at them before it changes a threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from kikimori_records.calls.tables import recorded_alerts, recorded_calls
from kikimori_records.schema import false_alarms, people

if TYPE_CHECKING:
    from datetime import datetime

    from kikimori_records.store import Store

MOST = 2000
"""Marks that are read, the newest."""


@dataclass(frozen=True, slots=True)
class CallPlace:
    """Fields of a recorded call that decide who may see it."""

    operator_number: str | None
    team: str | None
    person_id: str | None


@dataclass(frozen=True, slots=True)
class MarkedAlert:
    """An alert that somebody marked as a false one, with its recorded call."""

    alert_id: str
    rule: str
    reason: str
    name: str
    """Name of who marked it."""
    at: datetime
    uid: str | None
    """Recorded call; None = it is not in the history, or was erased."""
    opened_s: float | None
    started_at: datetime | None
    place: CallPlace


@dataclass(frozen=True, slots=True)
class AlertCount:
    """Alerts of a rule in the recorded calls of one place."""

    rule: str
    place: CallPlace
    count: int


async def marked_alerts(store: Store, since: datetime) -> list[MarkedAlert]:
    """Return the alerts that were marked as false since a time, the newest mark first."""
    marks, alerts, calls = false_alarms.c, recorded_alerts.c, recorded_calls.c
    there = (calls.uid == alerts.uid) & calls.erased_at.is_(None)
    query = (
        select(
            marks.alert_id,
            marks.rule,
            marks.reason,
            people.c.name,
            marks.at,
            calls.uid,
            alerts.opened_s,
            calls.started_at,
            calls.operator_number,
            calls.team,
            calls.person_id,
        )
        .join(people, people.c.id == marks.person_id)
        .outerjoin(recorded_alerts, alerts.alert_id == marks.alert_id)
        .outerjoin(recorded_calls, there)
        .where(marks.undone_at.is_(None), marks.at >= since)
        .order_by(marks.at.desc(), marks.id)
        .limit(MOST)
    )
    async with store.read() as connection:
        return [MarkedAlert(*row[:8], CallPlace(*row[8:])) for row in await connection.execute(query)]


async def alert_counts(store: Store, since: datetime) -> list[AlertCount]:
    """Return how many alerts each rule raised in the recorded calls since a time, by place."""
    calls = recorded_calls.c
    place = (calls.operator_number, calls.team, calls.person_id)
    query = (
        select(recorded_alerts.c.rule, *place, func.count())
        .join(recorded_calls, calls.uid == recorded_alerts.c.uid)
        .where(calls.started_at >= since, calls.erased_at.is_(None))
        .group_by(recorded_alerts.c.rule, *place)
    )
    async with store.read() as connection:
        return [AlertCount(row[0], CallPlace(*row[1:4]), row[4]) for row in await connection.execute(query)]


async def titles_of(store: Store, alerts: list[tuple[str, str]]) -> dict[str, dict[str, Any]]:
    """Return titles by rule, each from one alert of it; `alerts`: uid and alert id."""
    found: dict[str, dict[str, Any]] = {}
    columns = recorded_alerts.c
    async with store.read() as connection:
        for uid, alert_id in alerts:
            query = select(columns.rule, columns.revisions).where(
                columns.uid == uid, columns.alert_id == alert_id
            )
            row = (await connection.execute(query)).one_or_none()
            if row and row.revisions and isinstance(title := row.revisions[-1]["alert"].get("title"), dict):
                found[row.rule] = title
    return found
