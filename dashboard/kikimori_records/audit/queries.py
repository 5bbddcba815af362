"""Reading the audit: by filter, the newest first in pages, or all from the oldest for a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, or_, select

from kikimori_records.audit.verify import AS_KEPT, row_of
from kikimori_records.schema import audit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from datetime import datetime

    from kikimori_records.audit.entry import AuditRow
    from kikimori_records.store import Store

AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class AboutPerson:
    """A person, as object of entries.

    What they did; what was done to them, to their recorded calls, and to calls on their extensions; who opened a page on which the words of
    their team's calls can be read (`live.open`).
    """

    person_id: str
    extensions: frozenset[str] = frozenset()
    team: str | None = None
    """None = of no team: every supervisor sees their calls."""


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Conditions that an entry meets, all of them."""

    since: datetime | None = None
    until: datetime | None = None
    actor: str = ""
    """Id, or a part of the name."""
    action: str = ""
    """Beginning: `session`, `command.hold`."""
    object_id: str = ""
    outcome: str = ""
    about: AboutPerson | None = None


async def newest(
    store: Store, wanted: AuditFilter, *, before: int | None = None, most: int = 100
) -> list[AuditRow]:
    """Return the newest entries with a number below `before`, the newest first."""
    query = select(*AS_KEPT).where(*_conditions(wanted)).order_by(audit.c.number.desc()).limit(most)
    if before is not None:
        query = query.where(audit.c.number < before)
    async with store.read() as connection:
        rows = (await connection.execute(query)).mappings().all()
    return [found for row in rows if (found := row_of(row)) is not None]


async def latest(store: Store, wanted: AuditFilter, most: int) -> list[AuditRow]:
    """Return the latest entries by their time, the oldest of them first."""
    query = select(*AS_KEPT).where(*_conditions(wanted)).order_by(audit.c.at.desc(), audit.c.number.desc())
    async with store.read() as connection:
        rows = (await connection.execute(query.limit(most))).mappings().all()
    return [found for row in reversed(rows) if (found := row_of(row)) is not None]


async def oldest_first(store: Store, wanted: AuditFilter) -> AsyncIterator[AuditRow]:
    """Give all entries from the oldest, in portions that each are a transaction of their own."""
    number = 0
    while True:
        query = select(*AS_KEPT).where(audit.c.number > number, *_conditions(wanted))
        async with store.read() as connection:
            rows = (await connection.execute(query.order_by(audit.c.number).limit(AT_ONCE))).mappings().all()
        if not rows:
            return
        for row in rows:
            number = row["number"]
            if (found := row_of(row)) is not None:
                yield found


def _conditions(wanted: AuditFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.since is not None:
        yield audit.c.at >= wanted.since
    if wanted.until is not None:
        yield audit.c.at < wanted.until
    if wanted.actor:
        yield or_(
            audit.c.actor_id == wanted.actor, audit.c.actor_name.icontains(wanted.actor, autoescape=True)
        )
    if wanted.action:
        yield audit.c.action.startswith(wanted.action, autoescape=True)
    if wanted.object_id:
        yield audit.c.object_id == wanted.object_id
    if wanted.outcome:
        yield audit.c.outcome == wanted.outcome
    if wanted.about is not None:
        yield _is_about(wanted.about)


def _is_about(person: AboutPerson) -> ColumnElement[bool]:
    operator = audit.c.details["operator_id"].as_string()
    extension = audit.c.details["extension"].as_string()
    on_calls = and_(
        audit.c.object_kind == "call",
        # Of a recorded call it may be known who sat there, today perhaps somebody else.
        or_(
            operator == person.person_id,
            and_(operator.is_(None), extension.in_(sorted(person.extensions))),
        ),
    )
    seen_by = audit.c.details["team"].as_string()
    pages = audit.c.action == "live.open"
    if person.team is not None:
        pages = and_(pages, or_(seen_by.is_(None), seen_by == person.team))
    return or_(
        audit.c.actor_id == person.person_id,
        and_(audit.c.object_kind == "person", audit.c.object_id == person.person_id),
        on_calls,
        *([pages] if person.extensions else []),
    )
