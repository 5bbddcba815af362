"""Row of a session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Session:
    """One browser that is signed in, as a person or as a kiosk."""

    token_hash: str
    person_id: str | None
    kiosk_id: str | None
    created_at: datetime
    used_at: datetime
    idle_s: int | None
    """Seconds without use after which it ends; None = it never idles out."""
    expires_at: datetime
    address: str
    browser: str
    ended_at: datetime | None = None
    end_reason: str | None = None
    rights_version: int = 0

    def is_open(self, now: datetime) -> bool:
        """Return whether it counts at this time."""
        if self.ended_at is not None or now >= self.expires_at:
            return False
        return self.idle_s is None or now - self.used_at < timedelta(seconds=self.idle_s)
