"""Check whether words come from a voice at the telephone: recognisers make words of babble, music and hiss.

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
"""Least distance in dB of the two percentiles at which words are believed."""
LOUD_DB = 14.0
"""The voice reaches so near the 95th percentile for `LOUD_FRAMES` together; babble 15 dB below it does not."""
LOUD_FRAMES = 10
BEFORE_S, AFTER_S = 0.3, 0.4
"""Seconds of soft sounds that belong to the first and the last word."""
FRAME_S = 0.02
NOTHING_DB = -80.0
"""Level in dB below which there is no sound at all: a gap of the tap, filled with zeros."""
JUDGED_FROM = 10
"""Number of frames below which everything is believed."""

NO_SPEECH = 0.6
"""Probability above which Whisper heard no speech."""
LOG_LIKELIHOOD = -1.2
"""Mean log likelihood per token below which Whisper guessed."""
COMPRESSION = 2.4
"""Ratio of text to compressed bytes above which the text repeats itself. Whisper's own limit."""
SAME_SIGNS = 4
"""Number of equal signs in a row that are a hum written down."""


@dataclass(frozen=True, slots=True)
class Certainty:
    """Whisper's own certainty."""

    no_speech: float
    """Probability that nobody spoke."""
    log_likelihood: float
    """Mean log likelihood of the tokens."""


@dataclass(frozen=True, slots=True)
class VoicedSpan:
    """Place of the voice in an utterance, in seconds from its beginning; around it there may be babble without an end."""

    start_s: float
    end_s: float
    quiet_s: float
    """Seconds since the voice was last as loud as a voice is; 0 where none is found."""


class SoundDepth:
    """Distance between an utterance's sound and the sound below it."""

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
        """Return whether words heard in it can be believed."""
        levels = self._all()
        levels = levels[levels > NOTHING_DB]
        if len(levels) < JUDGED_FROM:
            return True
        low, high = np.percentile(levels, (25, 95))
        return bool(high - low >= DEPTH_DB)

    def voiced(self) -> VoicedSpan:
        """Return where the voice lies; the whole where it is nowhere loud, or too short to say."""
        levels = self._all()
        whole_s = len(levels) * FRAME_S
        whole = VoicedSpan(0.0, whole_s, 0.0)
        if len(levels) < JUDGED_FROM:
            return whole
        high = np.percentile(levels[levels > NOTHING_DB], 95) if np.any(levels > NOTHING_DB) else 0.0
        power = np.convolve(10 ** (levels / 10), np.full(LOUD_FRAMES, 1 / LOUD_FRAMES), "same")
        loud = np.flatnonzero(10 * np.log10(power) >= high - LOUD_DB)
        if not len(loud):
            return whole
        first_s, last_s = loud[0] * FRAME_S, (loud[-1] + 1) * FRAME_S
        return VoicedSpan(max(0.0, first_s - BEFORE_S), min(whole_s, last_s + AFTER_S), whole_s - last_s)

    def _all(self) -> NDArray[np.float64]:
        """Return the level of each frame in dB."""
        return np.concatenate(self._levels) if self._levels else np.zeros(0)


def believed(text: str, certainty: Certainty) -> bool:
    """Return whether Whisper's text can be believed."""
    if not text or certainty.no_speech > NO_SPEECH or certainty.log_likelihood < LOG_LIKELIHOOD:
        return False
    if any(text[at] * SAME_SIGNS == text[at : at + SAME_SIGNS] for at in range(len(text) - SAME_SIGNS + 1)):
        return False
    encoded = text.encode()
    return len(encoded) / len(zlib.compress(encoded)) <= COMPRESSION


def once(text: str) -> str:
    """Return the text up to where it begins to repeat its end."""
    for length in range(4, len(text) // 2 + 1):
        for start in range(len(text) - 2 * length + 1):
            piece = text[start : start + length]
            if text[start + length : start + 2 * length] == piece:
                return text[: start + length]
    return text
