"""Parameters by which a second of speech is judged raised or not: read from `models/effort/model.json`.

Logistic regression over what `VECTOR` names, once for a voice nobody knows yet and once with the differences from its
owner's calm voice. Made by `python -m kikimori_training.effort.train`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from kikimori.hearing.shipped import shipped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

ABSOLUTE = (
    "tilt",
    "band_0",
    "band_1",
    "band_2",
    "band_3",
    "band_4",
    "pitch",
    "pitch_sd",
    "voiced",
    "voicing",
    "level_sd",
    "clipped",
    "rate",
    "voicing_sd",
    "flatness",
    "tilt_mean",
    "tilt_sd",
    "vowel_tilt",
    "vowel_tilt_sd",
    "vowel_0",
    "vowel_1",
    "vowel_2",
    "vowel_3",
    "vowel_4",
    "high",
    "peak",
    "flux",
    "glide",
    "gliding",
)
"""Decibels; semitones over 200 Hz; shares of windows; syllables per second, more or less. `band_0` … are of the energy
of a second, `vowel_0` … means of decibels over what is voiced: a hiss or an s does not count there."""
BASELINE = ("tilt", "pitch", "vowel_tilt", "vowel_0", "voicing")
"""Numbers learnt of a speaker's calm voice besides the level."""
RELATIVE = ("level_over", *(f"{name}_over" for name in BASELINE))
"""Differences from the speaker's calm voice."""
LIMITED = ("pitch_capped", "flux_capped", "pitch_missing")
"""Pitch and change of colour up to the model's limits; semitones that the pitch lacks of what raised speech has over calm speech."""
VECTOR = ABSOLUTE + LIMITED + RELATIVE
VOICE = ABSOLUTE
"""Numbers by which a voice is told from music, tones, animals and noise."""
TEMPER = ("voicing", "tilt_sd", "balance_step", "shape_step", "voiced_run", "falling", "roughness")
"""Numbers by which anger is told from joy and fear, over some seconds: shares and decibels as above; mean decibels by which the
five bands, and all the points of the spectrum, change from one voiced window to the next, apart from the level; voiced windows
on end; share of such changes in which the pitch falls; how fast the power changes (`roughness`)."""


@dataclass(frozen=True, slots=True)
class Scorer:
    """A regression for plain numbers."""

    weights: Floats
    bias: np.float32

    def __call__(self, vector: Floats) -> Floats:
        """Return log odds [legs] of vectors [legs, numbers]."""
        # Not a matrix product: that of a row depends on how many rows there are, and results must not.
        score: Floats = (vector * self.weights).sum(axis=1) + self.bias
        return score


def probability_of(score: Floats) -> Floats:
    """Return 0 … 1 from log odds."""
    found: Floats = (1 / (1 + np.exp(-np.clip(score, -30, 30)))).astype(np.float32)
    return found


class Regression(BaseModel):
    """Logistic regression on standardised numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    names: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[Annotated[float, Field(gt=0)], ...]
    weight: tuple[float, ...]
    bias: float

    def scorer(self, vector: tuple[str, ...] = VECTOR) -> Scorer:
        """Fold standardising into weights by `vector`, zeros where a number is not used, and the bias."""
        weights = np.zeros(len(vector), dtype=np.float32)
        bias = self.bias
        for name, mean, scale, weight in zip(self.names, self.mean, self.scale, self.weight, strict=True):
            weights[vector.index(name)] = weight / scale
            bias -= weight * mean / scale
        return Scorer(weights, np.float32(bias))


class TemperScore(BaseModel):
    """Log odds added to the score of effort: a regression on differences of `TEMPER` from calm speech, and its limits."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    score: Regression
    least: Annotated[float, Field(le=0)]
    most: Annotated[float, Field(ge=0)]


class TemperModel(BaseModel):
    """Scores that tell anger from joy and fear."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stranger: TemperScore
    known: TemperScore
    flow: TemperScore
    """Of a known voice, added to `known`: what flows is not angry, however loud it is."""
    prior: Annotated[tuple[float, ...], Field(min_length=len(TEMPER), max_length=len(TEMPER))]
    """`TEMPER` of a calm voice, before this speaker was heard."""
    louder_db: Annotated[float, Field(gt=0)] = 8.0
    """Decibels over the speaker's calm voice at which a known voice is surely raised: then …"""
    least_louder: Annotated[float, Field(le=0)] = -1.5
    """… this stands for its `least`; between them in proportion."""
    broken_run: Annotated[float, Field(ge=0)] = 0.0
    """Voiced windows on end below which a voice is broken up, as laughter is …"""
    broken_weight: Annotated[float, Field(ge=0)] = 0.0
    """… and log odds taken away for each that is missing, beyond the limits of both scores."""


class EffortModel(BaseModel):
    """The file. Decibels and semitones unless named otherwise."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1]
    made_with: str
    stranger: Regression
    """Regression on the absolute numbers alone."""
    known: Regression
    """Regression on the absolute numbers and the differences."""
    voice: Regression
    """Regression on `VOICE`: a voice, or music, tones, animals, noise."""
    cry: Regression
    """Score of numbers of `VOICE` by some seconds: above 0, somebody cries who does not speak, a baby first of all."""
    temper: TemperModel
    stranger_caution: Annotated[float, Field(ge=0)] = 1.0
    """Log odds subtracted from the score of a voice without a baseline: many calm voices are high and bright."""
    prior_tilt: float
    prior_pitch: float
    prior_vowel_tilt: float = 0.0
    prior_vowel_0: float = 0.0
    prior_voicing: float = 0.0
    """Tilt and pitch of a calm voice on a telephone, before this speaker was heard."""
    prior_weight_s: Annotated[float, Field(gt=0)] = 1.5
    """Seconds of calm speech at which the prior counts half."""
    window_blocks: Annotated[int, Field(ge=1, le=20)] = 5
    """Blocks with speech over which numbers are taken: one second at least."""
    enough_speech_s: Annotated[float, Field(gt=0)] = 0.3
    """Seconds of speech within the window from which a result is given."""
    calm_known_s: Annotated[float, Field(gt=0)] = 1.5
    """Seconds of calm speech after which differences are given."""
    calm_trusted_s: Annotated[float, Field(gt=0)] = 1.5
    """Seconds of calm speech at which `known` counts as much as `stranger`."""
    calm_memory_s: Annotated[float, Field(gt=0)] = 60.0
    """Time constant, in s of speech, with which the calm voice is forgotten."""
    level_range: Annotated[float, Field(gt=0)] = 15.0
    """Largest difference of level in dB that counts; more comes from the line."""
    highest_pitch: float = 48.0
    """Highest pitch that counts for effort; children and joy are higher still."""
    pitch_range: Annotated[float, Field(gt=0)] = 48.0
    """Largest pitch over the speaker's own that counts for effort."""
    raised_pitch: float = 0.0
    """Pitch over the speaker's own that raised speech has; what is lower lacks it (`pitch_missing`)."""
    most_flux: Annotated[float, Field(gt=0)] = 2.0
    """Largest change of colour that counts for effort (`flux_capped`)."""

    def prior(self) -> tuple[float, ...]:
        """Return the average calm voice, in the order of `BASELINE`."""
        return (
            self.prior_tilt,
            self.prior_pitch,
            self.prior_vowel_tilt,
            self.prior_vowel_0,
            self.prior_voicing,
        )


@lru_cache(maxsize=1)
def shipped_model() -> EffortModel:
    """Read the model that comes with the program."""
    return EffortModel.model_validate_json(shipped("effort"))
