"""Queries of one-time links: by one the first administrator makes their account, by one a person signs in once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from kikimori_records.schema import one_time_links

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.store import Store

FIRST = "first"
INVITE = "invite"
DEMO = "demo"


@dataclass(frozen=True, slots=True)
class OneTimeLink:
    """Link that was used just now."""

    kind: str
    person_id: str | None


async def add_link(
    store: Store, token_hash: str, kind: str, person_id: str | None, *, at: datetime, expires_at: datetime
) -> None:
    """Keep a link. One for the first account replaces those made before."""
    row = {"token_hash": token_hash, "kind": kind, "person_id": person_id, "created_at": at}
    async with store.begin() as connection:
        if kind == FIRST:
            await connection.execute(
                update(one_time_links)
                .where(one_time_links.c.kind == FIRST, one_time_links.c.used_at.is_(None))
                .values(used_at=at)
            )
        await connection.execute(insert(one_time_links).values(**row, expires_at=expires_at))


async def use_link_within(connection: AsyncConnection, token_hash: str, at: datetime) -> OneTimeLink | None:
    """Use a link up within a transaction; None where it is unknown, used or too old. Of two at once one gets it."""
    good = (
        one_time_links.c.token_hash == token_hash,
        one_time_links.c.used_at.is_(None),
        one_time_links.c.expires_at > at,
    )
    done = await connection.execute(update(one_time_links).where(*good).values(used_at=at))
    if not done.rowcount:
        return None
    query = select(one_time_links.c.kind, one_time_links.c.person_id)
    row = (await connection.execute(query.where(one_time_links.c.token_hash == token_hash))).one()
    return OneTimeLink(row.kind, row.person_id)
