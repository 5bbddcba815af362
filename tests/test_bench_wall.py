"""The bench of supervisors' pages measures what it says, in its short form: pages that look, and pages of before."""

from __future__ import annotations

from kikimori_lab.bench.wall import bench_wall
from kikimori_lab.bench.wall_load import spoken_levels


async def test_a_small_run() -> None:
    done: list[float] = []
    figures = await bench_wall(calls=20, updates=10.0, sockets=2, seconds=1.0, progress=done.append)
    assert (figures.calls, figures.sockets) == (20, 2)
    assert done == [1, 2, 3, 4, 5, 6]
    assert figures.messages_per_s_a_browser > 0
    assert 0 < figures.kb_per_s_a_browser < figures.reference_kb_per_s_a_browser
    assert figures.server_percent > 0
    assert figures.page_ms_a_message_p50 > 0
    assert figures.alerts_drawn <= figures.alerts_raised


def test_the_feed_is_the_same_every_time_and_somebody_speaks_in_every_call() -> None:
    for tick in (0, 7, 300):
        told = spoken_levels(30, tick)
        assert told.calls == spoken_levels(30, tick).calls
        assert all(sum(leg.speaking for leg in each.legs.values()) == 1 for each in told.calls.values())
