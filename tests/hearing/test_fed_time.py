"""The recogniser's clock stands still between the stretches that it is fed; media time does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kikimori.hearing.speech.fed_time import FedTime

stretches = st.lists(st.tuples(st.integers(0, 50), st.integers(1, 30)), min_size=1, max_size=40)
"""(blocks of silence, blocks fed) in units of 0.2 s."""


@given(stretches, st.data())
def test_every_fed_moment_comes_from_where_it_was_spoken(
    plan: list[tuple[int, int]], data: st.DataObject
) -> None:
    time = FedTime()
    spoken: list[float] = []
    media = 0
    for silence, fed in plan:
        media += silence
        for _ in range(fed):
            time.feed(media * 0.2, 0.2)
            spoken.append(media * 0.2)
            media += 1
    assert time.fed_s == pytest.approx(len(spoken) * 0.2)
    at = data.draw(st.integers(0, len(spoken) - 1))
    inside = data.draw(st.floats(0.01, 0.19))
    assert time.to_media(at * 0.2 + inside) == pytest.approx(spoken[at] + inside)
    # A word that ends with a stretch ends there, not where the next one begins; one that begins there, begins there.
    assert time.to_media((at + 1) * 0.2, end=True) == pytest.approx(spoken[at] + 0.2)
    assert time.to_media(at * 0.2) == pytest.approx(spoken[at])


def test_before_anything_was_fed() -> None:
    assert FedTime().to_media(1.5) == 1.5
