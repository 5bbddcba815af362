"""Commands that one person may give in a minute."""

from __future__ import annotations

from collections import OrderedDict, deque

MOST_A_MINUTE = 30
MOST_PERSONS = 1000
MINUTE_S = 60.0


class PersonLimit:
    """Counts per person over the last minute. Times are of a clock that only goes forward."""

    def __init__(self, most: int = MOST_A_MINUTE) -> None:
        self._most = most
        self._taken: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()

    def allow(self, dashboard: str, person: str, now_s: float) -> bool:
        """Count a command; False when this person has given too many. One that is refused does not count."""
        times = self._taken.setdefault((dashboard, person), deque(maxlen=self._most))
        self._taken.move_to_end((dashboard, person))
        if len(self._taken) > MOST_PERSONS:
            self._taken.popitem(last=False)
        if len(times) == self._most and now_s - times[0] < MINUTE_S:
            return False
        times.append(now_s)
        return True
