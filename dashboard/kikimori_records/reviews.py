"""Review marks: what a person has gone through, alerts and recorded calls, each person for themselves."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from kikimori_records.schema import people, reviews

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from kikimori_records.store import Store

AT_ONCE = 500
"""Ids in one question: databases limit the number of parameters."""


class ReviewedKind(StrEnum):
    """Kind of object that a person goes through."""

    ALERT = "alert"
    """Named by its alert id."""
    CALL = "call"
    """Recorded call, named by its uid."""


async def mark_reviewed(
    store: Store, kind: ReviewedKind, object_id: str, *, call_id: str, person_id: str, at: datetime
) -> None:
    """Mark an object as gone through by a person; a mark that is there stays as it is.

    Args:
        store: The open database.
        kind: Kind of the object.
        object_id: Its id, see `ReviewedKind`.
        call_id: Id that the agent gave to its call; the mark is removed with that call.
        person_id: Id of the person.
        at: Time of the mark.
    """
    row = {
        "kind": kind.value,
        "object_id": object_id,
        "person_id": person_id,
        "call_id": call_id,
        "at": at,
    }
    async with store.begin() as connection:
        # Only the engines' own insert can pass over a row that is there already.
        made = sqlite.insert(reviews) if connection.dialect.name == "sqlite" else postgresql.insert(reviews)
        await connection.execute(made.values(**row).on_conflict_do_nothing())


async def take_back(store: Store, kind: ReviewedKind, object_id: str, person_id: str) -> bool:
    """Remove a person's mark; False when there is none."""
    own = (reviews.c.kind == kind.value, reviews.c.object_id == object_id, reviews.c.person_id == person_id)
    async with store.begin() as connection:
        done = await connection.execute(delete(reviews).where(*own))
    return bool(done.rowcount)


async def reviewed_by(store: Store, kind: ReviewedKind, objects: Collection[str]) -> dict[str, set[str]]:
    """Return which of these objects are marked, by person."""
    found: dict[str, set[str]] = {}
    ids = sorted(objects)
    async with store.read() as connection:
        for at in range(0, len(ids), AT_ONCE):
            query = select(reviews.c.person_id, reviews.c.object_id).where(
                reviews.c.kind == kind.value, reviews.c.object_id.in_(ids[at : at + AT_ONCE])
            )
            for person_id, object_id in await connection.execute(query):
                found.setdefault(person_id, set()).add(object_id)
    return found


@dataclass(frozen=True, slots=True)
class Review:
    """Mark of a person on an object."""

    person_id: str
    name: str
    """Name of the person."""
    at: datetime


async def marks_on(store: Store, kind: ReviewedKind, object_id: str) -> list[Review]:
    """Return the marks of all persons on an object, oldest first."""
    query = (
        select(reviews.c.person_id, people.c.name, reviews.c.at)
        .join(people, people.c.id == reviews.c.person_id)
        .where(reviews.c.kind == kind.value, reviews.c.object_id == object_id)
        .order_by(reviews.c.at, reviews.c.person_id)
    )
    async with store.read() as connection:
        return [Review(*row) for row in await connection.execute(query)]
