"""Session that is open in this process: its principal, its start, and the sockets that end with it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from kikimori_dashboard.access.who import Principal


class SessionEnd(StrEnum):
    """Reason for which the sockets of a session are closed."""

    OVER = "session_over"
    RIGHTS_CHANGED = "rights_changed"
    STORE_AWAY = "store_away"


@dataclass(slots=True, eq=False)
class OpenSession:
    """One session of a person or a kiosk."""

    session_id: str
    """Hash of its token."""
    who: Principal
    created_at: datetime
    expires_at: datetime
    idle_s: int | None
    """Seconds without use after which it ends; None = never. An open live socket counts as use."""
    used_at: datetime
    kept_at: datetime
    """Time of use that the database has."""
    confirmed_at: datetime
    """Time at which the database confirmed it last."""
    _watchers: list[Callable[[SessionEnd], None]] = field(default_factory=list)

    @contextmanager
    def watched(self, closer: Callable[[SessionEnd], None]) -> Iterator[None]:
        """Call `closer` at the session's end or a change of its rights, as long as the context is open."""
        self._watchers.append(closer)
        try:
            yield
        finally:
            self._watchers.remove(closer)

    @property
    def live(self) -> bool:
        """Return whether a socket is open."""
        return bool(self._watchers)

    def close_sockets(self, end: SessionEnd) -> None:
        for closer in tuple(self._watchers):
            closer(end)

    def over(self, now: datetime) -> bool:
        """Return whether it has ended by time."""
        if now >= self.expires_at:
            return True
        idle = (now - self.used_at).total_seconds()
        return self.idle_s is not None and not self.live and idle > self.idle_s


SESSION: web.RequestKey[OpenSession] = web.RequestKey("session", OpenSession)
"""Key under which a request carries its session."""
