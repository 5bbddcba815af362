"""Time of the last call heard on each extension. Pure: no clock of its own.

The operator's page tells by it whether its number can be right: one on which no call was ever heard may be misspelt, or
not be listened to at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

MAX_EXTENSIONS = 1000
"""Most extensions; beyond them the one heard longest ago is forgotten."""


class ExtensionLog:
    """Last time of a call by extension, kept in memory: it begins anew with each start of the dashboard."""

    def __init__(self, limit: int = MAX_EXTENSIONS) -> None:
        self.since: datetime | None = None
        """Time of the first reading of the broker; nothing before it is known. None = not yet."""
        self._limit = limit
        self._heard: dict[str, datetime] = {}

    def begin(self, now: datetime) -> None:
        """Note that calls are followed from now on; only the first time counts."""
        if self.since is None:
            self.since = now

    def note(self, extension: str | None, at: datetime) -> tuple[str, ...]:
        """Note a call on an extension at a time; return the extensions with a changed time."""
        known = self._heard.get(extension) if extension else None
        if not extension or (known is not None and known >= at):
            return ()
        self._heard[extension] = at
        if len(self._heard) <= self._limit:
            return (extension,)
        oldest = min(self._heard, key=lambda each: self._heard[each])
        del self._heard[oldest]
        return (extension, oldest)

    def last(self, extension: str) -> datetime | None:
        return self._heard.get(extension)

    def known(self) -> list[str]:
        return list(self._heard)
