"""Sound in which nobody speaks to the telephone: s16le at 8 kHz, the same for the same seed."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from kikimori_core.model.call import Role
from kikimori_lab.demo.script import RATE, load_calls

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FLOOR_DB, NOISE_DB = -66.0, -37.0


def nobody(kind: str, seconds: float, *, seed: int = 0) -> bytes:
    """Return sound of one of `SOUNDS` over a line's own hiss."""
    rng = np.random.default_rng(seed)
    samples = round(seconds * RATE)
    sound = SOUNDS[kind](samples, rng) + rng.standard_normal(samples) * 10 ** (FLOOR_DB / 20)
    return np.asarray(np.clip(sound, -1, 1) * 32767, dtype="<i2").tobytes()


def _silence(samples: int, _: np.random.Generator) -> Floats:
    return np.zeros(samples)


def _hiss(samples: int, rng: np.random.Generator) -> Floats:
    return rng.standard_normal(samples) * 10 ** (NOISE_DB / 20)


def _tones(samples: int, _: np.random.Generator) -> Floats:
    """A busy tone."""
    at = np.arange(samples) / RATE
    return 0.1 * np.sin(2 * np.pi * 400 * at) * (at % 1 < 0.5)


def _music(samples: int, rng: np.random.Generator) -> Floats:
    """Plucked notes of three voices."""
    sound = np.zeros(samples)
    for start in range(0, samples, RATE // 3):
        at = np.arange(min(RATE, samples - start)) / RATE
        for _ in range(3):
            pitch = 220 * 2 ** (rng.choice([0, 2, 4, 5, 7, 9, 11, 12]) / 12)
            harmonics = sum(np.sin(2 * np.pi * pitch * number * at) / number for number in range(1, 6))
            sound[start : start + len(at)] += harmonics * np.exp(-3 * at)
    return np.asarray(sound / np.sqrt(np.mean(sound**2)) * 10 ** (-25 / 20))


def _babble(samples: int, rng: np.random.Generator) -> Floats:
    """Six voices of the demo's calls at once."""
    total = np.zeros(samples)
    voices = _voices()
    for number in rng.permutation(len(voices))[:6]:
        total += np.resize(np.roll(voices[number], rng.integers(len(voices[number]))), samples)
    return np.asarray(total / np.sqrt(np.mean(total**2)) * 10 ** (NOISE_DB / 20))


@cache
def _voices() -> list[Floats]:
    """Each demo voice without its pauses, equally loud."""
    voices = []
    for call in load_calls():
        for role, pcm in call.voices.items():
            said = [each for each in call.truth.segments if each.role is role and role is not Role.MIXED]
            parts = [pcm[int(each.start * RATE) : int(each.end * RATE)] for each in said]
            voice = np.concatenate(parts).astype(np.float64)
            voices.append(voice / np.sqrt(np.mean(voice**2)))
    return voices


SOUNDS: dict[str, Callable[[int, np.random.Generator], Floats]] = {
    "silence": _silence,
    "hiss": _hiss,
    "tones": _tones,
    "music": _music,
    "babble": _babble,
}
