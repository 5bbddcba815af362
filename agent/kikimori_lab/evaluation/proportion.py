"""Shares and rates with the interval in which the true value lies with 95 % confidence."""

from __future__ import annotations

from math import sqrt
from typing import Any

Z = 1.959964
"""Quantile of the normal distribution for 95 % on both sides."""


def wilson(part: int, whole: int) -> tuple[float, float] | None:
    """Return Wilson's score interval of `part` out of `whole`; None where there is nothing to divide by."""
    if not whole:
        return None
    share, square = part / whole, Z * Z / whole
    middle = share + square / 2
    reach = Z * sqrt(share * (1 - share) / whole + square / (4 * whole))
    low, high = (middle - reach) / (1 + square), (middle + reach) / (1 + square)
    return max(low, 0.0) if part else 0.0, min(high, 1.0) if part < whole else 1.0


def share_fields(name: str, part: int, whole: int) -> dict[str, Any]:
    """Return `name` and `name_95` for a JSON object; both None where there is nothing to divide by."""
    interval = wilson(part, whole)
    return {
        name: round(part / whole, 4) if whole else None,
        f"{name}_95": [round(each, 4) for each in interval] if interval else None,
    }


def highest_count(count: int) -> float:
    """Return the upper 95 % bound of a Poisson count (Byar's approximation, within 1 % of the exact one)."""
    more = count + 1
    return more * (1 - 1 / (9 * more) + Z / (3 * sqrt(more))) ** 3
