"""Values in the questions of pages, in an address or a body: times and numbers."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

MOST_DIGITS = 10


class BadQuestionError(Exception):
    """A page asks what cannot be answered."""


def asked_number(given: str, lowest: int, highest: int) -> int:
    """Return a whole number within bounds; raises BadQuestionError."""
    if not given.isascii() or not given.isdigit() or len(given) > MOST_DIGITS:
        raise BadQuestionError
    number = int(given)
    if not lowest <= number <= highest:
        raise BadQuestionError
    return number


def asked_time(given: str, zone: str, *, end: bool = False) -> datetime | None:
    """Return a time, of the office's zone where it names none; `end`: of a date its last moment. Raises BadQuestionError."""
    if not given:
        return None
    try:
        found = datetime.fromisoformat(given)
        if end and len(given) == len("2026-11-29"):
            found = found.replace(hour=23, minute=59, second=59, microsecond=999_999)
        found = found if found.tzinfo is not None else found.replace(tzinfo=ZoneInfo(zone))
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadQuestionError from None
