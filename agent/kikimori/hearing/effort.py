"""Vocal effort: is this voice raised, against its owner's own calm voice?

Level alone cannot say: a telephone's gain control flattens it and a loud line raises it. So the evidence is what
differs from the speaker's calm voice: level and, weighing more, spectral tilt. The calm voice is learnt from speech
that does not itself look raised; until enough was heard, a prior of the tilt stands in for it, so that someone who
shouts from the first second is heard shouting.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kikimori.hearing.frames import BLOCK_FRAMES, FRAME_S, SILENCE_DB

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kikimori.hearing.features import BlockFeatures


@dataclass(frozen=True, slots=True)
class EffortModel:
    """Numbers of the detector. Decibels unless named otherwise."""

    window_blocks: int = 5
    """Blocks with speech over which level and tilt are taken: one second at least."""
    enough_speech_s: float = 0.3
    """Speech needed within the window before anything is said of it."""
    prior_tilt_db: float = -6.5
    """Tilt of a calm voice on a telephone, before this speaker was heard."""
    prior_weight_s: float = 8.0
    """How many seconds of calm speech the prior counts for."""
    calm_known_s: float = 1.5
    """Calm speech after which differences of level are given."""
    calm_memory_s: float = 60.0
    """The calm voice is forgotten with this time constant of speech."""
    bias: float = -4.0
    per_level_db: float = 0.15
    per_tilt_db: float = 0.8
    level_range_db: float = 15.0
    """A difference of level beyond this says no more: it is the line's."""


@dataclass(frozen=True, slots=True)
class Efforts:
    """One row per leg given to `EffortTracker.update`; float32 [legs]. NaN where not known."""

    speech_s: NDArray[np.float32]
    """Seconds of speech in this block."""
    known: NDArray[np.bool_]
    """True where the block has speech and the window has enough of it; the rest is meaningless elsewhere."""
    level_db: NDArray[np.float32]
    """Active speech level over the window; where there is no speech, level of the block."""
    tilt_db: NDArray[np.float32]
    over_calm_db: NDArray[np.float32]
    tilt_over_calm_db: NDArray[np.float32]
    probability: NDArray[np.float32]


class EffortTracker:
    """State of many legs in arrays indexed by slot."""

    def __init__(self, model: EffortModel | None = None) -> None:
        self.model = model or EffortModel()
        self._window = np.zeros((0, self.model.window_blocks, 4), dtype=np.float32)
        self._next = np.zeros(0, dtype=np.intp)
        self._calm_s = np.zeros(0, dtype=np.float32)
        self._calm_level = np.zeros(0, dtype=np.float32)
        self._calm_tilt = np.zeros(0, dtype=np.float32)

    def reserve(self, slots: int) -> None:
        """Make room for slots 0 … slots-1."""
        more = slots - len(self._next)
        if more <= 0:
            return
        self._window = np.concatenate([self._window, np.zeros((more, *self._window.shape[1:]), np.float32)])
        self._next = np.concatenate([self._next, np.zeros(more, np.intp)])
        empty = np.zeros(more, np.float32)
        self._calm_s = np.concatenate([self._calm_s, empty])
        self._calm_level = np.concatenate([self._calm_level, empty])
        self._calm_tilt = np.concatenate([self._calm_tilt, empty])

    def reset(self, slot: int) -> None:
        """Forget the speaker: the slot is given to a new leg."""
        self._window[slot] = 0
        self._next[slot] = 0
        self._calm_s[slot] = 0

    def update(self, slots: NDArray[np.intp], block: BlockFeatures) -> Efforts:
        """Take one block of each leg in `slots` (no slot twice) and say what its voice is like now."""
        model = self.model
        speaking = block.speech_frames > 0
        who = slots[speaking]
        self._window[who, self._next[who]] = np.stack(
            [
                block.speech_frames[speaking],
                block.speech_power[speaking],
                block.low_energy[speaking],
                block.high_energy[speaking],
            ],
            axis=1,
        )
        self._next[who] = (self._next[who] + 1) % model.window_blocks

        frames, power, low, high = np.moveaxis(self._window[slots].sum(axis=1), 1, 0)
        known = speaking & (frames * FRAME_S >= model.enough_speech_s)
        level = _db(power / np.maximum(frames, np.float32(1)))
        tilt = _db(high / np.maximum(low, np.float32(1e-12)))

        weight, calm_s = np.float32(model.prior_weight_s), self._calm_s[slots]
        expected_tilt = (weight * model.prior_tilt_db + calm_s * self._calm_tilt[slots]) / (weight + calm_s)
        tilt_over = tilt - expected_tilt
        level_known = calm_s >= model.calm_known_s
        level_over = np.where(level_known, level - self._calm_level[slots], np.nan).astype(np.float32)
        level_cue = np.clip(np.nan_to_num(level_over), -model.level_range_db, model.level_range_db)
        score = model.bias + model.per_level_db * level_cue + model.per_tilt_db * tilt_over
        probability = (1 / (1 + np.exp(-np.clip(score, -30, 30)))).astype(np.float32)

        self._learn(slots[known], level[known], tilt[known], probability[known], block.speech_frames[known])
        rest = _db(block.rest_power / np.maximum(BLOCK_FRAMES - block.speech_frames, np.float32(1)))
        return Efforts(
            speech_s=block.speech_frames * np.float32(FRAME_S),
            known=known,
            level_db=np.where(frames * speaking > 0, level, rest).astype(np.float32),
            tilt_db=tilt,
            over_calm_db=level_over,
            tilt_over_calm_db=np.where(level_known, tilt_over, np.nan).astype(np.float32),
            probability=probability,
        )

    def _learn(
        self,
        slots: NDArray[np.intp],
        level: NDArray[np.float32],
        tilt: NDArray[np.float32],
        probability: NDArray[np.float32],
        speech_frames: NDArray[np.float32],
    ) -> None:
        # Speech that looks raised teaches next to nothing, doubtful speech a little: so a bright line is learnt
        # in the end, and a shout is not.
        seconds = speech_frames * np.float32(FRAME_S) * (1 - probability) ** 2
        known = self._calm_s[slots]
        share = seconds / np.maximum(known + seconds, 1e-6)
        self._calm_level[slots] += share * (level - self._calm_level[slots])
        self._calm_tilt[slots] += share * (tilt - self._calm_tilt[slots])
        # Capping the weight makes the mean an exponential one: old speech fades.
        self._calm_s[slots] = np.minimum(known + seconds, self.model.calm_memory_s)


def _db(ratio: NDArray[np.floating]) -> NDArray[np.float32]:
    floor = 10 ** (SILENCE_DB / 10)
    decibels: NDArray[np.float32] = (10 * np.log10(np.maximum(ratio, floor))).astype(np.float32)
    return decibels
