"""Looks at pages that were noted: a page that connects again is no other look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_dashboard.access.who import Principal

AGAIN = timedelta(hours=1)


class AuditLooks:
    """Last look of each session."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._last: dict[str, datetime] = {}

    def is_new(self, who: Principal) -> bool:
        """Return whether a look of this session is to be noted; it then counts as noted."""
        now = self._now()
        self._last = {session: at for session, at in self._last.items() if now - at < AGAIN}
        if who.session_id in self._last:
            return False
        self._last[who.session_id] = now
        return True
