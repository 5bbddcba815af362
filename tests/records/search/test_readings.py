"""Words that only sound so, found in the readings of a call."""

from __future__ import annotations

import pytest

from kikimori_records.search.readings import is_heard, places_of
from kikimori_records.search.terms import LINE

ONE, TWO = "\ue001", "\ue002"
"""Behind a word of one letter, of two."""
READINGS = LINE.join(
    (
        f"きょお{TWO}わ{ONE}へん{ONE}きん{ONE}お{ONE}",
        f"だいへん{TWO}きんし{TWO}です{TWO}",
        f"さん{ONE}{ONE}じゅう{TWO}",
    )
)


@pytest.mark.parametrize(
    ("wanted", "heard"),
    [
        ("へんきん", True),  # two words of one letter each
        ("きょお", True),
        ("へんきんお", True),
        ("いへんき", False),  # no whole words
        ("だいへん", True),
        ("へんきんし", False),
        ("おだいへん", False),  # of two lines
        ("さんじゅう", True),  # a word without kana between
        ("です", True),
        ("でした", False),
    ],
)
def test_whole_words_are_heard_where_they_have_places(wanted: str, heard: bool) -> None:
    assert is_heard(READINGS, wanted) is heard
    assert any(places_of(each, wanted) for each in READINGS.split(LINE)) is heard
