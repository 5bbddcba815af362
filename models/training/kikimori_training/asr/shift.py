"""A clip as another speaker says it: pitch, formants, tempo and breath moved by the WORLD vocoder."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyworld

from kikimori_training.asr.synth import RATE, Clip

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

FRAME_S = 0.005
TREMOR_HZ = 5.0
"""Rhythm on the pitch of old voices."""
LEAST_HZ, MOST_HZ = 50.0, 600.0
LOWER_HZ, UPPER_HZ = 500.0, 3500.0
"""Between these frequencies the factor on formants goes from `formants` to `upper_formants`."""
LEAST_VOICED = 10
"""A clip with fewer voiced frames is not moved."""


@dataclass(frozen=True)
class Shift:
    half_tones: float = 0.0
    pitch_hz: float | None = None
    """Mean pitch to go to, instead of `half_tones`."""
    formants: float = 1.0
    """Factor on the frequencies of the envelope, below 500 Hz."""
    upper_formants: float = 1.0
    """The same above 3500 Hz."""
    tempo: float = 1.0
    pitch_range: float = 1.0
    breath: float = 1.0
    """Factor on the aperiodicity."""
    tremor: float = 0.0
    """Depth in half tones of a 5 Hz rhythm on the pitch."""
    tilt_db: float = 0.0
    """Per octave above 500 Hz."""


def random_shifts(rng: random.Random) -> list[Shift]:
    """Return a man, a deep man, and an old person or one near the voice itself."""
    man = Shift(
        pitch_hz=_between(rng, 95, 160), formants=rng.uniform(0.84, 0.94), upper_formants=rng.uniform(0.82, 0.96),
        tempo=rng.uniform(0.9, 1.3), pitch_range=rng.uniform(0.7, 1.5), breath=rng.uniform(0.9, 1.4),
        tilt_db=rng.uniform(-3, 1),
    )  # fmt: skip
    deep = Shift(
        pitch_hz=_between(rng, 75, 120), formants=rng.uniform(0.78, 0.9), upper_formants=rng.uniform(0.78, 0.92),
        tempo=rng.uniform(0.95, 1.35), pitch_range=rng.uniform(0.6, 1.5), breath=rng.uniform(0.9, 1.6),
        tilt_db=rng.uniform(-4, 0),
    )  # fmt: skip
    old = Shift(
        half_tones=rng.uniform(-9, -1), formants=rng.uniform(0.86, 1.0), upper_formants=rng.uniform(0.86, 1.02),
        tempo=rng.uniform(0.8, 1.05), pitch_range=rng.uniform(0.7, 1.3), breath=rng.uniform(1.1, 2.2),
        tremor=rng.uniform(0.1, 0.6), tilt_db=rng.uniform(-2, 1),
    )  # fmt: skip
    near = Shift(
        half_tones=rng.uniform(-4, 4), formants=rng.uniform(0.9, 1.12), upper_formants=rng.uniform(0.9, 1.12),
        tempo=rng.uniform(0.9, 1.35), pitch_range=rng.uniform(0.7, 1.6), breath=rng.uniform(0.9, 1.4),
        tilt_db=rng.uniform(-2, 2),
    )  # fmt: skip
    return [man, deep, rng.choice([old, near])]


def shifted(clip: Clip, shifts: Sequence[Shift]) -> Iterator[Clip]:
    """Yield the clip as each of these speakers says it, none where hardly anything in it is voiced."""
    wave = clip.samples.astype(np.float64)
    pitch, times = pyworld.dio(wave, RATE, frame_period=FRAME_S * 1000)
    if np.count_nonzero(pitch) < LEAST_VOICED:
        return
    envelope = np.log(pyworld.cheaptrick(wave, pitch, times, RATE) + 1e-16)
    breath = pyworld.d4c(wave, pitch, times, RATE)
    for shift in shifts:
        places = np.arange(int(len(pitch) / shift.tempo)) * shift.tempo
        at = np.minimum(places.astype(int), len(pitch) - 1)
        said = pyworld.synthesize(
            _pitch(pitch, times, shift)[at],
            np.exp(_envelope(envelope[at], shift)),
            np.clip(_moved(breath[at], shift) * shift.breath, 1e-4, 1.0),
            RATE,
            FRAME_S * 1000,
        )
        yield Clip(said.astype(np.float32), clip.phones, clip.ends / shift.tempo, clip.tokens, clip.speaker)


def _between(rng: random.Random, low: float, high: float) -> float:
    """Return a pitch, equally likely in each interval of half tones."""
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def _pitch(pitch: NDArray[np.float64], times: NDArray[np.float64], shift: Shift) -> NDArray[np.float64]:
    voiced = pitch > 0
    middle = np.exp(np.mean(np.log(pitch[voiced])))
    aim = shift.pitch_hz or middle * 2 ** (shift.half_tones / 12)
    beat = 2 ** (shift.tremor * np.sin(2 * np.pi * TREMOR_HZ * times[voiced]) / 12)
    moved = pitch.copy()
    moved[voiced] = np.clip(aim * (pitch[voiced] / middle) ** shift.pitch_range * beat, LEAST_HZ, MOST_HZ)
    return moved


def _envelope(envelope: NDArray[np.float64], shift: Shift) -> NDArray[np.float64]:
    """Return the natural log of the moved and tilted envelope."""
    octaves = np.log2(np.maximum(_frequencies(envelope), LOWER_HZ) / LOWER_HZ)
    return np.asarray(_moved(envelope, shift) + shift.tilt_db * octaves * np.log(10) / 10)


def _moved(rows: NDArray[np.float64], shift: Shift) -> NDArray[np.float64]:
    """Return rows over frequency with their frequencies multiplied by the factors on formants."""
    last = rows.shape[1] - 1
    part = np.clip((_frequencies(rows) - LOWER_HZ) / (UPPER_HZ - LOWER_HZ), 0, 1)
    factor = shift.formants + (shift.upper_formants - shift.formants) * part
    source = np.clip(np.arange(last + 1) / factor, 0, last)
    low = source.astype(int)
    high = np.minimum(low + 1, last)
    share = source - low
    moved: NDArray[np.float64] = np.ascontiguousarray(rows[:, low] * (1 - share) + rows[:, high] * share)
    return moved


def _frequencies(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.linspace(0, RATE / 2, rows.shape[1])
