"""Detection of speaking by level: sound that stands out of the leg's own noise, about as loud as its own speech.

A voice detector takes people in the background, rain and engines for speech for minutes, and clocks that count on it (silence,
talking over, share of speech) never come to an end. The noise of a leg is followed at its quietest moments, its speech at what
stands out of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Flags = NDArray[np.bool_]

ABOVE_NOISE_DB = 7.0
"""Least dB of a block over the noise …"""
BELOW_SPEECH_DB = 12.0
"""… and most dB below this leg's speech."""
NOISE_RISES_DB = 0.1
"""Rise of the noise level in dB per block: sound without a pause for a minute becomes noise, a long sentence does not."""
QUIETEST_NOISE_DB = -65.0
"""Lowest noise level in dBFS, also for a line without any noise."""
QUIET_FRAME = 2
"""Place of the frame that gives a block's noise, of its ten from the quietest on: a click of silence is none."""
COVERING_DB = -16.0
"""Level in dBFS from which sound without a pause covers any voice: encrypted bytes, a line that howls."""
SPEECH_FRAMES = 5
"""Frames with speech by the voice detector from which a block moves the level of speech."""
SPEECH_RISES, SPEECH_FALLS, QUIETER_FALLS_DB = 0.2, 0.05, 0.02
"""Share by which a louder and a quieter block of speech moves its level; decibels that it falls by per block that is too
quiet: the telephone was given to somebody else."""


class Loudness(NamedTuple):
    """One block of each leg against the leg's own levels, bool [legs]."""

    stands_out: Flags
    """Louder than the noise."""
    near: Flags
    """And about as loud as this leg's speech."""
    covers: Flags
    """Without a pause, and so loud that it would cover any voice."""


class SpeakingTracker:
    """Levels of noise and speech of many legs in arrays indexed by slot; NaN until there was any."""

    def __init__(self) -> None:
        self._noise_db = np.zeros(0, dtype=np.float32)
        self._speech_db = np.zeros(0, dtype=np.float32)
        self._sounded = np.zeros(0, dtype=np.bool_)
        self._spoke = np.zeros(0, dtype=np.bool_)

    def reserve(self, slots: int) -> None:
        more = slots - len(self._noise_db)
        if more > 0:
            unknown, no = np.full(more, np.nan, np.float32), np.zeros(more, np.bool_)
            self._noise_db = np.concatenate([self._noise_db, unknown])
            self._speech_db = np.concatenate([self._speech_db, unknown])
            self._sounded = np.concatenate([self._sounded, no])
            self._spoke = np.concatenate([self._spoke, no])

    def reset(self, slot: int) -> None:
        self._noise_db[slot] = self._speech_db[slot] = np.nan
        self._sounded[slot] = self._spoke[slot] = False

    def update(self, slots: NDArray[np.intp], power: Floats, speech: Flags) -> Loudness:
        """Take one block of each leg in `slots`, none twice.

        A block that follows a loud enough one counts as loud enough: words end softly.

        Args:
            slots: The legs.
            power: Of a block's frames, [legs, BLOCK_FRAMES].
            speech: What the voice detector takes for speech, [legs, BLOCK_FRAMES].
        """
        level, before = _db(power.mean(axis=1)), self._speech_db[slots]
        quiet = _db(np.partition(power, QUIET_FRAME, axis=1)[:, QUIET_FRAME])
        noise = np.fmax(np.fmin(self._noise_db[slots] + NOISE_RISES_DB, quiet), QUIETEST_NOISE_DB)
        self._noise_db[slots] = noise
        stands_out = level >= noise + ABOVE_NOISE_DB
        near = stands_out & (np.isnan(before) | (level >= before - BELOW_SPEECH_DB))
        step = level - before
        moved = before + step * np.where(step > 0, np.float32(SPEECH_RISES), np.float32(SPEECH_FALLS))
        moved = np.where(
            np.isnan(before), level, np.where(near, moved, before - np.float32(QUIETER_FALLS_DB))
        )
        counts = stands_out & (speech.sum(axis=1) >= SPEECH_FRAMES)
        self._speech_db[slots] = np.where(counts, moved, before)
        found = Loudness(
            stands_out | self._sounded[slots],
            near | (stands_out & self._spoke[slots]),
            quiet >= COVERING_DB,
        )
        self._sounded[slots], self._spoke[slots] = stands_out, near
        return found


def _db(power: NDArray[np.floating]) -> Floats:
    return np.asarray(10 * np.log10(np.maximum(power, np.float32(1e-10))), dtype=np.float32)
