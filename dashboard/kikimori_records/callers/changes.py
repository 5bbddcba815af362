"""Changes of customers, each with its entry in the audit: both are in the database, or neither.

The audit names customers by id and callers by pseudonym, and of a change the columns alone: what a person is called there
could not be erased.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, update
from sqlalchemy.exc import IntegrityError

from kikimori_records.audit.log import append_within
from kikimori_records.callers.customer import COLUMNS, Customer, CustomerNumber
from kikimori_records.callers.queries import UnknownCustomerError, customer_by_id, customers_of
from kikimori_records.callers.tables import customer_numbers, customers
from kikimori_records.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.audit.entry import AuditEntry
    from kikimori_records.callers.plan import CustomerImport, CustomerToAdd
    from kikimori_records.people.changes import Author
    from kikimori_records.store import Store


IMPORT_WITHIN_S = 120.0


class NumberTakenError(StoreError):
    """Another customer has this number."""


async def add_customer(
    store: Store, values: Mapping[str, str | None], numbers: Iterable[CustomerNumber], by: Author
) -> Customer:
    """Add a customer with columns of `COLUMNS`; raises NumberTakenError."""
    async with store.begin() as connection:
        customer, entries = await _added(connection, values, tuple(numbers), by)
        await append_within(connection, entries)
    return customer


async def change_customer(
    store: Store, customer_id: str, values: Mapping[str, str | None], by: Author
) -> Customer:
    """Change columns of a customer; what is the same is no change. Raises UnknownCustomerError."""
    async with store.begin() as connection:
        customer = await _required(connection, customer_id)
        await append_within(connection, await _changed(connection, customer, values, by))
        return await _required(connection, customer_id)


async def join_number(store: Store, customer_id: str, number: CustomerNumber, by: Author) -> Customer:
    """Join a number to a customer; raises UnknownCustomerError, NumberTakenError."""
    async with store.begin() as connection:
        customer = await _required(connection, customer_id)
        await append_within(connection, await _joined(connection, customer, [number], by))
        return await _required(connection, customer_id)


async def part_number(store: Store, customer_id: str, caller_key: str, by: Author) -> Customer:
    """Part a number from a customer: its contacts are a caller's of their own again. Raises UnknownCustomerError."""
    async with store.begin() as connection:
        customer = await _required(connection, customer_id)
        await append_within(connection, await _parted(connection, customer, [caller_key], by))
        return await _required(connection, customer_id)


async def remove_customer(store: Store, customer_id: str, by: Author) -> None:
    """Remove a customer from the list; recorded calls stay. Raises UnknownCustomerError."""
    async with store.begin() as connection:
        await _required(connection, customer_id)
        await remove_within(connection, [customer_id])
        await append_within(connection, [by.entry("customer.remove", "customer", customer_id)])


async def import_customers(store: Store, plan: CustomerImport, by: Author) -> None:
    """Carry out a whole plan in one transaction; raises StoreError, and then nothing was done."""
    entries: list[AuditEntry] = []
    async with store.begin(within_s=IMPORT_WITHIN_S) as connection:
        # What is given up first: a number may go from one customer to another within one file.
        for each in plan.change:
            customer = await _required(connection, each.customer.id)
            entries += await _parted(connection, customer, each.parted, by)
        for each in plan.change:
            customer = await _required(connection, each.customer.id)
            entries += await _changed(connection, customer, each.values, by)
            entries += await _joined(connection, customer, each.joined, by)
        await _add_all(connection, plan.add)
        now = datetime.now(UTC)
        for customer_id in plan.confirmed:
            await connection.execute(
                update(customers).where(customers.c.id == customer_id).values(changed_at=now)
            )
        counts = {"added": len(plan.add), "count": len(plan.change)}
        entries.append(by.entry("customer.import", "customer", "", **counts))
        await append_within(connection, entries)


