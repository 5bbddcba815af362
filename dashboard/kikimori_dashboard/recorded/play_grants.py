"""Permissions to play a call's sound, each given to one session when its audit entry was written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_dashboard.access.who import Principal

LASTS = timedelta(hours=4)
"""Longest time from one press of play to the next request for sound; the rights are asked at each request all the same."""
JOINED = timedelta(minutes=1)
"""Presses so soon after a noted one are part of the same listening."""


class PlayGrants:
    """Last noted press of play of each session and call."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._given: dict[tuple[str, str], datetime] = {}

    def has(self, who: Principal, uid: str) -> bool:
        """Return whether this session may be sent the sound of a call."""
        return self._within(who, uid, LASTS)

    def is_joined(self, who: Principal, uid: str) -> bool:
        """Return whether a press now belongs to one that is in the audit."""
        return self._within(who, uid, JOINED)

    def give(self, who: Principal, uid: str) -> None:
        """Note that a press is in the audit."""
        now = self._now()
        self._given = {key: at for key, at in self._given.items() if now - at < LASTS}
        self._given[who.session_id, uid] = now

    def _within(self, who: Principal, uid: str, time: timedelta) -> bool:
        at = self._given.get((who.session_id, uid))
        return at is not None and timedelta(0) <= self._now() - at < time
