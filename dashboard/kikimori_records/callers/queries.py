"""Queries of the customers' list. Each takes a connection of a transaction that may do more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from kikimori_records.callers.customer import COLUMNS, Customer, CustomerNumber
from kikimori_records.callers.tables import customer_numbers, customers
from kikimori_records.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.ext.asyncio import AsyncConnection

AT_ONCE = 500
"""Keys in one question: databases limit the number of parameters."""


class UnknownCustomerError(StoreError):
    """No customer has this id."""


async def list_customers(connection: AsyncConnection) -> list[Customer]:
    """Return every customer, by name."""
    return await _read(connection)


async def customer_by_id(connection: AsyncConnection, customer_id: str) -> Customer | None:
    """Return a customer; None where there is none of that id."""
    found = await _read(connection, customers.c.id == customer_id)
    return found[0] if found else None


async def customers_of(connection: AsyncConnection, keys: Collection[str]) -> dict[str, Customer]:
    """Return the customers to whom callers belong, by the callers' keys; those of nobody are left out."""
    found: dict[str, Customer] = {}
    listed = list(keys)
    for at in range(0, len(listed), AT_ONCE):
        some = customer_numbers.c.caller_key.in_(listed[at : at + AT_ONCE])
        ids = select(customer_numbers.c.customer_id).where(some)
        for each in await _read(connection, customers.c.id.in_(ids)):
            found |= dict.fromkeys(each.keys, each)
    return {key: found[key] for key in listed if key in found}


async def _read(connection: AsyncConnection, *where: Any) -> list[Customer]:
    query = select(customers).where(*where).order_by(customers.c.name, customers.c.id)
    rows = (await connection.execute(query)).all()
    n = customer_numbers.c
    own = select(n.customer_id, n.caller_key, n.number).order_by(n.added_at, n.caller_key)
    if where:
        own = own.where(n.customer_id.in_(select(customers.c.id).where(*where)))
    numbers: dict[str, list[CustomerNumber]] = {}
    for each in await connection.execute(own):
        numbers.setdefault(each.customer_id, []).append(CustomerNumber(each.caller_key, each.number))
    return [
        Customer(
            id=row.id,
            **{name: getattr(row, name) for name in COLUMNS},
            numbers=tuple(numbers.get(row.id, ())),
            added_at=row.added_at,
            changed_at=row.changed_at,
        )
        for row in rows
    ]
