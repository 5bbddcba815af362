"""Steady noise of a line, made less before an utterance is heard again."""

from __future__ import annotations

import numpy as np
import pytest

from kikimori.hearing.speech.noise_reduction import less_noise

RATE = 8000


def bursts(seconds: float) -> np.ndarray:
    """A tone with two others over it that sounds three times a second, as syllables do."""
    at = np.arange(int(seconds * RATE)) / RATE
    tone = sum(np.sin(2 * np.pi * hertz * at) for hertz in (200.0, 700.0, 1900.0))
    return (0.08 * tone * (np.sin(2 * np.pi * 3 * at) > 0)).astype(np.float32)


def hiss(count: int, level_db: float) -> np.ndarray:
    noise = np.random.default_rng(1).standard_normal(count) * 10 ** (level_db / 20)
    return noise.astype(np.float32)


def level_db(sound: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(sound)) + 1e-12))


def test_hiss_between_the_words_becomes_less_and_the_words_stay() -> None:
    voice = bursts(3.0)
    noisy = voice + hiss(len(voice), -40.0)
    reduced = less_noise(noisy, RATE)
    assert len(reduced) == len(noisy)
    silent = np.convolve(np.abs(voice), np.ones(400), "same") == 0
    assert level_db(reduced[silent]) < level_db(noisy[silent]) - 5
    speaks = ~silent & (np.abs(voice) > 0)
    assert level_db(reduced[speaks]) == pytest.approx(level_db(noisy[speaks]), abs=0.5)
    assert level_db(reduced - voice) < level_db(noisy - voice)


def test_what_has_no_noise_stays_as_it_is() -> None:
    voice = bursts(2.0)
    assert level_db(less_noise(voice, RATE) - voice) < level_db(voice) - 25


@pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 8000, 8111])
def test_any_length(count: int) -> None:
    sound = hiss(count, -20.0)
    reduced = less_noise(sound, RATE)
    assert len(reduced) == count
    assert np.isfinite(reduced).all()


def test_digital_silence() -> None:
    assert not less_noise(np.zeros(4000, np.float32), RATE).any()
