"""Superiors in the order in which they are asked, with their opening hours; every change stands in the audit."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, select, update

from kikimori_core.wire.opening_hours import Hours, is_open
from kikimori_records.audit.entry import ActorKind
from kikimori_records.audit.log import append_within
from kikimori_records.errors import StoreError
from kikimori_records.people.changes import Author
from kikimori_records.schema import notes_of_store, superiors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.store import Store

IMPORTED = "superior_imported_at"
"""Key of the note that `[pbx] superior` has been taken over."""
MOST = 50


class UnknownSuperiorError(StoreError):
    """There is no superior of this id or number."""


class TooManySuperiorsError(StoreError):
    """The number of superiors has reached its limit."""


@dataclass(frozen=True, slots=True)
class SuperiorRow:
    """A superior to whom calls are transferred."""

    id: str
    name: str
    number: str
    """Extension or queue to dial."""
    position: int
    """Place in the order, from 1."""
    hours: Hours = field(default_factory=dict)
    """Empty = always."""
    enabled: bool = True
    person_id: str | None = None

    def is_open(self, moment: datetime) -> bool:
        """Return whether a moment, in the office's time zone, lies within the hours."""
        return is_open(self.hours, moment)


async def list_superiors(store: Store, *, disabled: bool = False) -> list[SuperiorRow]:
    """Return the superiors in their order; with `disabled` those too who are not asked now."""
    async with store.read() as connection:
        found = await within(connection)
    return [each for each in found if disabled or each.enabled]


async def within(connection: AsyncConnection) -> list[SuperiorRow]:
    """Return all superiors in their order, within a transaction."""
    query = select(superiors).order_by(superiors.c.position, superiors.c.id)
    return [_row(each) for each in (await connection.execute(query)).mappings()]


async def add_superior(
    store: Store,
    name: str,
    number: str,
    by: Author,
    *,
    hours: Hours | None = None,
    person_id: str | None = None,
) -> SuperiorRow:
    """Add a superior behind the others; raises TooManySuperiorsError."""
    async with store.begin() as connection:
        return await _add_within(connection, name, number, by, hours or {}, person_id)


async def change_superior(store: Store, superior_id: str, by: Author, **values: Any) -> SuperiorRow:
    """Change `name`, `number`, `hours`, `enabled` or `person_id`; raises UnknownSuperiorError."""
    if unknown := values.keys() - {"name", "number", "hours", "enabled", "person_id"}:
        raise ValueError(f"no columns of a superior: {', '.join(sorted(unknown))}")
    async with store.begin() as connection:
        before = await _one(connection, superior_id)
        changed = {name: value for name, value in values.items() if getattr(before, name) != value}
        if not changed:
            return before
        stored = {**changed, **({"hours": _stored(changed["hours"])} if "hours" in changed else {})}
        await connection.execute(update(superiors).where(superiors.c.id == superior_id).values(**stored))
        said = {name: [getattr(before, name), value] for name, value in changed.items()}
        entry = by.entry("superior.change", "superior", superior_id, name=before.name, changed=said)
        await append_within(connection, [entry])
        return await _one(connection, superior_id)


async def remove_superior(store: Store, superior_id: str, by: Author) -> None:
    """Remove a superior, and close the gap; raises UnknownSuperiorError."""
    async with store.begin() as connection:
        before = await _one(connection, superior_id)
        await connection.execute(delete(superiors).where(superiors.c.id == superior_id))
        await _number(connection, [each.id for each in await within(connection)])
        said = {"number": [before.number, None]}
        entry = by.entry("superior.remove", "superior", superior_id, name=before.name, changed=said)
        await append_within(connection, [entry])


async def order_superiors(store: Store, ids: Sequence[str], by: Author) -> list[SuperiorRow]:
    """Put the superiors into an order; those not named stay behind, as they were. Raises UnknownSuperiorError."""
    async with store.begin() as connection:
        before = await within(connection)
        known = [each.id for each in before]
        if unknown := set(ids) - set(known):
            raise _unknown(next(iter(unknown)))
        wanted = [*dict.fromkeys(ids), *(each for each in known if each not in ids)]
        if wanted != known:
            await _number(connection, wanted)
            names = {each.id: each.name for each in before}
            said = {"order": [[names[each] for each in order] for order in (known, wanted)]}
            await append_within(connection, [by.entry("superior.order", "superior", "", changed=said)])
        return await within(connection)


async def import_former(store: Store, number: str, name: str | None) -> bool:
    """Make the `[pbx] superior` of a file the first superior, once and only where there is none yet; True when done."""
    async with store.begin() as connection:
        noted = select(notes_of_store.c.value).where(notes_of_store.c.key == IMPORTED)
        if (await connection.execute(noted)).one_or_none() is not None:
            return False
        now = datetime.now(UTC).isoformat()
        await connection.execute(insert(notes_of_store).values(key=IMPORTED, value=now))
        if await within(connection):
            return False
        by = Author(ActorKind.SYSTEM, "kikimori.toml")
        await _add_within(connection, name or number, number, by, {}, None)
        return True


async def was_imported(store: Store) -> bool:
    """Return whether `[pbx] superior` has been taken over, or superiors were there before."""
    async with store.read() as connection:
        noted = select(notes_of_store.c.value).where(notes_of_store.c.key == IMPORTED)
        return (await connection.execute(noted)).one_or_none() is not None


async def _add_within(
    connection: AsyncConnection, name: str, number: str, by: Author, hours: Hours, person_id: str | None
) -> SuperiorRow:
    count = (await connection.execute(select(func.count()).select_from(superiors))).scalar_one()
    if count >= MOST:
        raise TooManySuperiorsError.of("too_many_superiors", count=MOST)
    row = SuperiorRow(uuid.uuid4().hex, name, number, count + 1, hours, person_id=person_id)
    await connection.execute(insert(superiors).values(**{**asdict(row), "hours": _stored(hours)}))
    said: dict[str, Any] = {"name": [None, name], "number": [None, number], "hours": [None, hours]}
    await append_within(connection, [by.entry("superior.add", "superior", row.id, name=name, changed=said)])
    return row


async def _one(connection: AsyncConnection, superior_id: str) -> SuperiorRow:
    query = select(superiors).where(superiors.c.id == superior_id)
    row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        raise _unknown(superior_id)
    return _row(row)


async def _number(connection: AsyncConnection, ids: Sequence[str]) -> None:
    for position, each in enumerate(ids, start=1):
        await connection.execute(update(superiors).where(superiors.c.id == each).values(position=position))


def _unknown(which: str) -> UnknownSuperiorError:
    return UnknownSuperiorError.of("no_such_superior", superior=repr(which))


def _stored(hours: Hours) -> dict[str, list[list[str]]]:
    return {day: [list(each) for each in some] for day, some in hours.items()}


def _row(row: RowMapping) -> SuperiorRow:
    hours = {day: tuple((each[0], each[1]) for each in some) for day, some in row["hours"].items()}
    return SuperiorRow(**{**row, "hours": hours})
