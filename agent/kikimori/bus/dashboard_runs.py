"""Dashboards known to an agent from their acknowledgements. Pure: times are given."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kikimori_core.wire.delivery import Acks

PRESENT_S = 30.0
"""Seconds after its last report that a dashboard counts as present; it reports every ten seconds."""
FORGET_S = 600.0
MOST = 200


class UnseenCause(StrEnum):
    """Reason for which no supervisor has seen an alert."""

    NO_DASHBOARD = "no_dashboard"
    NO_PAGE = "no_page"
    PAGE_BEHIND = "page_behind"
    """A page is open but draws nothing: it is in the background, or late."""


@dataclass(slots=True)
class _Run:
    run: str
    heard_at: float
    pages: int


class DashboardRuns:
    """Dashboards by client id, each with its present run."""

    def __init__(self) -> None:
        self._known: dict[str, _Run] = {}

    def heard(self, acks: Acks, now: float) -> bool:
        """Note a dashboard's report; True when this run of it is new, and may hold nothing."""
        known = self._known.pop(acks.client_id, None)
        new = known is None or known.run != acks.run
        self._known[acks.client_id] = _Run(acks.run, now, acks.pages)
        while len(self._known) > MOST:
            del self._known[next(iter(self._known))]
        return new

    def all_new(self) -> None:
        """Mark every dashboard as new for its next report: what was sent to it may be lost."""
        for each in self._known.values():
            each.run = ""

    def forget_old(self, now: float) -> None:
        for client_id, each in list(self._known.items()):
            if now - each.heard_at > FORGET_S:
                del self._known[client_id]

    def present(self, now: float) -> int:
        """Return the number of dashboards that are present."""
        return len(self._there(now))

    def cause(self, now: float) -> UnseenCause:
        """Return the reason for which an alert that was sent has not been seen."""
        there = self._there(now)
        if not there:
            return UnseenCause.NO_DASHBOARD
        return UnseenCause.PAGE_BEHIND if any(each.pages for each in there) else UnseenCause.NO_PAGE

    def _there(self, now: float) -> list[_Run]:
        return [each for each in self._known.values() if now - each.heard_at <= PRESENT_S]
