"""Tell one voice at the telephone from several at a distance, over one utterance, read with `models/near-voice/model.json`.

Babble whose level jumps is as deep over the whole utterance as a voice over its background. Second by second it is not: between
the words of one voice the sound falls, where several speak somebody fills the gap, and their pitches disturb each other.

Ten numbers, their squares and products in a logistic regression. Made by `python -m kikimori_training.near_voice`.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from kikimori.hearing.features import WINDOW_FRAMES, periodicity
from kikimori.hearing.frames import FRAME_S, frame_samples
from kikimori.hearing.shipped import shipped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NUMBERS = (
    "depth",
    "step",
    "depth_mean",
    "depth_low",
    "dips_10",
    "dips_15",
    "loud",
    "periodic",
    "swing",
    "fall",
)
"""Decibels and shares. `depth`: between the 95th and the 25th percentile of the whole; `step`: between its first and its last
quarter; over its loud seconds `depth_mean` and the lower quartile `depth_low` of the same depth, the shares of frames 10 and 15 dB
below the second's own loudest (`dips_10`, `dips_15`) and within 6 dB of them (`loud`), and how periodic the loud ones are
(`periodic`, 0 … 1); `swing`, the mean change over 80 ms, and `fall`, its 5th percentile."""
PAIRS = tuple(combinations_with_replacement(range(len(NUMBERS)), 2))
"""Places of the numbers multiplied with each other."""

SECOND_FRAMES, HOP_FRAMES = 50, 10
"""Frames of 20 ms in a second that is looked at, and between two."""
SOUND_FRAMES = 20
"""Frames with sound that a second must have."""
NOTHING_DB = -80.0
"""Level in dB below which there is no sound at all: a gap of the tap, filled with zeros."""
SWING_FRAMES = 4
LOUD_SECOND_DB = 10.0
"""A second counts whose loudest frames come so near the utterance's."""
LOUD_DB = 6.0
"""Decibels below the loudest frames of a second from which a frame is loud."""


class NearVoiceModel(BaseModel):
    """The file. The numbers are limited to `low` … `high` first: beyond them they tell nothing more."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1]
    made_with: str
    low: tuple[float, ...]
    high: tuple[float, ...]
    mean: tuple[float, ...]
    scale: tuple[Annotated[float, Field(gt=0)], ...]
    weight: tuple[float, ...]
    """By `NUMBERS`, then by `PAIRS`, of standardised numbers."""
    bias: float

    def score(self, numbers: Floats) -> float:
        """Return log odds that it is one voice."""
        return float(self.terms(numbers) @ np.asarray(self.weight) + self.bias)

    def terms(self, numbers: Floats) -> Floats:
        """Return the standardised numbers [… , NUMBERS] and their products [… , NUMBERS + PAIRS]."""
        one = (np.clip(numbers, self.low, self.high) - np.asarray(self.mean)) / np.asarray(self.scale)
        first, second = np.array(PAIRS).T
        return np.concatenate([one, one[..., first] * one[..., second]], axis=-1)


@lru_cache(maxsize=1)
def shipped_model() -> NearVoiceModel:
    """Read the model that comes with the program."""
    return NearVoiceModel.model_validate_json(shipped("near-voice"))


class UtteranceSound:
    """Levels and periodicity of an utterance, measured as it comes."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._step = frame_samples(rate)
        self.clear()

    def clear(self) -> None:
        self.levels: Floats = np.zeros(0)
        """Level of each frame in dB against full scale."""
        self._periodic: Floats = np.zeros(0)
        self._seconds: list[tuple[float, ...]] = []

    def add(self, pcm: bytes) -> None:
        """Take s16le audio; what is left of two frames at its end is not counted."""
        samples = np.frombuffer(pcm, dtype="<i2").astype(np.float32) / np.float32(32768)
        size = self._step * WINDOW_FRAMES
        windows = samples[: len(samples) // size * size].reshape(-1, size)
        frames = windows.reshape(-1, self._step)
        levels = 10 * np.log10(np.mean(np.square(frames), axis=1, dtype=np.float64) + 1e-10)
        self.levels = np.concatenate([self.levels, levels])
        self._periodic = np.concatenate([self._periodic, periodicity(windows, self._rate)])
        while (len(self._seconds) + 1) * HOP_FRAMES <= len(self.levels):
            self._seconds.append(self._second((len(self._seconds) + 1) * HOP_FRAMES))

    def numbers(self, start_s: float, end_s: float) -> Floats | None:
        """Return `NUMBERS` of what lies between two times; None when there is too little sound."""
        sounding = self.levels[self.levels > NOTHING_DB]
        first, last = int(start_s / FRAME_S), round(end_s / FRAME_S)
        inside = self.levels[first:last]
        if len(sounding) < SOUND_FRAMES or len(inside) < SOUND_FRAMES:
            return None
        low, high = np.percentile(sounding, (25, 95))
        seconds = np.array(self._seconds[first // HOP_FRAMES + 1 : -(-last // HOP_FRAMES) + 1])
        seconds = seconds[seconds[:, 0] >= high - LOUD_SECOND_DB] if len(seconds) else seconds
        if not len(seconds):
            return None
        quarter = max(1, len(inside) // 4)
        step = np.percentile(inside[:quarter], 75) - np.percentile(inside[-quarter:], 75)
        change = self.levels[SWING_FRAMES:] - self.levels[:-SWING_FRAMES]
        mean = seconds.mean(axis=0)
        return np.array(
            [
                high - low,
                abs(step),
                mean[1],
                np.percentile(seconds[:, 1], 25),
                *mean[2:],
                np.abs(change).mean(),
                np.percentile(change, 5),
            ]
        )

    def _second(self, end: int) -> tuple[float, ...]:
        """Return the level of the loudest, and numbers of the second that ends there; of silence a level that never counts."""
        start = max(0, end - SECOND_FRAMES)
        levels = self.levels[start:end]
        sounding = levels[levels > NOTHING_DB]
        if len(sounding) < SOUND_FRAMES:
            return (-np.inf, 0.0, 0.0, 0.0, 0.0, 0.0)
        low, high = np.percentile(sounding, (25, 95))
        loudest = levels.reshape(-1, WINDOW_FRAMES).max(axis=1) >= high - LOUD_DB
        periodic = self._periodic[start // WINDOW_FRAMES : end // WINDOW_FRAMES][loudest]
        return (
            float(high),
            float(high - low),
            float(np.mean(sounding < high - 10)),
            float(np.mean(sounding < high - 15)),
            float(np.mean(sounding > high - LOUD_DB)),
            float(periodic.mean()),
        )
