"""Rate limit for turns of the pump that do not wait for the interval. Pure: times are given."""

from __future__ import annotations


class TurnCredit:
    """Turns that may be taken at once: so many in a row, and then so many a second."""

    def __init__(self, per_s: float, most: float) -> None:
        self._per_s = per_s
        self._most = most
        self._left = most
        self._at = 0.0

    def spend(self, clock: float) -> bool:
        """Take a turn; False when none is left at this time of the loop, in s."""
        self._left = min(self._most, self._left + (clock - self._at) * self._per_s)
        self._at = clock
        if self._left < 1:
            return False
        self._left -= 1
        return True
