"""Who was moved by us, on disk: what a later run of this program must know after a crash."""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING, Any

import structlog

from kikimori.pbx.asterisk.customer import Customer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

log = structlog.get_logger()

LIMIT = 10_000
"""Customers; the file is replaced whole."""
_FIELDS = ("call_id", "channel", "uniqueid", "operator")


class HeldBook:
    """Customers by channel. The file is replaced as a whole, so that it is never half of one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._customers: dict[str, Customer] = {}
        self._writing = asyncio.Lock()
        self.fault = ""
        """Why the file cannot be written; empty while it can."""

    def __iter__(self) -> Iterator[Customer]:
        return iter(list(self._customers.values()))

    def __len__(self) -> int:
        return len(self._customers)

    def get(self, channel: str) -> Customer | None:
        return self._customers.get(channel)

    async def load(self) -> None:
        """Take in what the last run left; a file that cannot be read is logged and counts as empty."""
        for entry in await asyncio.to_thread(self._read):
            customer = Customer(**entry, from_dead_run=True)
            self._customers.setdefault(customer.channel, customer)

    async def put(self, customer: Customer) -> None:
        """Remember; returns when it is on disk. A disk that is full is reported, and does not hinder the hold."""
        if len(self._customers) < LIMIT:
            self._customers[customer.channel] = customer
        await self.save()

    def drop(self, customer: Customer) -> bool:
        """Forget; True if it was known. The caller saves."""
        if self._customers.get(customer.channel) is not customer:
            return False
        del self._customers[customer.channel]
        return True

    async def save(self) -> None:
        async with self._writing:
            entries = [
                {name: getattr(each, name) for name in (*_FIELDS, "operator_extension")} for each in self
            ]
            try:
                await asyncio.to_thread(self._write, json.dumps({"v": 1, "customers": entries}))
            except OSError as error:
                self.fault = f"{self._path}: {error.strerror or error}"
                log.error("held_book_not_written", error=type(error).__name__)
            else:
                self.fault = ""

    def _read(self) -> list[dict[str, Any]]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            entries = [
                {name: str(entry[name])[:256] for name in _FIELDS}
                | {"operator_extension": entry.get("operator_extension") or None}
                for entry in found["customers"][:LIMIT]
            ]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("held_book_unreadable", error=type(error).__name__)
            return []
        return entries

    def _write(self, text: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_suffix(".new")
        with new.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)
