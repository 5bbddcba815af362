"""State of the dashboard's connection to the broker, as the page shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_dashboard.changes import Part

if TYPE_CHECKING:
    from kikimori_dashboard.changes import ChangeLog
    from kikimori_wire.messages import Problem


class BrokerLink:
    """Whether there is a connection, and how much of what the broker retains was read."""

    def __init__(self, changes: ChangeLog) -> None:
        self.connected = False
        """And everything retained by the broker has been read, or enough of it."""
        self.reading = False
        """Connected, but not everything retained has been read."""
        self.incomplete = False
        """The broker dropped some of what it retains when it was read: there was more than its queue holds."""
        self.problem: Problem | None = None
        """Why there is no connection."""
        self.sessions = 0
        """Connections since start."""
        self._changes = changes

    def failed(self, problem: Problem | None) -> None:
        """Remember why there is no connection; None when there is one."""
        if problem != self.problem:
            self.problem = problem
            self._changes.touch(Part.SITE)

    def lost(self) -> None:
        if self.connected:
            self.connected = False
            self._changes.touch(Part.SITE)

    def still_reading(self) -> None:
        """It takes long, as very much is retained: let presses through; what is shown may be past until the end."""
        self._connect()
        self.reading = True

    def has_read(self, *, complete: bool) -> None:
        """Everything retained that the broker has to tell was read."""
        self._connect()
        self.incomplete = not complete

    def completed(self) -> None:
        """What the broker had dropped was told after all."""
        self.incomplete = False
        self._changes.touch(Part.SITE)

    def _connect(self) -> None:
        if not self.connected:
            self.connected = True
            self.sessions += 1
        self.problem = None
        self.reading = False
        self._changes.touch(Part.SITE)
