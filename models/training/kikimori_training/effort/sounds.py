"""Sounds on a telephone that nobody speaks: music on hold, tones, keys, fax, a dog. Mono float32 at 8 kHz, synthesised."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kikimori_training.telephone import RATE, Law, g711

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_training.measure import Audio

_DTMF = {
    "1": (697, 1209),
    "5": (770, 1336),
    "9": (852, 1477),
    "*": (941, 1209),
    "0": (941, 1336),
    "#": (941, 1477),
}
_SCALE = (0, 2, 4, 5, 7, 9, 11, 12)


def _time(seconds: float) -> np.ndarray:
    return np.arange(round(seconds * RATE)) / RATE


def _note(hz: float, seconds: float, decay_s: float, overtones: int = 5) -> np.ndarray:
    time = _time(seconds)
    wave = sum(
        np.sin(2 * np.pi * hz * n * time) / n**1.5 for n in range(1, overtones + 1) if hz * n < RATE / 2
    )
    return np.asarray(wave * np.exp(-time / decay_s) * np.minimum(time / 0.01, 1))


def hold_music(seconds: float, seed: int) -> Audio:
    """A melody over chords, plucked or bowed by the seed."""
    random = np.random.default_rng(seed)
    beat = float(random.uniform(0.25, 0.5))
    decay = float(random.choice([0.25, 0.6, 3.0]))
    key = 220 * 2 ** (random.integers(0, 12) / 12)
    parts = []
    at, step = 0.0, 3
    while at < seconds:
        step = int(np.clip(step + random.integers(-2, 3), 0, len(_SCALE) - 1))
        length = beat * float(random.choice([1, 1, 2]))
        melody = _note(key * 2 * 2 ** (_SCALE[step] / 12), length, decay)
        root = _SCALE[int(random.choice([0, 3, 4]))]
        chord = sum(_note(key * 2 ** ((root + third) / 12), length, decay) for third in (0, 4, 7))
        parts.append(melody + 0.5 * chord)
        at += length
    return _sent(np.concatenate(parts)[: round(seconds * RATE)])


def ring_back(seconds: float, seed: int) -> Audio:
    """Japan: 400 Hz, modulated at 16 Hz, one second of three."""
    del seed
    time = _time(seconds)
    return _sent(
        np.sin(2 * np.pi * 400 * time) * (0.6 + 0.4 * np.sin(2 * np.pi * 16 * time)) * (time % 3 < 1)
    )


def busy(seconds: float, seed: int) -> Audio:
    del seed
    time = _time(seconds)
    return _sent(np.sin(2 * np.pi * 400 * time) * (time % 1 < 0.5))


def keys(seconds: float, seed: int) -> Audio:
    random = np.random.default_rng(seed)
    time = _time(seconds)
    wave = np.zeros(len(time))
    for at in np.arange(0, seconds, 0.3):
        low, high = _DTMF[str(random.choice(list(_DTMF)))]
        pressed = (time >= at) & (time < at + 0.15)
        wave += pressed * (np.sin(2 * np.pi * low * time) + np.sin(2 * np.pi * high * time))
    return _sent(wave)


def fax(seconds: float, seed: int) -> Audio:
    """CNG, then the answering tone, then V.21 at 300 bit/s."""
    random = np.random.default_rng(seed)
    time = _time(seconds)
    third = len(time) // 3
    bits = np.repeat(random.integers(0, 2, len(time) // (RATE // 300) + 1), RATE // 300)[: len(time)]
    hz = np.where(bits == 1, 1650.0, 1850.0)
    hz[:third], hz[third : 2 * third] = 1100.0, 2100.0
    wave = np.sin(2 * np.pi * np.cumsum(hz) / RATE)
    wave[:third] *= time[:third] % 3.5 < 0.5
    return _sent(wave)


def barking(seconds: float, seed: int) -> Audio:
    random = np.random.default_rng(seed)
    time = _time(seconds)
    wave = np.zeros(len(time))
    at = 0.3
    while at < seconds - 0.3:
        inside = (time >= at) & (time < at + 0.18)
        own = time[inside] - at
        hz = float(random.uniform(450, 700)) * (1 + 0.5 * np.sin(np.pi * own / 0.18))
        phase = 2 * np.pi * np.cumsum(hz) / RATE
        voice = sum(np.sin(n * phase) / n for n in (1, 2, 3, 4))
        wave[inside] = (voice + 0.6 * random.standard_normal(inside.sum())) * np.sin(
            np.pi * own / 0.18
        ) ** 0.5
        at += float(random.uniform(0.25, 1.2))
    return _sent(wave)


SOUNDS: dict[str, Callable[[float, int], Audio]] = {
    "hold-music": hold_music,
    "ring-back": ring_back,
    "busy": busy,
    "keys": keys,
    "fax": fax,
    "barking": barking,
}


def _sent(wave: np.ndarray, level_db: float = -18.0) -> Audio:
    power = float(np.mean(wave**2)) or 1.0
    return g711(np.asarray(wave * 10 ** (level_db / 20) / np.sqrt(power), dtype=np.float32), Law.MU)
