"""State of the dashboard's connection to the broker, as the page shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_dashboard.site.changes import PicturePart

if TYPE_CHECKING:
    from kikimori_core.wire.messages import Problem
    from kikimori_dashboard.site.changes import ChangeLog


class BrokerLink:
    """State of the connection to the broker, and progress in reading what it retains."""

    def __init__(self, changes: ChangeLog) -> None:
        self.connected = False
        """True once connected, with everything retained by the broker read, or enough of it."""
        self.reading = False
        """Connected, but not everything retained has been read."""
        self.incomplete = False
        """True after the broker dropped some retained messages at the reading: there were more than its queue
        holds."""
        self.problem: Problem | None = None
        """Reason for which there is no connection."""
        self.sessions = 0
        """Connections since start."""
        self._changes = changes

    @property
    def has_all(self) -> bool:
        """Return whether we are connected and have read everything retained."""
        return self.connected and not self.reading

    def failed(self, problem: Problem | None) -> None:
        """Note the reason for which there is no connection; None when there is one."""
        if problem != self.problem:
            self.problem = problem
            self._changes.touch(PicturePart.SITE)

    def lost(self) -> None:
        if self.connected:
            self.connected = False
            self._changes.touch(PicturePart.SITE)

    def still_reading(self) -> None:
        """Let presses through during a long reading; until its end the page may show past calls."""
        self._connect()
        self.reading = True

    def has_read(self, *, complete: bool) -> None:
        """Note that everything retained by the broker was read, as far as it sent it."""
        self._connect()
        self.incomplete = not complete

    def completed(self) -> None:
        """Note that everything that the broker had dropped was told after all."""
        self.incomplete = False
        self._changes.touch(PicturePart.SITE)

    def _connect(self) -> None:
        if not self.connected:
            self.connected = True
            self.sessions += 1
        self.problem = None
        self.reading = False
        self._changes.touch(PicturePart.SITE)
