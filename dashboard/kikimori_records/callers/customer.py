"""Rows of the customers' list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

COLUMNS = ("name", "contract", "in_charge", "manner")
"""Columns that people change directly; numbers are joined and parted."""


@dataclass(frozen=True, slots=True)
class CustomerNumber:
    """One number of a customer."""

    caller_key: str
    number: str
    """As people read it; masked where the office keeps masked numbers alone."""


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody who calls the office, with all of their numbers."""

    id: str
    name: str
    contract: str | None
    in_charge: str | None
    """Person of the office who knows the customer."""
    manner: str | None
    """Agreed way to speak with them."""
    numbers: tuple[CustomerNumber, ...]
    added_at: datetime
    changed_at: datetime

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(each.caller_key for each in self.numbers)
