"""Is it a voice at all? Music on hold, ringing, keys, fax and a dog pass a voice detector and are nobody's shouting.

A voice glides in pitch and changes its colour from one sound to the next; instruments hold their pitch, tones hold
everything. Judged over some seconds of what the voice detector let pass, by logistic regression.
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

_COPIED = ("pitch_sd", "voiced", "voicing", "level_sd", "clipped", "tilt")


class VoiceTracker:
    """State of many legs in arrays indexed by slot."""

    def __init__(self, model: EffortModel | None = None) -> None:
        model = model or shipped_model()
        self._score = model.voice.scorer(VOICE)
        self._sums = np.zeros((0, len(SUMS)), dtype=np.float32)

    def reserve(self, slots: int) -> None:
        more = slots - len(self._sums)
        if more > 0:
            self._sums = np.concatenate([self._sums, np.zeros((more, len(SUMS)), np.float32)])

    def reset(self, slot: int) -> None:
        self._sums[slot] = 0

    def update(self, slots: NDArray[np.intp], block: BlockFeatures) -> Floats:
        """Take one block of each leg in `slots`; return the probability that it is a voice, [legs]."""
        sounding = block.speech_frames > 0
        who = slots[sounding]
        self._sums[who] = self._sums[who] * np.float32(MEMORY) + block.sums[sounding]
        sums = self._sums[slots]
        probability = probability_of(self._score(voice_vector_of(sums)))
        probability[sums[:, AT["windows"]] * WINDOW_S < JUDGED_FROM_S] = 1
        return probability


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
