"""The count of requests to stop: each occasion once, whoever noted it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.support import sample

from kikimori_core.wire.messages import StopRequest
from kikimori_dashboard.site.call_entry import CallEntry
from kikimori_dashboard.site.stop_requests import occasions, stop_times


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ([], []),
        ([5], [5]),
        ([40, 5], [5, 40]),
        ([5, 9], [5]),
        # A request in many sentences is one, however long it takes.
        ([5, 14, 23, 32, 60], [5, 60]),
        ([5, 15, 26], [5, 26]),
    ],
)
def test_each_occasion_counts_once(seconds: list[int], expected: list[int]) -> None:
    times = [sample.NOON + timedelta(seconds=each) for each in seconds]
    assert occasions(times) == [sample.NOON + timedelta(seconds=each) for each in expected]


def test_heard_and_pressed_are_one_list() -> None:
    entry = CallEntry(sample.call(stop_requests=(StopRequest(start_s=90), StopRequest(start_s=150))))
    entry.stops_pressed = [sample.NOON + timedelta(seconds=each) for each in (94, 200)]
    found = [(each - sample.NOON).total_seconds() for each in stop_times(entry)]
    assert found == [90, 150, 200]
    assert len(entry.ending_view["stops"]) == 3
    assert "ending" not in entry.ending_view
