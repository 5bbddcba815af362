"""Opening hours by weekday: how people write them, and whether a moment lies within them. Public holidays are unknown here.

In tables and messages: `{"mon": [["09:00", "18:00"]]}`. A period whose end is not after its beginning ends on the day after.
No hours at all mean always; a weekday that is not named is closed.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta
from typing import TYPE_CHECKING

from kikimori_core.messages import text as words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

Hours = dict[str, tuple[tuple[str, str], ...]]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_JAPANESE = "月火水木金土日"
CLOCK_PATTERN = r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$"
MOST_PERIODS = 8
"""Periods of one day."""

_CLOCK = re.compile(CLOCK_PATTERN)
_PERIOD = re.compile(r"(\d{1,2}):?(\d{2})-(\d{1,2}):?(\d{2})")
_DAY_NAMES = {name: number for number, name in enumerate(DAYS)} | {
    name: number for number, name in enumerate(_JAPANESE)
}


class BadHoursError(ValueError):
    """A text that is no opening hours; its message says which part and how they are written."""


def is_open(hours: Mapping[str, Sequence[Sequence[str]]], moment: datetime) -> bool:
    """Return whether a moment, in the office's own time zone, lies within the hours."""
    if not hours:
        return True
    minute = moment.hour * 60 + moment.minute
    today, yesterday = DAYS[moment.weekday()], DAYS[(moment - timedelta(days=1)).weekday()]
    for begin, end in _periods(hours.get(today, ())):
        if begin <= minute and (minute < end or end <= begin):
            return True
    return any(end <= begin and minute < end for begin, end in _periods(hours.get(yesterday, ())))


def next_opening(hours: Mapping[str, Sequence[Sequence[str]]], moment: datetime) -> datetime | None:
    """Return when the hours begin next after a moment in the office's own time zone; None where they never do."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    for later in range(len(DAYS) + 1):
        day = midnight + timedelta(days=later)
        begins = [day + timedelta(minutes=begin) for begin, _ in _periods(hours.get(DAYS[day.weekday()], ()))]
        found = min((each for each in begins if each > moment), default=None)
        if found is not None:
            return found
    return None


def _periods(some: Sequence[Sequence[str]]) -> list[tuple[int, int]]:
    # A newer peer may write periods that this version cannot read.
    return [
        (_minutes(each[0]), _minutes(each[1]))
        for each in some
        if len(each) == 2 and all(_CLOCK.fullmatch(text) for text in each)
    ]


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def read_hours(text: str) -> Hours:
    """Read hours as people write them: `mon-fri 09:00-12:00 13:00-18:00; sat 9:00-12:00`, or with 月 to 日.

    An empty text means always.

    Raises:
        BadHoursError: names the part that cannot be read.
    """
    # Full-width digits, signs and dashes of Japanese keyboards.
    plain = re.sub(r"[~〜ー―–—−]", "-", unicodedata.normalize("NFKC", text).lower())
    found: dict[str, list[tuple[str, str]]] = {}
    for part in re.split(r"[;;。\n]+", plain):
        if not part.strip():
            continue
        days, rest = _read_days(part.strip())
        periods = [_read_period(each) for each in re.split(r"[\s,、]+", rest) if each]
        if not periods or len(periods) > MOST_PERIODS:
            raise BadHoursError(words("hours_without_period", value=repr(part.strip())))
        for day in days:
            found.setdefault(day, []).extend(periods)
    return {day: tuple(sorted(set(found[day]))) for day in DAYS if day in found}


def _read_days(part: str) -> tuple[list[str], str]:
    """Return the weekdays at the beginning of a part, and what follows."""
    match = re.match(r"([^\d]+)(.*)", part)
    if match is None:
        return list(DAYS), part
    named, rest = match[1].replace("曜日", "").replace("曜", ""), match[2]
    found: list[int] = []
    for each in re.split(r"[\s,、・]+", named.strip(" \t-:")):
        if not each:
            continue
        first, dash, last = each.partition("-")
        if dash:
            found += _range(first, last, part)
        elif each in _DAY_NAMES:
            found.append(_DAY_NAMES[each])
        elif all(letter in _JAPANESE for letter in each):
            found += [_JAPANESE.index(letter) for letter in each]
        elif each in ("毎日", "daily"):
            found += range(7)
        else:
            raise BadHoursError(
                words("hours_no_weekday", value=repr(each), days="月, 火, …", example="月-金")
            )
    return [DAYS[number] for number in sorted(set(found))], rest


def _range(first: str, last: str, part: str) -> list[int]:
    if first not in _DAY_NAMES or last not in _DAY_NAMES:
        raise BadHoursError(words("hours_no_range", value=repr(part), example="月-金"))
    begin, end = _DAY_NAMES[first], _DAY_NAMES[last]
    return [number % 7 for number in range(begin, end + 1 if end >= begin else end + 8)]


def _read_period(text: str) -> tuple[str, str]:
    match = _PERIOD.fullmatch(text)
    if match is not None:
        begin, end = f"{int(match[1]):02d}:{match[2]}", f"{int(match[3]):02d}:{match[4]}"
        if _CLOCK.fullmatch(begin) and _CLOCK.fullmatch(end) and begin not in ("24:00", end):
            return begin, end
    raise BadHoursError(words("hours_no_period", value=repr(text)))


def hours_text(hours: Mapping[str, Sequence[Sequence[str]]], language: str = "ja") -> str:
    """Return hours as `read_hours` reads them, days with the same periods together; "" for always."""
    groups: list[tuple[list[int], str]] = []
    for number, day in enumerate(DAYS):
        periods = " ".join("-".join(each) for each in hours.get(day, ()))
        if not periods:
            continue
        if groups and groups[-1][1] == periods and groups[-1][0][-1] == number - 1:
            groups[-1][0].append(number)
        else:
            groups.append(([number], periods))
    names = _JAPANESE if language == "ja" else DAYS
    return "; ".join(
        f"{names[days[0]]}{f'-{names[days[-1]]}' if len(days) > 1 else ''} {periods}"
        for days, periods in groups
    )
