"""Detection of speaking: sound that stands out of the leg's own noise, about as loud as its own speech.

A voice detector takes people in the background, rain and engines for speech for minutes, and clocks that count on it (silence,
talking over, share of speech) never come to an end. The noise of a leg is followed at its quietest moments, its speech at what
stands out of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kikimori.hearing.features import AT, WINDOW_FRAMES
from kikimori.hearing.frames import BLOCK_FRAMES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kikimori.hearing.features import BlockFeatures

    Floats = NDArray[np.float32]

ABOVE_NOISE_DB, FIRST_ABOVE_NOISE_DB = 6.0, 9.0
"""Least dB of a block of speech over the noise, and the same before there was any speech …"""
BELOW_SPEECH_DB = 14.0
"""… and most dB below this leg's speech."""
NOISE_RISES_DB = 0.1
"""Rise of the noise level in dB per block: sound without a pause for a minute becomes noise, a long sentence
does not."""
QUIETEST_NOISE_DB = -65.0
"""Lowest noise level in dBFS, also for a line without any noise."""
SPEECH_MOVES, SPEECH_FALLS_DB = 0.1, 0.02
"""Share by which a block of speech moves the level of speech; decibels that it falls by per block that is too quiet."""


class SpeakingTracker:
    """State of many legs in arrays indexed by slot; NaN until the first sound."""

    def __init__(self) -> None:
        self._noise_db = np.zeros(0, dtype=np.float32)
        self._speech_db = np.zeros(0, dtype=np.float32)

    def reserve(self, slots: int) -> None:
        more = slots - len(self._noise_db)
        if more > 0:
            unknown = np.full(more, np.nan, np.float32)
            self._noise_db = np.concatenate([self._noise_db, unknown])
            self._speech_db = np.concatenate([self._speech_db, unknown])

    def reset(self, slot: int) -> None:
        self._noise_db[slot] = np.nan
        self._speech_db[slot] = np.nan

    def update(
        self, slots: NDArray[np.intp], block: BlockFeatures, voice: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Take one block of each leg in `slots`; return [legs] whether somebody speaks, of those that hold a `voice`."""
        level, quiet = _levels(block)
        before = self._noise_db[slots]
        noise = np.fmax(np.fmin(before + NOISE_RISES_DB, quiet), QUIETEST_NOISE_DB)
        self._noise_db[slots] = noise
        speech = self._speech_db[slots]
        known = ~np.isnan(speech)
        above = np.where(known, np.float32(ABOVE_NOISE_DB), np.float32(FIRST_ABOVE_NOISE_DB))
        stands_out = voice & (level >= noise + above)
        near = ~known | (level >= speech - BELOW_SPEECH_DB)
        speaks: NDArray[np.bool_] = stands_out & near
        moved = np.where(known, speech + SPEECH_MOVES * (level - speech), level)
        fallen = np.where(stands_out & ~near, speech - SPEECH_FALLS_DB, speech)
        self._speech_db[slots] = np.where(speaks, moved, fallen)
        return speaks


def _levels(block: BlockFeatures) -> tuple[Floats, Floats]:
    """Return the level of the sound in a block, and of its quieter part, dBFS [legs]."""
    windows = block.sums[:, AT["windows"]]
    sound = block.sums[:, AT["power"]] / np.maximum(windows, np.float32(1))
    rest = block.rest_power / np.maximum(BLOCK_FRAMES - block.speech_frames, np.float32(1))
    # A window of which only one frame is speech holds both: few quiet frames beside sound say little.
    has_rest = BLOCK_FRAMES - block.speech_frames >= WINDOW_FRAMES
    quiet = np.where(windows > 0, np.where(has_rest, np.minimum(rest, sound), sound), rest)
    return _db(sound), _db(quiet)


def _db(power: NDArray[np.floating]) -> Floats:
    return np.asarray(10 * np.log10(np.maximum(power, np.float32(1e-10))), dtype=np.float32)
