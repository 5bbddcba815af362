"""Looks at pages that were noted: a page that connects again is no other look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_dashboard.access.who import Principal

AGAIN = timedelta(hours=1)


class AuditLooks:
    """Last look of each session, at a page as a whole or at one thing on it."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._last: dict[tuple[str, str], datetime] = {}

    def is_new(self, who: Principal, thing: str = "") -> bool:
        """Return whether a look of this session, at a thing if one is named, is to be noted; it then counts as noted."""
        now = self._now()
        # A clock that was set back is no reason to note nothing until it is that time again.
        self._last = {look: at for look, at in self._last.items() if timedelta(0) <= now - at < AGAIN}
        look = (who.session_id, thing)
        if look in self._last:
            return False
        self._last[look] = now
        return True