async def _add_all(connection: AsyncConnection, added: Sequence[CustomerToAdd]) -> None:
    """Add the new customers of a file, in few statements; raises NumberTakenError."""
    now = datetime.now(UTC)
    times = {"added_at": now, "changed_at": now}
    rows = [{"id": uuid.uuid4().hex, **_columns(each.values), **times} for each in added]
    numbers = [
        {
            "caller_key": number.caller_key,
            "number": number.number,
            "customer_id": row["id"],
            "added_at": now + timedelta(microseconds=place),  # the order in which they are shown
        }
        for row, each in zip(rows, added, strict=True)
        for place, number in enumerate(each.numbers)
    ]
    if not rows:
        return
    try:
        await connection.execute(insert(customers), rows)
        await connection.execute(insert(customer_numbers), numbers)
    except IntegrityError:
        raise NumberTakenError.of("customers_changed_meanwhile") from None


def _columns(values: Mapping[str, str | None]) -> dict[str, Any]:
    return {each: values.get(each) for each in COLUMNS}


async def remove_within(connection: AsyncConnection, ids: Iterable[str]) -> None:
    """Remove customers with their numbers, within a transaction."""
    for each in ids:
        await connection.execute(delete(customer_numbers).where(customer_numbers.c.customer_id == each))
        await connection.execute(delete(customers).where(customers.c.id == each))


async def _required(connection: AsyncConnection, customer_id: str) -> Customer:
    found = await customer_by_id(connection, customer_id)
    if found is None:
        raise UnknownCustomerError.of("no_such_customer")
    return found


async def _added(
    connection: AsyncConnection,
    values: Mapping[str, str | None],
    numbers: tuple[CustomerNumber, ...],
    by: Author,
) -> tuple[Customer, list[AuditEntry]]:
    now = datetime.now(UTC)
    row = {"id": uuid.uuid4().hex, **_columns(values), "added_at": now, "changed_at": now}
    await connection.execute(insert(customers).values(**row))
    customer = await _required(connection, row["id"])
    entries = [by.entry("customer.add", "customer", customer.id)]
    entries += await _joined(connection, customer, numbers, by)
    return await _required(connection, customer.id), entries


async def _changed(
    connection: AsyncConnection, customer: Customer, values: Mapping[str, str | None], by: Author
) -> list[AuditEntry]:
    if unknown := values.keys() - set(COLUMNS):
        raise ValueError(f"no columns that are changed here: {', '.join(sorted(unknown))}")
    news = {name: value for name, value in values.items() if getattr(customer, name) != value}
    if not news:
        return []
    row = {**news, "changed_at": datetime.now(UTC)}
    await connection.execute(update(customers).where(customers.c.id == customer.id).values(**row))
    return [by.entry("customer.change", "customer", customer.id, columns=sorted(news))]


async def _joined(
    connection: AsyncConnection, customer: Customer, numbers: Iterable[CustomerNumber], by: Author
) -> list[AuditEntry]:
    news = [each for each in numbers if each.caller_key not in customer.keys]
    taken = await customers_of(connection, [each.caller_key for each in news])
    if taken:
        number = next(each.number for each in news if each.caller_key in taken)
        raise NumberTakenError.of("customer_number_taken", number=number)
    for each in news:
        row = {"caller_key": each.caller_key, "number": each.number, "added_at": datetime.now(UTC)}
        await connection.execute(insert(customer_numbers).values(customer_id=customer.id, **row))
    if news:
        await _touch(connection, customer)
    return [by.entry("customer.join", "customer", customer.id, caller=each.caller_key) for each in news]


async def _parted(
    connection: AsyncConnection, customer: Customer, keys: Iterable[str], by: Author
) -> list[AuditEntry]:
    gone = [each for each in keys if each in customer.keys]
    for each in gone:
        await connection.execute(delete(customer_numbers).where(customer_numbers.c.caller_key == each))
    if gone:
        await _touch(connection, customer)
    return [by.entry("customer.part", "customer", customer.id, caller=each) for each in gone]


async def _touch(connection: AsyncConnection, customer: Customer) -> None:
    now = datetime.now(UTC)
    await connection.execute(update(customers).where(customers.c.id == customer.id).values(changed_at=now))
