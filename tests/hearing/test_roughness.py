"""Roughness: changes of power faster than syllables, on tones whose changes are known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from kikimori.hearing.features import AT, measure
from kikimori.hearing.frames import BLOCK_FRAMES, block_samples
from kikimori.hearing.roughness import FASTEST_HZ, LEAST_DB, SLOWEST_HZ, roughness


def changing(hz: float, depth: float = 0.9, rate: int = 8000) -> NDArray[np.int16]:
    """One block of a tone of 500 Hz whose amplitude changes `hz` times a second."""
    time = np.arange(block_samples(rate)) / rate
    wave = np.sin(2 * np.pi * 500 * time) * (1 + depth * np.sin(2 * np.pi * hz * time))
    return np.asarray(wave / 2 * 12000, dtype=np.int16)[None]


@pytest.mark.parametrize("rate", [8000, 16000])
def test_changes_between_the_limits_count_and_others_do_not(rate: int) -> None:
    found = {hz: float(roughness(changing(hz, rate=rate))[0]) for hz in (0, 5, 20, 30, 40, 90, 150)}
    inside, outside = (
        [found[hz] for hz in (SLOWEST_HZ, 30, FASTEST_HZ)],
        [found[hz] for hz in (0, 5, 90, 150)],
    )
    assert min(inside) > -8
    assert max(outside) < -25


def test_deeper_changes_are_rougher_and_a_gain_changes_nothing() -> None:
    shallow, deep = roughness(changing(30, depth=0.2))[0], roughness(changing(30, depth=0.8))[0]
    assert deep > shallow + 8
    quiet = (changing(30, depth=0.8) // 20).astype(np.int16)
    assert roughness(quiet)[0] == pytest.approx(deep, abs=0.3)


def test_both_rates_give_the_same() -> None:
    assert roughness(changing(25, rate=8000))[0] == pytest.approx(
        roughness(changing(25, rate=16000))[0], abs=0.1
    )


def test_silence_is_the_least_and_no_leg_is_none() -> None:
    assert roughness(np.zeros((2, 1600), np.int16)) == pytest.approx(LEAST_DB)
    assert len(roughness(np.zeros((0, 1600), np.int16))) == 0
    assert np.isfinite(roughness(np.full((1, 3200), -32768, np.int16))).all()


def test_a_leg_has_what_it_has_alone() -> None:
    legs = np.random.default_rng(3).integers(-20000, 20000, (65, 1600)).astype(np.int16)
    together = roughness(legs)
    assert together.tolist() == [float(roughness(leg[None])[0]) for leg in legs]


def test_a_block_counts_once_for_each_window_with_speech() -> None:
    block = changing(30)
    speech = np.zeros((1, BLOCK_FRAMES), bool)
    assert measure(block, speech, 8000).sums[0, AT["roughness"]] == 0
    speech[:, :6] = True
    sums = measure(block, speech, 8000).sums[0]
    assert sums[AT["windows"]] == 3
    assert sums[AT["roughness"]] == pytest.approx(3 * roughness(block)[0])
