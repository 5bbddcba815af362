"""Counts of rejected connections by reason: one number would not say what to do about it."""

from __future__ import annotations

from collections import Counter
from typing import Protocol, runtime_checkable


class Refusals:
    """Counts by reason, a stable word as in the log."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def note(self, reason: str) -> None:
        self._counts[reason] += 1

    @property
    def total(self) -> int:
        return self._counts.total()

    def by_reason(self) -> dict[str, int]:
        return dict(self._counts)


def together(*refusals: Refusals, too_many: int = 0) -> dict[str, int]:
    """Return the sum by reason; `too_many` are connections for which there was no room."""
    sums = Counter({"too_many_connections": too_many} if too_many else {})
    for each in refusals:
        sums.update(each.by_reason())
    return dict(sums)


@runtime_checkable
class RejectingTap(Protocol):
    """A tap that can reject connections."""

    def refusals(self) -> dict[str, int]:
        """Return the number of rejections since start, by reason."""
