"""Days of an office: the date of a call, and the days that are to be closed. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, tzinfo

CLOSED_AFTER = timedelta(hours=1)
"""Time after midnight at which a day is closed: calls over midnight end, and agents ship what they have."""


def day_of(at: datetime, zone: tzinfo) -> date:
    """Return the office's date of a time."""
    return at.astimezone(zone).date()


def last_closed_day(now: datetime, zone: tzinfo) -> date:
    """Return the last day that is over, an hour after its midnight."""
    return day_of(now - CLOSED_AFTER, zone) - timedelta(days=1)


def end_of(day: date, zone: tzinfo) -> datetime:
    """Return the midnight at the end of a day."""
    return begin_of(day + timedelta(days=1), zone)


def begin_of(day: date, zone: tzinfo) -> datetime:
    """Return the midnight at the begin of a day."""
    return datetime.combine(day, datetime.min.time(), zone)


def days_between(first: date, last: date) -> Iterator[date]:
    """Give each day from the first to the last."""
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
