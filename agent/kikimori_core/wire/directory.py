"""The directory as agents get it: names by extension, superiors in order, and internal telephones.

Retained, signed by a dashboard. Its number grows with every publication; an agent never goes back to a lower one.
"""

from __future__ import annotations

import zoneinfo
from datetime import UTC
from typing import TYPE_CHECKING, Annotated

from pydantic import AwareDatetime, Field

from kikimori_core.wire.evidence import Name, Part
from kikimori_core.wire.messages import Message
from kikimori_core.wire.opening_hours import MOST_PERIODS, is_open

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, tzinfo

MOST_OPERATORS = 2000
MOST_SUPERIORS = 50
MOST_TELEPHONES = 2000

Telephone = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[0-9A-Za-z*#+._@-]+$")]
PersonName = Annotated[str, Field(min_length=1, max_length=128)]
Clock = Annotated[str, Field(max_length=5)]


class DirectoryOperator(Part):
    """Person on an extension."""

    extension: Telephone
    name: PersonName


class OpenPeriod(Part):
    """Period of a weekday, see `opening_hours`; one of an unknown day or form is passed over."""

    day: Annotated[str, Field(max_length=16)]
    """`mon` to `sun`."""
    begin: Clock
    end: Clock
    """Not after the beginning: on the day after."""


class DirectorySuperior(Part):
    """Superior to whom calls may be transferred."""

    number: Telephone
    """Extension or queue to dial."""
    name: PersonName | None = None
    hours: Annotated[tuple[OpenPeriod, ...], Field(max_length=7 * MOST_PERIODS)] = ()
    """Empty = always."""

    def is_open(self, moment: datetime) -> bool:
        """Return whether a moment, in the office's time zone, lies within the hours."""
        by_day: dict[str, list[tuple[str, str]]] = {}
        for each in self.hours:
            by_day.setdefault(each.day, []).append((each.begin, each.end))
        return is_open(by_day, moment)


class Directory(Message):
    """The part of a site's directory that agents need."""

    site: Name
    number: Annotated[int, Field(ge=1, le=2**53)]
    """Milliseconds since 1970 at which it was read, or one more than the number before, whichever is larger."""
    made_at: AwareDatetime
    time_zone: Annotated[str, Field(max_length=64)] = "Asia/Tokyo"
    """Zone of the opening hours."""
    operators: Annotated[tuple[DirectoryOperator, ...], Field(max_length=MOST_OPERATORS)] = ()
    """One person an extension; an extension that several share, or that nobody is known to use, is not listed."""
    superiors: Annotated[tuple[DirectorySuperior, ...], Field(max_length=MOST_SUPERIORS)] = ()
    """In the order in which they are asked."""
    telephones: Annotated[tuple[Telephone, ...], Field(max_length=MOST_TELEPHONES)] = ()
    """Telephones of supervisors and superiors: a command may ring them. Never patterns."""
    left_out: Annotated[int, Field(ge=0)] = 0
    """Number of operators for whom there was no room."""

    def name_of(self, extension: str) -> str | None:
        """Return the name of the person on an extension."""
        return next((each.name for each in self.operators if each.extension == extension), None)

    def superior_at(self, now: datetime) -> DirectorySuperior | None:
        """Return the first superior within opening hours; None when there is none now."""
        return next(iter(self.superiors_at(now)), None)

    def superiors_at(self, now: datetime) -> tuple[DirectorySuperior, ...]:
        """Return the superiors within opening hours, in their order."""
        moment = now.astimezone(self.zone())
        return tuple(each for each in self.superiors if each.is_open(moment))

    def zone(self) -> tzinfo:
        """Return the office's time zone; UTC where this machine does not know it."""
        return zone_of(self.time_zone)


def periods_of(hours: Mapping[str, Sequence[Sequence[str]]]) -> tuple[OpenPeriod, ...]:
    """Return opening hours of the tables as the message has them."""
    return tuple(
        OpenPeriod(day=day, begin=begin, end=end) for day, some in hours.items() for begin, end in some
    )


def zone_of(name: str) -> tzinfo:
    """Return a time zone; UTC where this machine does not know it."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
