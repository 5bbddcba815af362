"""Customers as the pages get them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kikimori_records.callers.customer import Customer


def customer_view(customer: Customer) -> dict[str, Any]:
    """Return a customer as the pages get it."""
    return {
        "id": customer.id,
        "name": customer.name,
        "contract": customer.contract,
        "in_charge": customer.in_charge,
        "manner": customer.manner,
        "numbers": [{"key": each.caller_key, "number": each.number} for each in customer.numbers],
        "changed_at": customer.changed_at.isoformat(),
    }
