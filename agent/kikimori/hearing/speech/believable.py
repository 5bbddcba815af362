"""Is it something that somebody said to the telephone? Recognisers make words of babble, music and hiss too.

Both: by the sound. One voice at a telephone rises far above what lies under it, and falls back to it between
words; babble, music and hiss are much the same all the time. Confidence says nothing: in babble it is as high as in speech.
Measured on utterances of 0.6 to 25 s, in dB between the 95th and the 25th percentile of 20 ms frames: a voice over line noise
or babble 15 dB below it 13 to 23, over a quiet line 34 and more; babble alone 4 to 13, music 4 to 14, line noise 1.

Whisper besides by what it says of itself, and by whether its text repeats itself.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEPTH_DB = 13.0
"""Least distance of the two percentiles in which words are believed."""
LOUD_DB = 14.0
"""The voice reaches so near the 95th percentile for `LOUD_FRAMES` together; babble 15 dB below it does not."""
LOUD_FRAMES = 10
BEFORE_S, AFTER_S = 0.3, 0.4
"""Soft sounds that belong to the first and the last word."""
FRAME_S = 0.02
NOTHING_DB = -80.0
"""Below it there is no sound at all: a gap of the tap, filled with zeros."""
JUDGED_FROM = 10
"""Frames; with fewer everything is believed."""

NO_SPEECH = 0.6
"""Probability above which Whisper heard no speech."""
LOG_LIKELIHOOD = -1.2
"""Mean per token, below which Whisper guessed."""
COMPRESSION = 2.4
"""Bytes per compressed byte; text above it says the same again and again. Whisper's own limit."""
SAME_SIGNS = 4
"""A sign that often in a row is a hum that was written down."""


@dataclass(frozen=True, slots=True)
class Certainty:
    """What Whisper says of its own hearing."""

    no_speech: float
    """Probability that nobody spoke."""
    log_likelihood: float
    """Mean of the tokens'."""


class SoundDepth:
    """How far an utterance's sound rises above what lies under it."""

    def __init__(self, rate: int) -> None:
        self._step = int(rate * FRAME_S)
        self._levels: list[NDArray[np.float64]] = []

    @property
    def is_empty(self) -> bool:
        return not self._levels

    def clear(self) -> None:
        self._levels.clear()

    def add(self, pcm: bytes) -> None:
        """Take s16le audio; what is left of a frame at its end is not counted."""
        samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64) / 32768
        frames = samples[: len(samples) // self._step * self._step].reshape(-1, self._step)
        self._levels.append(10 * np.log10(np.mean(np.square(frames), axis=1) + 1e-10))

    @property
    def is_a_voice(self) -> bool:
        """Whether words heard in it can be believed."""
        levels = np.concatenate(self._levels) if self._levels else np.zeros(0)
        levels = levels[levels > NOTHING_DB]
        if len(levels) < JUDGED_FROM:
            return True
        low, high = np.percentile(levels, (25, 95))
        return bool(high - low >= DEPTH_DB)

    @property
    def voice_s(self) -> tuple[float, float]:
        """Seconds between which the voice lies: in front of it and behind it may be babble that never stops."""
        levels = np.concatenate(self._levels) if self._levels else np.zeros(0)
        whole_s = len(levels) * FRAME_S
        if len(levels) < JUDGED_FROM:
            return 0.0, whole_s
        high = np.percentile(levels[levels > NOTHING_DB], 95) if np.any(levels > NOTHING_DB) else 0.0
        power = np.convolve(10 ** (levels / 10), np.full(LOUD_FRAMES, 1 / LOUD_FRAMES), "same")
        loud = np.flatnonzero(10 * np.log10(power) >= high - LOUD_DB)
        if not len(loud):
            return 0.0, whole_s
        return max(0.0, loud[0] * FRAME_S - BEFORE_S), min(whole_s, (loud[-1] + 1) * FRAME_S + AFTER_S)


def believed(text: str, certainty: Certainty) -> bool:
    """Return whether somebody said what Whisper wrote."""
    if not text or certainty.no_speech > NO_SPEECH or certainty.log_likelihood < LOG_LIKELIHOOD:
        return False
    if any(text[at] * SAME_SIGNS == text[at : at + SAME_SIGNS] for at in range(len(text) - SAME_SIGNS + 1)):
        return False
    encoded = text.encode()
    return len(encoded) / len(zlib.compress(encoded)) <= COMPRESSION


def once(text: str) -> str:
    """Return the text up to where it begins to repeat its end: said once, whatever the recogniser made of it."""
    for length in range(4, len(text) // 2 + 1):
        for start in range(len(text) - 2 * length + 1):
            piece = text[start : start + length]
            if text[start + length : start + 2 * length] == piece:
                return text[: start + length]
    return text
