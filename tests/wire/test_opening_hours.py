"""Opening hours: how they are written, and what they mean at a moment."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kikimori_core.wire.opening_hours import (
    DAYS,
    BadHoursError,
    hours_text,
    is_open,
    next_opening,
    read_hours,
)

TOKYO = ZoneInfo("Asia/Tokyo")
OFFICE = (("09:00", "12:00"), ("13:00", "18:00"))


def at(day: int, clock: str) -> datetime:
    """Return a moment of a week in which the 2nd is a Monday."""
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 11, day, hour, minute, tzinfo=TOKYO)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("", {}),
        ("mon 9:00-12:00", {"mon": (("09:00", "12:00"),)}),
        ("月-金 09:00-12:00 13:00-18:00", dict.fromkeys(DAYS[:5], OFFICE)),
        ("月〜金 ９：００〜１２：００、１３：００〜１８：００", dict.fromkeys(DAYS[:5], OFFICE)),
        ("月火水 900-1200; 土曜日 10:00-12:00", dict.fromkeys(DAYS[:3], (("09:00", "12:00"),)) | {"sat": (("10:00", "12:00"),)}),
        ("fri-mon 22:00-06:00", dict.fromkeys(("mon", "fri", "sat", "sun"), (("22:00", "06:00"),))),
        ("09:00-24:00", dict.fromkeys(DAYS, (("09:00", "24:00"),))),
    ],
)  # fmt: skip
def test_what_people_write_is_read(text: str, hours: dict[str, tuple[tuple[str, str], ...]]) -> None:
    assert read_hours(text) == hours


@pytest.mark.parametrize(
    "text", ["mon", "xyz 09:00-18:00", "mon 9-18", "mon 25:00-26:00", "mon 09:60-10:00", "mon-xyz 09:00-18:00", "mon 09:00-09:00", "09:00-"]
)  # fmt: skip
def test_what_cannot_be_read_is_told(text: str) -> None:
    with pytest.raises(BadHoursError, match="write"):
        read_hours(text)


@given(
    st.dictionaries(
        st.sampled_from(DAYS),
        st.lists(
            st.tuples(st.integers(0, 23), st.integers(0, 59), st.integers(0, 23), st.integers(0, 59))
            .filter(lambda each: each[:2] != each[2:])
            .map(lambda each: (f"{each[0]:02d}:{each[1]:02d}", f"{each[2]:02d}:{each[3]:02d}")),
            min_size=1,
            max_size=3,
            unique=True,
        ).map(lambda some: tuple(sorted(some))),
    ),
    st.sampled_from(["ja", "en"]),
)
def test_what_is_shown_is_read_again(hours: dict[str, tuple[tuple[str, str], ...]], language: str) -> None:
    ordered = {day: hours[day] for day in DAYS if day in hours}
    assert read_hours(hours_text(hours, language)) == ordered


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read_hours(text)
    except BadHoursError:
        return


def test_a_moment_is_within_or_not() -> None:
    hours = read_hours("mon-fri 09:00-12:00 13:00-18:00")
    assert [is_open(hours, at(2, clock)) for clock in ("08:59", "09:00", "11:59", "12:00", "17:59", "18:00")] == [
        False, True, True, False, True, False,
    ]  # fmt: skip
    assert not is_open(hours, at(7, "10:00"))
    assert is_open({}, at(7, "03:00"))


def test_a_night_belongs_to_the_day_on_which_it_began() -> None:
    hours = read_hours("sun 22:00-06:00")
    assert [is_open(hours, at(day, clock)) for day, clock in ((1, "21:59"), (1, "22:00"), (2, "05:59"), (2, "06:00"), (2, "22:30"))] == [
        False, True, True, False, False,
    ]  # fmt: skip


def test_what_a_newer_peer_writes_is_passed_over() -> None:
    assert not is_open({"mon": (("morning", "noon"), ("09:00",)), "holiday": ()}, at(2, "10:00"))


@pytest.mark.parametrize(
    ("day", "clock", "opens"),
    [
        (2, "08:00", (2, "09:00")),
        (2, "12:00", (2, "13:00")),
        (2, "13:00", (3, "09:00")),
        (6, "18:00", (9, "09:00")),
    ],
)
def test_when_the_office_opens_next(day: int, clock: str, opens: tuple[int, str]) -> None:
    hours = dict.fromkeys(DAYS[:5], OFFICE)
    assert next_opening(hours, at(day, clock)) == at(*opens)
    assert next_opening({"mon": (("xx", "yy"),)}, at(day, clock)) is None
