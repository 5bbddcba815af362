"""Voices that can be told apart, and where they are found again in what a leg heard."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FRAME_S = 0.02


def voice(seed: int, seconds: float, rate: int) -> bytes:
    """Noise of the telephone band (300 to 3 000 Hz), s16le, whole frames; every seed is another voice."""
    frame = round(rate * FRAME_S)
    samples = math.ceil(seconds / FRAME_S) * frame
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(samples))
    hertz = np.fft.rfftfreq(samples, 1 / rate)
    spectrum[(hertz < 300) | (hertz > 3000)] = 0
    sound = np.fft.irfft(spectrum, samples)
    return np.asarray(np.round(sound / sound.std() * 3000), dtype="<i2").tobytes()


@dataclass(frozen=True, slots=True)
class Found:
    """Position of a voice in the sound that was heard."""

    at: int
    """First sample."""
    snr_db: float
    """Against what is left when the voice is taken out; infinite when it is there exactly, below 0 when it is not."""


def find(spoken: bytes, heard: bytes) -> Found:
    """Look for `spoken` in `heard` (both s16le, same rate)."""
    exact = heard.find(spoken)
    while exact > 0 and exact % 2:
        exact = heard.find(spoken, exact + 1)
    if exact >= 0:
        return Found(exact // 2, math.inf)
    one, all_ = _numbers(spoken), _numbers(heard)
    if len(all_) < len(one):
        return Found(0, -math.inf)
    size = len(one) + len(all_)
    likeness = np.fft.irfft(np.fft.rfft(all_, size) * np.conj(np.fft.rfft(one, size)), size)
    at = int(np.argmax(likeness[: len(all_) - len(one) + 1]))
    left = float(np.mean((all_[at : at + len(one)] - one) ** 2))
    return Found(at, 10 * math.log10(float(np.mean(one**2)) / max(left, 1e-9)))


def _numbers(pcm: bytes) -> NDArray[np.float64]:
    return np.frombuffer(pcm, "<i2").astype(np.float64)
