"""Measurement of temper: whether a raised voice sounds angry, or glad or frightened.

Joy and fear raise a voice as anger does. Angry speech is cut up: one sound differs much from the next, pieces with a pitch
are short, the pitch falls; glad and frightened speech is drawn out, clearer and more like song. A score of these signs is added to the
log odds of effort, within limits: a voice that is raised beyond doubt stays so, and so does one that is much louder than its own
calm speech. A second score takes away from both where the power changes no faster than in the speaker's calm speech and one sound is
like the next: what flows is not angry, however loud it is. It takes some seconds to hear, so it is taken of the last three or so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kikimori.hearing.effort_model import TEMPER, EffortModel, TemperScore
from kikimori.hearing.features import AT, SUMS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

SPEECH_MEMORY = np.float32(0.93)
"""Share of the sums kept per block with speech: the last three seconds or so count."""
_RUN = TEMPER.index("voiced_run")


class TemperReading(NamedTuple):
    """One block of each leg; float32."""

    numbers: Floats
    """[legs, len(TEMPER)]"""
    stranger: Floats
    """[legs] log odds to add to the score of effort of a stranger …"""
    known: Floats
    """[legs] … and of a known voice."""


class TemperTracker:
    """State of many legs in arrays indexed by slot."""

    def __init__(self, model: EffortModel) -> None:
        self._prior = np.array(model.temper.prior, dtype=np.float32)
        self._stranger, self._known = _Limited(model.temper.stranger), _Limited(model.temper.known)
        self._flow = _Limited(model.temper.flow)
        self._temper = model.temper
        self._sums = np.zeros((0, len(SUMS)), dtype=np.float32)
        self._calm = np.zeros((0, len(TEMPER)), dtype=np.float32)

    def reserve(self, slots: int) -> None:
        more = slots - len(self._sums)
        if more > 0:
            self._sums = np.concatenate([self._sums, np.zeros((more, len(SUMS)), np.float32)])
            self._calm = np.concatenate([self._calm, np.zeros((more, len(TEMPER)), np.float32)])

    def reset(self, slot: int) -> None:
        self._sums[slot] = 0
        self._calm[slot] = 0

    def update(
        self,
        slots: NDArray[np.intp],
        sums: Floats,
        speaking: NDArray[np.bool_],
        trust: Floats,
        over_calm_db: Floats,
    ) -> TemperReading:
        """Take one block of each leg in `slots`.

        Args:
            slots: The legs, none twice.
            sums: [legs, len(SUMS)] of the block.
            speaking: [legs] the block counts.
            trust: [legs] share of the speaker's own calm voice in what is compared with, the rest is the prior; 0 … 1.
            over_calm_db: [legs] level over the speaker's calm voice; 0 where it is not known.
        """
        who = slots[speaking]
        self._sums[who] = self._sums[who] * SPEECH_MEMORY + sums[speaking]
        numbers = temper_of(self._sums[slots])
        own = trust[:, None] * self._calm[slots] + (1 - trust[:, None]) * self._prior
        over = numbers - own
        louder = np.clip(over_calm_db / np.float32(self._temper.louder_db), 0, 1)
        least = self._known.least + louder * (np.float32(self._temper.least_louder) - self._known.least)
        missing = np.maximum(np.float32(self._temper.broken_run) - numbers[:, _RUN], 0)
        broken = missing * np.float32(self._temper.broken_weight)
        stranger = self._stranger(over, self._stranger.least) - broken
        known = self._known(over, least.astype(np.float32)) + self._flow(over, self._flow.least)
        return TemperReading(numbers, stranger, known - broken)

    def learn(self, slots: NDArray[np.intp], numbers: Floats, share: Floats) -> None:
        """Move the calm voice of each leg by `share` [legs] towards `numbers` [legs, len(TEMPER)]."""
        self._calm[slots] += share[:, None] * (numbers - self._calm[slots])


class _Limited:
    """A score and its limits."""

    def __init__(self, score: TemperScore) -> None:
        self._scorer = score.score.scorer(TEMPER)
        self.least, self._most = np.float32(score.least), np.float32(score.most)

    def __call__(self, over: Floats, least: Floats | np.float32) -> Floats:
        found: Floats = np.clip(self._scorer(over), least, self._most)
        return found


def temper_of(sums: Floats) -> Floats:
    """Return the numbers of `TEMPER` [legs, len(TEMPER)] from sums over some seconds."""
    one = np.float32(1)
    windows, steps = np.maximum(sums[:, AT["windows"]], one), np.maximum(sums[:, AT["glides"]], one)
    tilt = sums[:, AT["tilt"]] / windows
    found = {
        "voicing": sums[:, AT["voicing"]] / windows,
        "tilt_sd": np.sqrt(np.maximum(sums[:, AT["tilt_squared"]] / windows - tilt**2, 0)),
        "balance_step": sums[:, AT["balance_step"]] / steps,
        "shape_step": sums[:, AT["shape_step"]] / steps,
        "voiced_run": np.maximum(sums[:, AT["voiced"]], one) / np.maximum(sums[:, AT["onsets"]], one),
        "falling": sums[:, AT["falls"]] / steps,
        "roughness": sums[:, AT["roughness"]] / windows,
    }
    return np.stack([found[name] for name in TEMPER], axis=1).astype(np.float32)
