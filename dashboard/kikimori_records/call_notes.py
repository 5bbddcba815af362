"""Notes of people on running and recorded calls: short texts that everybody reads who may open the call."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from kikimori_records.schema import call_notes, people

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.store import Store

LONGEST_NOTE = 200
"""Most characters of a note."""
MOST_NOTES = 20
"""Most notes of a call; with PostgreSQL, of two that come at once at this limit both may stay."""


class TooManyNotesError(Exception):
    """The call has as many notes as it may have."""


@dataclass(frozen=True, slots=True)
class CallNote:
    """One note."""

    id: str
    call_id: str
    text: str
    person_id: str
    name: str
    """Name of the person."""
    at: datetime


async def add_note(store: Store, call_id: str, text: str, person_id: str, at: datetime) -> CallNote:
    """Add a note and return it; raises TooManyNotesError, StoreAwayError."""
    note_id = uuid.uuid4().hex
    row = {"id": note_id, "call_id": call_id, "text": text, "person_id": person_id, "at": at}
    async with store.begin() as connection:
        await connection.execute(insert(call_notes).values(**row))
        found = await _notes(connection, call_id=call_id)
        if len(found) > MOST_NOTES:
            raise TooManyNotesError  # which undoes the transaction
    return next(each for each in found if each.id == note_id)


async def remove_note(store: Store, call_id: str, note_id: str, person_id: str) -> bool:
    """Remove a note of this person's, with its text; False when there is none."""
    own = (call_notes.c.id == note_id, call_notes.c.call_id == call_id, call_notes.c.person_id == person_id)
    async with store.begin() as connection:
        done = await connection.execute(delete(call_notes).where(*own))
    return bool(done.rowcount)


async def notes_since(store: Store, since: datetime) -> list[CallNote]:
    """Return the notes of a time and later, oldest first."""
    async with store.read() as connection:
        return await _notes(connection, since=since)


async def notes_of(store: Store, call_id: str) -> list[CallNote]:
    """Return the notes of a call, oldest first."""
    async with store.read() as connection:
        return await _notes(connection, call_id=call_id)


async def _notes(
    connection: AsyncConnection, *, call_id: str | None = None, since: datetime | None = None
) -> list[CallNote]:
    note = call_notes.c
    query = (
        select(note.id, note.call_id, note.text, note.person_id, people.c.name, note.at)
        .join(people, people.c.id == note.person_id)
        .order_by(note.at, note.id)
    )
    if call_id is not None:
        query = query.where(note.call_id == call_id)
    if since is not None:
        query = query.where(note.at >= since)
    return [CallNote(*row) for row in await connection.execute(query)]
