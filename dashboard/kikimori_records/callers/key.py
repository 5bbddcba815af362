"""The office's one key of pseudonyms: programs on several machines must have the same, or no caller would be met again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from kikimori_records.errors import StoreError
from kikimori_records.keeping.pseudonyms import FILE, Pseudonyms
from kikimori_records.schema import notes_of_store

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_records.store import Store

NOTE = "caller_key_check"
"""Key of the note with the pseudonym of `PROOF` by the records service's key."""
PROOF = "0"
"""Text that is no caller."""


async def office_pseudonyms(store: Store, folder: Path) -> Pseudonyms:
    """Return the pseudonyms of a folder of records, and make folder and key where there are none.

    Raises:
        StoreError: the records service has another key, or the database is away.
        OSError: the file cannot be read or written.
    """
    found = await asyncio.to_thread(_load, folder)
    async with store.read() as connection:
        query = select(notes_of_store.c.value).where(notes_of_store.c.key == NOTE)
        noted = (await connection.execute(query)).scalar_one_or_none()
    if noted is not None and noted != found.of(PROOF):
        raise StoreError.of("caller_key_differs", file=folder / FILE)
    return found


async def note_key(store: Store, pseudonyms: Pseudonyms) -> None:
    """Note the key of the records service, so that every other program is held to it."""
    async with store.begin() as connection:
        await connection.execute(delete(notes_of_store).where(notes_of_store.c.key == NOTE))
        await connection.execute(insert(notes_of_store).values(key=NOTE, value=pseudonyms.of(PROOF)))


def _load(folder: Path) -> Pseudonyms:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Pseudonyms.load(folder)
