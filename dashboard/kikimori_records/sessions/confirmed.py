"""Reading of everything that open sessions depend on: themselves, people and kiosks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from kikimori_records.schema import kiosks, people, sessions

if TYPE_CHECKING:
    from collections.abc import Collection

    from kikimori_records.store import Store

AT_A_TIME = 500
"""Sessions in one question: databases limit the number of parameters."""


@dataclass(frozen=True, slots=True)
class OpenSessions:
    """State of open sessions, read at one moment."""

    sessions: frozenset[str]
    """Those asked for that have not been ended."""
    rights: tuple[object, ...]
    """Another value after every change of people or kiosks."""


async def confirm(store: Store, hashes: Collection[str]) -> OpenSessions:
    """Ask which sessions have not been ended, and whether the people and kiosks are as before."""
    asked = list(hashes)
    going_on: set[str] = set()
    async with store.read() as connection:
        for at in range(0, len(asked), AT_A_TIME):
            some = asked[at : at + AT_A_TIME]
            query = select(sessions.c.token_hash).where(
                sessions.c.token_hash.in_(some), sessions.c.ended_at.is_(None)
            )
            going_on.update((await connection.execute(query)).scalars())
        of_people = await connection.execute(select(func.count(), func.max(people.c.changed_at)))
        of_kiosks = await connection.execute(
            select(func.count(), func.count(kiosks.c.revoked_at)).select_from(kiosks)
        )
        rights = (*of_people.one(), *of_kiosks.one())
    return OpenSessions(frozenset(going_on), rights)


async def kiosk_names(store: Store) -> dict[str, tuple[str, str]]:
    """Return name and extension of every kiosk that was not revoked, by id."""
    query = select(kiosks.c.id, kiosks.c.name, kiosks.c.extension).where(kiosks.c.revoked_at.is_(None))
    async with store.read() as connection:
        return {row.id: (row.name, row.extension) for row in await connection.execute(query)}
