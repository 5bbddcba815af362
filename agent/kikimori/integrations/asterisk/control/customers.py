"""Customers moved by us, by channel; a later run finds them in the book."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.integrations.asterisk.control.customer import AsteriskCustomer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kikimori.control.held import HeldBook


class Customers:
    """Customers who are on hold or handed over, each with an entry in `book`."""

    def __init__(self, book: HeldBook) -> None:
        self._book = book
        self._customers: dict[str, AsteriskCustomer] = {}

    def __iter__(self) -> Iterator[AsteriskCustomer]:
        return iter(list(self._customers.values()))

    def __len__(self) -> int:
        return len(self._customers)

    def get(self, channel: str) -> AsteriskCustomer | None:
        return self._customers.get(channel)

    async def load(self) -> None:
        """Load the customers that the last run left."""
        for channel, entry in (await self._book.load()).items():
            self._customers.setdefault(channel, AsteriskCustomer.from_entry(channel, entry))

    async def put(self, customer: AsteriskCustomer) -> None:
        """Keep a customer; returns when it is on disk."""
        self._customers[customer.channel] = customer
        await self._book.put(customer.channel, customer.entry())

    def drop(self, customer: AsteriskCustomer) -> bool:
        """Remove a customer; True if it was known. The caller saves."""
        if self._customers.get(customer.channel) is not customer:
            return False
        del self._customers[customer.channel]
        self._book.forget(customer.channel)
        return True

    async def save(self) -> None:
        await self._book.save()
