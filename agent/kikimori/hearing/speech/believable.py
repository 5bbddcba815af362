"""Check whether words come from a voice at the telephone: recognisers make words of babble, music and hiss.

Both: by the sound. One voice at a telephone rises far above what lies under it, and falls back to it between
words; babble, music and hiss are much the same all the time, and where their level jumps `near_voice` knows them. The leg's earlier
utterances count, and words with long gaps are asked for more. Confidence says nothing: in babble it is as high as in speech.
Measured on utterances of 0.6 to 25 s, in dB between the 95th and the 25th percentile of 20 ms frames: a voice over line noise
or babble 15 dB below it 13 to 23, over a quiet line 34 and more; babble alone 4 to 13, music 4 to 14, line noise 1.

Whisper besides by what it says of itself, and by whether its text repeats itself.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kikimori.hearing.frames import FRAME_S
from kikimori.hearing.speech.near_voice import NOTHING_DB, UtteranceSound, shipped_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEPTH_DB = 13.0
"""Least distance in dB of the two percentiles at which words are believed."""
LOUD_DB = 14.0
"""The voice reaches so near the 95th percentile for `LOUD_FRAMES` together; babble 15 dB below it does not."""
LOUD_FRAMES = 10
BEFORE_S, AFTER_S = 0.3, 0.4
"""Seconds of soft sounds that belong to the first and the last word."""
JUDGED_FROM = 10
"""Number of frames below which everything is believed."""
LEAST_SCORE = 0.3
"""Least log odds of one near voice, those of the leg so far included. Of 357 texts of voices, over line noise and babble 15 dB below
too, four lie below it; of 52 that six hours of babble gave 21 are refused, beside -0.5."""
MOST_SCORE = 4.0
SIGNS_PER_S, MISSING_COUNTS, MOST_MISSING = 3.0, 0.7, 1.5
"""Signs per second of voice that people speak at least, log odds against it for each fewer, and most of these: of babble, a
recogniser makes one sign per second."""
DISTANT_FROM = -0.3
DISTANT_AFTER_S = 1.0
"""Log odds of an utterance of this length, or of the leg so far, at which it is taken for several voices at a distance …"""
NOBODY_AFTER_S = 60.0
"""… and seconds of sound without a voice after which nobody is at the telephone."""
SO_FAR_SHARE = 0.3
"""Share by which an utterance moves the leg's own log odds, at most `MOST_SCORE`."""
VOICE_COUNTS, BABBLE_COUNTS = 0.7, 1.2
"""Share of these that counts for the next utterance where they speak for a voice, and where they speak against one: of the other 31
texts of babble the second takes back 22. Both bars together take two of 92 texts of voices in babble."""

NO_SPEECH = 0.75
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
    """Sound of a leg's present utterance against the sound below it, and against what the leg was like so far."""

    def __init__(self, rate: int) -> None:
        self._sound = UtteranceSound(rate)
        self._model = shipped_model()
        self._judged: tuple[int, float | None] = (0, None)
        """Number of frames that were judged, and their log odds by the sound alone."""
        self._voiced: VoicedSpan | None = None
        """Place of the voice in the present sound; None = not looked for yet."""
        self._so_far = 0.0
        """Log odds that the leg is one voice, by its utterances before."""
        self._nobody_s = 0.0
        """Seconds of sound since the last utterance of a voice."""

    @property
    def is_empty(self) -> bool:
        return not len(self._sound.levels)

    def clear(self) -> None:
        """Begin another utterance."""
        score = self._score()
        self._nobody_s = 0.0 if self.is_a_voice else self._nobody_s + len(self._sound.levels) * FRAME_S
        if score is not None:
            self._so_far += SO_FAR_SHARE * (float(np.clip(score, -MOST_SCORE, MOST_SCORE)) - self._so_far)
        self._sound.clear()
        self._judged, self._voiced = (0, None), None

    def add(self, pcm: bytes) -> None:
        """Take s16le audio; what is left of two frames at its end is not counted."""
        self._sound.add(pcm)
        self._voiced = None

    @property
    def is_a_voice(self) -> bool:
        """Return whether it is one voice, so that words heard in it may be believed."""
        return self._odds() >= LEAST_SCORE

    @property
    def is_distant(self) -> bool:
        """Return whether it sounds like several voices at a distance: it, or while it is short what was before."""
        score = self._score() if len(self._sound.levels) * FRAME_S >= DISTANT_AFTER_S else None
        return (self._so_far if score is None else score) < DISTANT_FROM

    @property
    def is_nobody(self) -> bool:
        """Return whether that has gone on for so long that nobody is at the telephone."""
        return self.is_distant and self._nobody_s >= NOBODY_AFTER_S

    def bears(self, text: str) -> bool:
        """Return whether a voice said as much as this: words with long gaps are made of babble."""
        voice = self.voiced()
        missing = SIGNS_PER_S - len(text) / max(voice.end_s - voice.start_s, FRAME_S)
        return self._odds() - float(np.clip(missing * MISSING_COUNTS, 0, MOST_MISSING)) >= LEAST_SCORE

    def voiced(self) -> VoicedSpan:
        """Return where the voice lies; the whole where it is nowhere loud, or too short to say."""
        if self._voiced is None:
            self._voiced = self._find_voice()
        return self._voiced

    def _find_voice(self) -> VoicedSpan:
        levels = self._sound.levels
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

    def numbers(self) -> NDArray[np.float64] | None:
        """Return what the model of near voices is asked with; None when there is too little sound."""
        voice = self.voiced()
        return self._sound.numbers(voice.start_s, voice.end_s)

    def _score(self) -> float | None:
        """Return log odds that it is one voice by its sound alone; None when there is too little."""
        frames = len(self._sound.levels)
        if self._judged[0] != frames:
            numbers = self.numbers()
            self._judged = frames, None if numbers is None else self._model.score(numbers)
        return self._judged[1]

    def _odds(self) -> float:
        """Return log odds that it is one voice, by its sound and the leg's so far."""
        levels = self._sound.levels[self._sound.levels > NOTHING_DB]
        if len(levels) < JUDGED_FROM:
            return np.inf
        low, high = np.percentile(levels, (25, 95))
        if high - low < DEPTH_DB:
            return -np.inf
        score = self._score()
        if score is None:
            return np.inf
        return score + (VOICE_COUNTS if self._so_far > 0 else BABBLE_COUNTS) * self._so_far


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
