"""Ranges of bytes as browsers ask for them."""

from __future__ import annotations

import pytest

from kikimori_records.sounds.byte_range import ByteRange, UnsatisfiableRangeError, asked_range

TAG = '"abc"'


@pytest.mark.parametrize(
    ("wanted", "if_range", "found"),
    [
        (None, None, None),
        ("bytes=0-", None, (0, 100)),
        ("bytes=0-0", None, (0, 1)),
        (" BYTES = 10-19 ", None, (10, 20)),
        ("bytes=90-1000", None, (90, 100)),
        ("bytes=-7", None, (93, 100)),
        ("bytes=-700", None, (0, 100)),
        ("bytes=20-10", None, None),
        ("bytes=-", None, None),
        ("bytes=0-1,5-6", None, None),
        ("bytes=" + "9" * 40 + "-", None, None),
        ("bytes=٣-", None, None),
        ("lines=0-1", None, None),
        ("bytes=10-19", TAG, (10, 20)),
        ("bytes=10-19", '"other"', None),
        ("bytes=10-19", "Sun, 29 Nov 2026 00:00:00 GMT", None),
    ],
)
def test_the_asked_part(wanted: str | None, if_range: str | None, found: tuple[int, int] | None) -> None:
    assert asked_range(wanted, if_range, TAG, 100) == (None if found is None else ByteRange(*found))


@pytest.mark.parametrize("wanted", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_part_that_is_not_there(wanted: str) -> None:
    with pytest.raises(UnsatisfiableRangeError):
        asked_range(wanted, None, TAG, 100)
