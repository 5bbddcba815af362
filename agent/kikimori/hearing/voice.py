"""Is it a voice at all? Music on hold, ringing, keys, fax and a dog pass a voice detector and are nobody's shouting.

A voice glides in pitch and changes its colour from one sound to the next; instruments hold their pitch, tones hold
everything. Judged over some seconds of what the voice detector let pass, by logistic regression. Noise (a line that hisses,
a tap that runs, a fan) has no pitch at all, and the regression was shown little of it: that is looked at on its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kikimori.hearing.effort import vector_of
from kikimori.hearing.effort_model import VECTOR, VOICE, EffortModel, probability_of, shipped_model
from kikimori.hearing.features import AT, SUMS, WINDOW_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kikimori.hearing.features import BlockFeatures

    Floats = NDArray[np.float32]

MEMORY = 0.93
"""Of what was heard, kept per block with sound: the last three seconds or so count."""
JUDGED_FROM_S = 0.8
"""Sound that must have been heard; before it everything is taken for a voice."""

PITCHED_WINDOWS = 2
"""Windows of a block in which a pitch must be found for the block to have one: a vowel is longer than 80 ms."""
PITCH_WITHIN_S = 10.0
"""Sound in which no pitch was found for so long is no voice."""

_COPIED = ("pitch_sd", "voiced", "voicing", "level_sd", "clipped", "tilt")


class VoiceTracker:
    """State of many legs in arrays indexed by slot."""

    def __init__(self, model: EffortModel | None = None) -> None:
        model = model or shipped_model()
        self._score = model.voice.scorer(VOICE)
        self._sums = np.zeros((0, len(SUMS)), dtype=np.float32)
        self._unpitched = np.zeros(0, dtype=np.float32)
        """Windows with sound since the last pitch."""

    def reserve(self, slots: int) -> None:
        more = slots - len(self._sums)
        if more > 0:
            self._sums = np.concatenate([self._sums, np.zeros((more, len(SUMS)), np.float32)])
            self._unpitched = np.concatenate([self._unpitched, np.zeros(more, np.float32)])

    def reset(self, slot: int) -> None:
        self._sums[slot] = 0
        self._unpitched[slot] = 0

    def update(self, slots: NDArray[np.intp], block: BlockFeatures) -> Floats:
        """Take one block of each leg in `slots`; return the probability that it is a voice, [legs]."""
        sounding = block.speech_frames > 0
        who = slots[sounding]
        self._sums[who] = self._sums[who] * np.float32(MEMORY) + block.sums[sounding]
        sums = self._sums[slots]
        probability = probability_of(self._score(voice_vector_of(sums)))
        probability[sums[:, AT["windows"]] * WINDOW_S < JUDGED_FROM_S] = 1
        probability[self._lacks_pitch(slots, block)] = 0
        return probability

    def _lacks_pitch(self, slots: NDArray[np.intp], block: BlockFeatures) -> NDArray[np.bool_]:
        """Return [legs] whether `PITCH_WITHIN_S` of sound, this block included, went by without a pitch."""
        pitched = block.sums[:, AT["voiced"]] >= PITCHED_WINDOWS
        unpitched = np.where(pitched, np.float32(0), self._unpitched[slots] + block.sums[:, AT["windows"]])
        self._unpitched[slots] = unpitched
        return unpitched >= np.float32(PITCH_WITHIN_S / WINDOW_S)


def voice_vector_of(sums: Floats) -> Floats:
    """Return the model's numbers [legs, len(VOICE)] from sums."""
    windows = np.maximum(sums[:, AT["windows"]], np.float32(1))
    pairs = np.maximum(sums[:, AT["pairs"]], np.float32(1))
    glides = sums[:, AT["glides"]]
    common, _ = vector_of(sums)
    vector = np.empty((len(sums), len(VOICE)), dtype=np.float32)
    vector[:, VOICE.index("peak")] = sums[:, AT["peak"]] / windows
    vector[:, VOICE.index("flux")] = sums[:, AT["flux"]] / pairs
    vector[:, VOICE.index("glide")] = sums[:, AT["glide"]] / np.maximum(glides, np.float32(1))
    vector[:, VOICE.index("gliding")] = glides / pairs
    for name in _COPIED:
        vector[:, VOICE.index(name)] = common[:, VECTOR.index(name)]
    return vector
