"""Questions about recorded calls: the newest, and one with all of its parts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from kikimori_core.wire.values import Severity
from kikimori_records.calls.rows import PARTS, CallRows
from kikimori_records.calls.tables import recorded_alerts, recorded_calls
from kikimori_records.keeping.tables import removals
from kikimori_records.schema import people

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.store import Store


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """A call in the history, without its parts; fields as the columns of `recorded_calls`."""

    uid: str
    agent_id: str
    run: str
    call_id: str
    site: str
    tap: str
    started_at: datetime
    ended_at: datetime
    end_reason: str
    heard_s: float
    caller_number: str | None
    caller_name: str | None
    caller_key: str | None
    """Pseudonym of the caller; None = the number is withheld."""
    operator_number: str | None
    operator_name: str | None
    person_id: str | None
    team: str | None
    queue: str | None
    worst: str | None
    alerts: int
    outcome: str | None
    sound: str
    sound_path: str | None
    sound_bytes: int
    sound_seconds: float
    sound_lost_s: float
    manifest_hash: str | None
    recorded_at: datetime
    erased_at: datetime | None
    erased_by: str | None
    erasure_reason: str | None
    person_name: str | None
    """Name of the person who sat there, as it is today."""

    @property
    def operator(self) -> str | None:
        """Return who spoke for the office, as well as it is known."""
        return self.person_name or self.operator_name or self.operator_number

    def fields(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class AlertReason:
    """Name of a call's alerts of one rule."""

    kind: str
    title: dict[str, str] | None
    """By language; None = it was removed with the call's words."""


@dataclass(frozen=True, slots=True)
class CallWithParts:
    """A call in the history with all of its parts, each a row as `kikimori_records.calls.tables` has it."""

    call: RecordedCall
    legs: list[dict[str, Any]]
    lines: list[dict[str, Any]]
    alerts: list[dict[str, Any]]
    events: list[dict[str, Any]]

    def fields(self) -> dict[str, Any]:
        return {"call": self.call.fields(), **{name: getattr(self, name) for name in PARTS}}


_ORDER = {"legs": ("leg",), "lines": ("number",), "alerts": ("alert_id",), "events": ("number",)}


async def newest_calls(store: Store, most: int) -> list[RecordedCall]:
    """Return so many calls, the one that began last first."""
    query = _calls().order_by(recorded_calls.c.started_at.desc(), recorded_calls.c.uid).limit(most)
    async with store.read() as connection:
        return [RecordedCall(*row) for row in await connection.execute(query)]


async def calls_named(connection: AsyncConnection, uids: Sequence[str]) -> dict[str, RecordedCall]:
    """Return calls by their uids; those that there are."""
    rows = await connection.execute(_calls().where(recorded_calls.c.uid.in_(uids)))
    return {row.uid: RecordedCall(*row) for row in rows}


async def reasons_of(connection: AsyncConnection, uids: Sequence[str]) -> dict[str, list[AlertReason]]:
    """Return the reasons of calls' alerts, by uid: each rule once, that of the worst alert first, then of the earliest."""
    c = recorded_alerts.c
    first = c.revisions[0]["alert"]["title"]
    query = select(c.uid, c.rule, c.kind, c.severity, first.label("title")).where(c.uid.in_(uids))
    rows = [*await connection.execute(query.order_by(c.opened_s, c.alert_id))]
    rows.sort(key=lambda row: -Severity(row.severity).rank)
    found: dict[str, dict[str, AlertReason]] = {}
    for row in rows:
        title = row.title if isinstance(row.title, dict) else None
        found.setdefault(row.uid, {}).setdefault(row.rule, AlertReason(row.kind, title))
    return {uid: [*by_rule.values()] for uid, by_rule in found.items()}


async def head_of(store: Store, uid: str) -> RecordedCall | None:
    """Return a call without its parts, None where there is none of that uid."""
    async with store.read() as connection:
        row = (await connection.execute(_calls().where(recorded_calls.c.uid == uid))).one_or_none()
    return None if row is None else RecordedCall(*row)


async def removed_of(store: Store, uid: str) -> dict[str, datetime]:
    """Return what was removed from a call, kind and time; see `kikimori_records.keeping.days`."""
    query = select(removals.c.kind, removals.c.at).where(removals.c.uid == uid)
    async with store.read() as connection:
        return {row.kind: row.at for row in await connection.execute(query)}


async def rule_of_alert(store: Store, uid: str, alert_id: str) -> str | None:
    """Return the rule of an alert of a call; None where the call has no such alert."""
    alerts = recorded_alerts.c
    query = select(alerts.rule).where(alerts.uid == uid, alerts.alert_id == alert_id)
    async with store.read() as connection:
        return (await connection.execute(query)).scalar_one_or_none()


async def call_of(store: Store, uid: str) -> CallWithParts | None:
    """Return a call with all parts, None where there is none of that uid."""
    async with store.read() as connection:
        row = (await connection.execute(_calls().where(recorded_calls.c.uid == uid))).one_or_none()
        if row is None:
            return None
        parts = {name: await part_of(connection, uid, name) for name in PARTS}
    return CallWithParts(RecordedCall(*row), **parts)


async def part_of(connection: AsyncConnection, uid: str, name: str) -> list[dict[str, Any]]:
    """Return the rows of one part (see `PARTS`), in the order in which the manifest's hash was made, without the uid."""
    table = PARTS[name]
    order = (table.c[each] for each in _ORDER[name])
    columns = [each for each in table.columns if each.name != "uid"]
    query = select(*columns).where(table.c.uid == uid).order_by(*order)
    return [dict(row) for row in (await connection.execute(query)).mappings()]


async def rows_of_call(connection: AsyncConnection, uid: str) -> CallRows | None:
    """Return a call's rows as they are written, e.g. to compare `digests` with the manifest."""
    found = await connection.execute(select(recorded_calls).where(recorded_calls.c.uid == uid))
    row = found.mappings().one_or_none()
    if row is None:
        return None
    made = CallRows(dict(row))
    for name in PARTS:
        made.part(name).extend(await part_of(connection, uid, name))
    return made


def _calls() -> Select[Any]:
    columns = [recorded_calls.c[name] for name in RecordedCall.__dataclass_fields__ if name != "person_name"]
    return select(*columns, people.c.name.label("person_name")).outerjoin(
        people, people.c.id == recorded_calls.c.person_id
    )
