"""Small notes of the store itself, by key: rows of `notes_of_store`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from kikimori_records.schema import notes_of_store

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


async def read_note(connection: AsyncConnection, key: str) -> str | None:
    """Return the value of a note; None where there is none."""
    query = select(notes_of_store.c.value).where(notes_of_store.c.key == key)
    return (await connection.execute(query)).scalar_one_or_none()


async def write_note(connection: AsyncConnection, key: str, value: str) -> None:
    """Write a note in place of the former one; another program may write the same in this moment."""
    made = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    query = made(notes_of_store).values(key=key, value=value)
    await connection.execute(query.on_conflict_do_update(index_elements=["key"], set_={"value": value}))
