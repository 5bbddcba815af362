"""Removal of customers: of those whose caller is erased, and of those that nobody has needed for long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import exists, select

from kikimori_records.callers.changes import remove_within
from kikimori_records.callers.tables import customer_numbers, customers
from kikimori_records.calls.tables import recorded_calls as calls
from kikimori_records.keeping.holds import active
from kikimori_records.keeping.tables import erasures, legal_holds

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.store import Store

WITHIN_S = 60.0


async def erase_within(connection: AsyncConnection, caller_key: str, before: datetime) -> None:
    """Erase the customer to whom a caller belonged at a time, all of the entry; a later entry stays."""
    n = customer_numbers.c
    query = select(n.customer_id).where(n.caller_key == caller_key, n.added_at <= before)
    await remove_within(connection, list((await connection.execute(query)).scalars()))


async def listed_although_erased(store: Store) -> list[str]:
    """Return the customers whom an order covers: a restored backup holds them again."""
    n = customer_numbers.c
    query = select(n.customer_id).join(
        erasures, (erasures.c.caller_key == n.caller_key) & (n.added_at <= erasures.c.at)
    )
    async with store.read(within_s=WITHIN_S) as connection:
        return sorted(set((await connection.execute(query)).scalars()))


async def unneeded(connection: AsyncConnection, limit: datetime, now: datetime) -> list[str]:
    """Return customers who were not changed, imported or heard since `limit`, and are under no hold."""
    n = customer_numbers.c
    own = n.customer_id == customers.c.id
    heard = (
        select(calls.c.uid)
        .join(customer_numbers, calls.c.caller_key == n.caller_key)
        .where(own, calls.c.ended_at >= limit)
    )
    held = (
        select(legal_holds.c.id)
        .join(customer_numbers, legal_holds.c.caller_key == n.caller_key)
        .where(own, active(now))
    )
    query = select(customers.c.id).where(
        customers.c.changed_at < limit,
        ~exists(heard.correlate(customers)),
        ~exists(held.correlate(customers)),
    )
    return list((await connection.execute(query)).scalars())
