"""Names of a call's legs, by which the lines of one are told from those of another."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kikimori_core.model.call import Role


class LegNames:
    """Names of one call."""

    def __init__(self) -> None:
        self._given: Counter[Role] = Counter()

    def next(self, role: Role) -> str:
        """Return a name that no other leg of the call has: `operator`, then `operator.2`."""
        self._given[role] += 1
        count = self._given[role]
        return str(role) if count == 1 else f"{role}.{count}"
