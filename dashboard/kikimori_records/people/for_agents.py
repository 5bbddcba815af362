"""The directory as agents are told it: one person an extension, the superiors, and telephones that may be rung."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from kikimori_core.wire.directory import (
    MOST_OPERATORS,
    MOST_TELEPHONES,
    Directory,
    DirectoryOperator,
    DirectorySuperior,
    periods_of,
)
from kikimori_core.wire.messages import MAX_PAYLOAD
from kikimori_records.people.queries import list_people
from kikimori_records.people.superiors import list_superiors
from kikimori_records.schema import notes_of_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kikimori_records.people.person import Person
    from kikimori_records.people.superiors import SuperiorRow
    from kikimori_records.store import Store

NUMBER = "directory_number"
"""Key of the note with the last number that was published."""
ROOM = MAX_PAYLOAD * 3 // 4
"""Bytes of a directory; an envelope escapes every quotation mark of it."""


async def read_directory(
    store: Store, site: str, time_zone: str, seated: Mapping[str, str | None] | None = None
) -> Directory:
    """Read the directory, with the number 1. `seated`: names of who sits at an extension now; None = not known who."""
    people = await list_people(store)
    return directory_of(people, await list_superiors(store), site, time_zone, seated or {})


def directory_of(
    people: Iterable[Person],
    superiors: Sequence[SuperiorRow],
    site: str,
    time_zone: str,
    seated: Mapping[str, str | None],
) -> Directory:
    """Put the directory together; see `read_directory`."""
    people = list(people)
    names = names_by_extension(people) | dict(seated)
    supervising = [each for each in people if each.roles & {"supervisor", "admin"}]
    telephones = {number for each in supervising for number in (each.telephone, *each.extensions) if number}
    operators = [
        DirectoryOperator(extension=extension, name=name) for extension, name in sorted(names.items()) if name
    ]
    kept = operators[:MOST_OPERATORS]
    while True:
        made = Directory(
            site=site,
            number=1,
            made_at=datetime.now(UTC),
            time_zone=time_zone,
            operators=tuple(kept),
            superiors=tuple(
                DirectorySuperior(number=each.number, name=each.name, hours=periods_of(each.hours))
                for each in superiors
            ),
            telephones=tuple(sorted(telephones)[:MOST_TELEPHONES]),
            left_out=len(operators) - len(kept),
        )
        if not kept or len(made.to_bytes()) <= ROOM:
            return made
        # Names are what an agent can do without.
        kept = kept[: len(kept) * 3 // 4]


def names_by_extension(people: Iterable[Person]) -> dict[str, str | None]:
    """Return the name of the one person on each extension; an extension of several people is left out."""
    operators = [each for each in people if "operator" in each.roles]
    count = Counter(extension for each in operators for extension in each.extensions)
    return {
        extension: each.name for each in operators for extension in each.extensions if count[extension] == 1
    }


async def next_number(store: Store, now: datetime | None = None) -> int:
    """Return a number for a publication, larger than every one before, also after a restored backup."""
    async with store.begin() as connection:
        query = select(notes_of_store.c.value).where(notes_of_store.c.key == NUMBER).with_for_update()
        last = (await connection.execute(query)).scalar_one_or_none()
        number = max(int(last or 0) + 1, round((now or datetime.now(UTC)).timestamp() * 1000))
        await connection.execute(delete(notes_of_store).where(notes_of_store.c.key == NUMBER))
        await connection.execute(insert(notes_of_store).values(key=NUMBER, value=str(number)))
    return number
