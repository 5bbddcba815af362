"""Seatings: who sits at which extension, and since when. An extension is not a person.

Nothing is overwritten: a correction is a row of its own that replaces an earlier one. A seating ends when somebody else sits
down, when it is ended, or after `SHIFT`: then it is asked again, and until then nobody is known.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from kikimori_records.audit.log import append_within
from kikimori_records.errors import StoreError
from kikimori_records.schema import people, seatings

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.people.changes import Author
    from kikimori_records.store import Store

SHIFT = timedelta(hours=14)
"""Longest time that one answer counts: a day's work with overtime, shorter than from one morning to the next."""


class SeatingSource(StrEnum):
    """Source of the knowledge who sits there."""

    KIOSK = "kiosk"
    PBX = "pbx"
    CORRECTED = "corrected"


class UnknownSeatingError(StoreError):
    """There is no such seating."""


@dataclass(frozen=True, slots=True)
class Seating:
    """Somebody at an extension for a time."""

    id: str
    extension: str
    person_id: str | None
    """None = somebody, not known who."""
    name: str | None
    since: datetime
    until: datetime | None
    source: str
    changed_at: datetime
    replaces: str | None = None

    @property
    def ends_at(self) -> datetime:
        """Return the time from which it counts no more."""
        longest = self.since + SHIFT
        return longest if self.until is None else min(self.until, longest)

    def covers(self, moment: datetime) -> bool:
        """Return whether it counts at a moment."""
        return self.since <= moment < self.ends_at


async def sit_down(
    store: Store, extension: str, person_id: str | None, source: SeatingSource, by: Author, at: datetime
) -> Seating:
    """Note who sits at an extension from now on; ends the seating before. The same person again is no new row.

    What the PBX tells changes nothing where somebody chose or corrected it.
    """
    async with store.begin() as connection:
        now = await covering(connection, at, seatings.c.extension == extension)
        if now and now[-1].person_id == person_id:
            return now[-1]
        if now and source is SeatingSource.PBX and now[-1].source != SeatingSource.PBX:
            return now[-1]
        await connection.execute(
            update(seatings)
            .where(seatings.c.extension == extension, seatings.c.until.is_(None), seatings.c.since <= at)
            .values(until=at)
        )
        made = await _add(connection, extension, person_id, at, None, source, by, at)
        before = now[-1].name if now else None
        entry = by.entry("seating.begin", "extension", extension, changed={"person": [before, made.name]})
        await append_within(connection, [entry])
    return made


async def stand_up(store: Store, extension: str, by: Author, at: datetime) -> bool:
    """End the present seating of an extension; False when there is none."""
    async with store.begin() as connection:
        done = await connection.execute(
            update(seatings)
            .where(seatings.c.extension == extension, seatings.c.until.is_(None), seatings.c.since <= at)
            .values(until=at)
        )
        if not done.rowcount:
            return False
        await append_within(connection, [by.entry("seating.end", "extension", extension)])
    return True


async def correct(store: Store, seating_id: str, person_id: str | None, by: Author, at: datetime) -> Seating:
    """Say afterwards who sat there; the earlier row is kept. Raises UnknownSeatingError."""
    async with store.begin() as connection:
        found = await _one(connection, seating_id)
        if found is None:
            raise UnknownSeatingError.of("no_such_seating")
        made = await _add(
            connection,
            found.extension,
            person_id,
            found.since,
            found.until,
            SeatingSource.CORRECTED,
            by,
            at,
            replaces=found.id,
        )
        said = {"person": [found.name, made.name]}
        details = {"since": found.since.isoformat(), "changed": said}
        await append_within(
            connection, [by.entry("seating.correct", "extension", found.extension, **details)]
        )
    return made


async def seatings_of(store: Store, extension: str, *, replaced: bool = False) -> list[Seating]:
    """Return the seatings of an extension, oldest first; with `replaced` those too that were corrected."""
    query = _query().where(seatings.c.extension == extension)
    async with store.read() as connection:
        rows = [Seating(*row) for row in await connection.execute(query)]
    return rows if replaced else _standing(rows)


async def seated_at(store: Store, moment: datetime) -> dict[str, Seating]:
    """Return who sits at each extension at a moment; extensions of which nothing is known are not there."""
    async with store.read() as connection:
        return {each.extension: each for each in await covering(connection, moment)}


async def person_at(store: Store, extension: str, moment: datetime) -> Seating | None:
    """Return who sat at an extension at a moment, as it is known today; None when nothing is known."""
    async with store.read() as connection:
        found = await covering(connection, moment, seatings.c.extension == extension)
    return found[-1] if found else None


async def covering(
    connection: AsyncConnection, moment: datetime, *where: ColumnElement[bool]
) -> list[Seating]:
    """Return the seatings that count at a moment, without reading the years before: a correction has the same `since`."""
    near = (seatings.c.since <= moment, seatings.c.since > moment - SHIFT)
    rows = [Seating(*row) for row in await connection.execute(_query().where(*near, *where))]
    return [each for each in _standing(rows) if each.covers(moment)]


async def _one(connection: AsyncConnection, seating_id: str) -> Seating | None:
    row = (await connection.execute(_query().where(seatings.c.id == seating_id))).one_or_none()
    return None if row is None else Seating(*row)


async def _add(
    connection: AsyncConnection,
    extension: str,
    person_id: str | None,
    since: datetime,
    until: datetime | None,
    source: SeatingSource,
    by: Author,
    at: datetime,
    *,
    replaces: str | None = None,
) -> Seating:
    seating_id = uuid.uuid4().hex
    row = {
        "id": seating_id,
        "extension": extension,
        "person_id": person_id,
        "since": since,
        "until": until,
        "source": str(source),
        # A kiosk is no person.
        "changed_by": by.id if by.kind == "person" else None,
        "changed_at": at,
        "replaces": replaces,
    }
    await connection.execute(insert(seatings).values(**row))
    made = await _one(connection, seating_id)
    assert made is not None  # noqa: S101  (inserted in this transaction)
    return made


def _query() -> Select[Any]:
    return (
        select(
            seatings.c.id,
            seatings.c.extension,
            seatings.c.person_id,
            people.c.name,
            seatings.c.since,
            seatings.c.until,
            seatings.c.source,
            seatings.c.changed_at,
            seatings.c.replaces,
        )
        .outerjoin(people, people.c.id == seatings.c.person_id)
        .order_by(seatings.c.since, seatings.c.changed_at)
    )


def _standing(rows: list[Seating]) -> list[Seating]:
    """Return the rows that no later one replaces."""
    replaced = {each.replaces for each in rows}
    return [each for each in rows if each.id not in replaced]
