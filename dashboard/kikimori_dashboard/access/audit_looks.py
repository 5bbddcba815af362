"""Looks at pages that were noted: a page that connects again is no other look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_dashboard.access.audit_trail import AuditTrail
    from kikimori_dashboard.access.who import Principal

AGAIN = timedelta(hours=1)


class AuditLooks:
    """Last look of each session, at a page as a whole or at one thing on it."""

    def __init__(self, trail: AuditTrail, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._trail = trail
        self._now = now
        self._last: dict[tuple[str, str], datetime] = {}

    def note(
        self,
        who: Principal,
        action: str,
        *,
        about: tuple[str, str] | None = None,
        thing: str = "",
        always: bool = False,
        **details: Any,
    ) -> None:
        """Note a look, unless this session had the same one noted within `AGAIN`.

        Args:
            who: Person or operators' PC that looks.
            action: As in `AuditTrail.note`.
            about: Kind and id of the object.
            thing: Name of what is looked at; "" = the page as a whole.
            always: True = it is noted again all the same.
            details: As in `AuditTrail.note`.
        """
        if self._is_new(who, thing) or always:
            self._trail.note(who, action, about=about, **details)

    def _is_new(self, who: Principal, thing: str) -> bool:
        """Return whether a look is to be noted; it then counts as noted."""
        now = self._now()
        # A clock that was set back is no reason to note nothing until it is that time again.
        self._last = {look: at for look, at in self._last.items() if timedelta(0) <= now - at < AGAIN}
        look = (who.session_id, thing)
        if look in self._last:
            return False
        self._last[look] = now
        return True
