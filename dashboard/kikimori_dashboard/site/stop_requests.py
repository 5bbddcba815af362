"""Count of requests to stop: those that recognition heard and those noted by a press, each occasion once. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kikimori_dashboard.site.call_entry import CallEntry

ONE_OCCASION = timedelta(seconds=10)
"""Time after a request within which another one belongs to the same occasion: said in two sentences, or said and pressed."""


def stop_times(entry: CallEntry) -> list[datetime]:
    """Return the occasions on which a call's customer was asked to stop, oldest first."""
    heard = [entry.state.started_at + timedelta(seconds=each.start_s) for each in entry.state.stop_requests]
    return occasions([*heard, *entry.stops_pressed])


def occasions(times: list[datetime]) -> list[datetime]:
    """Return the first time of each occasion, oldest first."""
    found: list[datetime] = []
    last: datetime | None = None
    for each in sorted(times):
        if last is None or each - last > ONE_OCCASION:
            found.append(each)
        last = each
    return found
