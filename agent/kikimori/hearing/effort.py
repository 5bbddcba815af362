"""Measurement of vocal effort against the speaker's own calm voice.

Level alone cannot say: a telephone's gain control flattens it and a loud line raises it. So the evidence is what effort
does to a voice, balance of bands and pitch first, and what differs from the speaker's calm voice. The calm voice is
learnt from speech that does not itself look raised, quickly at first; until enough was heard, the model for strangers
judges, so that someone who shouts from the first second is heard shouting.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kikimori.hearing.effort_model import (
    BASELINE,
    RELATIVE,
    VECTOR,
    EffortModel,
    probability_of,
    shipped_model,
)
from kikimori.hearing.features import AT, BANDS_HZ, SUMS, WINDOW_S
from kikimori.hearing.frames import BLOCK_FRAMES, FRAME_S, SILENCE_DB
from kikimori.hearing.temper import TemperTracker

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kikimori.hearing.features import BlockFeatures

    Floats = NDArray[np.float32]

_LOW_BANDS, _ALL_BANDS = 2, len(BANDS_HZ) - 1
_LEVEL, _TILT, _PITCH = 0, 1, 2
"""Places in the data about a voice: the level, then `BASELINE`."""
_LEARNT = [VECTOR.index(name) for name in BASELINE]

LEARN_POWER = 4
"""Power of the probability of calm speech: its weight in what is learnt of the calm voice."""


@dataclass(frozen=True, slots=True)
class Efforts:
    """One row per leg given to `EffortTracker.update`; float32 [legs]. NaN where not known."""

    speech_s: Floats
    """Seconds of speech in this block."""
    known: NDArray[np.bool_]
    """True where the block has speech and the window has enough of it; elsewhere the other values mean
    nothing."""
    level_db: Floats
    """Active speech level over the window; where there is no speech, level of the block."""
    tilt_db: Floats
    pitch_st: Floats
    """Semitones over 200 Hz; NaN where nothing was voiced."""
    over_calm_db: Floats
    tilt_over_calm_db: Floats
    pitch_over_calm_st: Floats
    probability: Floats


class EffortTracker:
    """State of many legs in arrays indexed by slot."""

    def __init__(self, model: EffortModel | None = None) -> None:
        self.model = model or shipped_model()
        self._stranger = self.model.stranger.scorer()
        self._known = self.model.known.scorer()
        self._temper = TemperTracker(self.model)
        self._window = np.zeros((0, self.model.window_blocks, len(SUMS)), dtype=np.float32)
        self._next = np.zeros(0, dtype=np.intp)
        self._calm_s = np.zeros(0, dtype=np.float32)
        self._calm = np.zeros((0, len(RELATIVE)), dtype=np.float32)
        """Level, then `BASELINE`, of each slot's calm voice."""
        self._prior = np.array(self.model.prior(), dtype=np.float32)

    def reserve(self, slots: int) -> None:
        """Make room for slots 0 … slots-1."""
        self._temper.reserve(slots)
        more = slots - len(self._next)
        if more <= 0:
            return
        self._window = np.concatenate([self._window, np.zeros((more, *self._window.shape[1:]), np.float32)])
        self._next = np.concatenate([self._next, np.zeros(more, np.intp)])
        self._calm_s = np.concatenate([self._calm_s, np.zeros(more, np.float32)])
        self._calm = np.concatenate([self._calm, np.zeros((more, len(RELATIVE)), np.float32)])

    def reset(self, slot: int) -> None:
        """Forget the speaker: the slot is given to a new leg."""
        self._temper.reset(slot)
        self._window[slot] = 0
        self._next[slot] = 0
        self._calm_s[slot] = 0
        self._calm[slot] = 0

    def update(
        self,
        slots: NDArray[np.intp],
        block: BlockFeatures,
        voice: NDArray[np.bool_] | None = None,
        certain: NDArray[np.bool_] | None = None,
    ) -> Efforts:
        """Take one block of each leg in `slots` (no slot twice) and return its vocal effort.

        `voice` [legs]: it is a voice and no music or tone; None = all are. Only what is `certain` can be raised.
        """
        model = self.model
        speaking = block.speech_frames > 0
        if voice is not None:
            speaking &= voice
        who = slots[speaking]
        self._window[who, self._next[who]] = block.sums[speaking]
        self._next[who] = (self._next[who] + 1) % model.window_blocks

        sums = self._window[slots].sum(axis=1)
        windows = sums[:, AT["windows"]]
        known = speaking & (windows * WINDOW_S >= model.enough_speech_s)
        vector, level = vector_of(sums)
        calm_s = self._calm_s[slots]
        over = self._over_calm(slots, level, vector)
        vector[:, -len(RELATIVE) :] = over
        self._limit(vector)
        voiced = sums[:, AT["voiced"]] > 0
        judged = voiced if certain is None else voiced & certain
        own = _trust(calm_s, model.prior_weight_s)
        temper = self._temper.update(slots, block.sums, speaking, own, over[:, _LEVEL])
        trust = _trust(calm_s, model.calm_trusted_s)
        effort = self._score(vector, trust)
        added = (1 - trust) * temper.stranger + trust * temper.known
        # A raised voice is full of pitch. What has none is noise, however bright and loud.
        probability = np.where(judged, probability_of(effort + added), np.float32(0))
        now = np.concatenate([level[:, None], vector[:, _LEARNT]], axis=1)
        # By effort alone: what is raised, whatever the temper, is not the calm voice.
        calm = np.where(judged, 1 - probability_of(effort), np.float32(0))
        share = self._learn(slots[known], now[known], calm[known], block.speech_frames[known])
        self._temper.learn(slots[known], temper.numbers[known], share)
        rest = _db(block.rest_power / np.maximum(BLOCK_FRAMES - block.speech_frames, np.float32(1)))
        level_known = calm_s >= model.calm_known_s
        nan = np.float32(np.nan)
        return Efforts(
            speech_s=block.speech_frames * np.float32(FRAME_S) * speaking,
            known=known,
            level_db=np.where(speaking & (windows > 0), level, rest).astype(np.float32),
            tilt_db=now[:, _TILT],
            pitch_st=np.where(voiced, now[:, _PITCH], nan),
            over_calm_db=np.where(level_known, level - self._calm[slots, _LEVEL], nan),
            tilt_over_calm_db=np.where(level_known, over[:, _TILT], nan),
            pitch_over_calm_st=np.where(level_known & voiced, over[:, _PITCH], nan),
            probability=probability,
        )

    def _over_calm(self, slots: NDArray[np.intp], level: Floats, vector: Floats) -> Floats:
        """Return differences from the calm voice [legs, len(RELATIVE)]; the prior stands in where it was not heard."""
        model = self.model
        calm_s, calm = self._calm_s[slots], self._calm[slots]
        share = _trust(calm_s, model.prior_weight_s)[:, None]
        over = np.empty((len(slots), len(RELATIVE)), dtype=np.float32)
        over[:, _LEVEL] = np.where(calm_s >= model.calm_known_s, level - calm[:, _LEVEL], 0)
        np.clip(over[:, _LEVEL], -model.level_range, model.level_range, out=over[:, _LEVEL])
        over[:, 1:] = vector[:, _LEARNT] - (share * calm[:, 1:] + (1 - share) * self._prior)
        return over

    def _limit(self, vector: Floats) -> None:
        """Limit numbers that tell nothing more from some height on, and fill in those of `LIMITED`."""
        model, place = self.model, VECTOR.index
        over = vector[:, place("pitch_over")]
        np.minimum(over, np.float32(model.pitch_range), out=over)
        vector[:, place("pitch_missing")] = np.maximum(np.float32(model.raised_pitch) - over, 0)
        vector[:, place("pitch_capped")] = np.minimum(vector[:, place("pitch")], model.highest_pitch)
        vector[:, place("flux_capped")] = np.minimum(vector[:, place("flux")], model.most_flux)

    def _score(self, vector: Floats, trust: Floats) -> Floats:
        """Return the log odds of effort [legs]."""
        stranger = self._stranger(vector) - np.float32(self.model.stranger_caution)
        score: Floats = (1 - trust) * stranger + trust * self._known(vector)
        return score

    def _learn(self, slots: NDArray[np.intp], now: Floats, calm: Floats, speech_frames: Floats) -> Floats:
        """Learn of the calm voice, by the probability [legs] that it is one; return the share of `now` in it."""
        # Speech that looks raised teaches next to nothing, doubtful speech a little: so a bright line is learnt
        # in the end, and a shout is not.
        seconds = speech_frames * np.float32(FRAME_S) * calm**LEARN_POWER
        known = self._calm_s[slots]
        share: Floats = (seconds / np.maximum(known + seconds, 1e-6)).astype(np.float32)
        self._calm[slots] += share[:, None] * (now - self._calm[slots])
        # Capping the weight makes the mean an exponential one: old speech fades.
        self._calm_s[slots] = np.minimum(known + seconds, self.model.calm_memory_s)
        return share


def _trust(calm_s: Floats, half_at_s: float) -> Floats:
    """Return the trust in a calm baseline, 0 … 1: little at first, so that a shout is not taken for it."""
    square = calm_s * calm_s
    found: Floats = square / (square + np.float32(half_at_s**2))
    return found


def vector_of(sums: Floats) -> tuple[Floats, Floats]:
    """Return `ABSOLUTE` in [legs, len(VECTOR)], the rest zero, and the level [legs], from sums over a window."""
    windows = np.maximum(sums[:, AT["windows"]], np.float32(1))
    voiced = np.maximum(sums[:, AT["voiced"]], np.float32(1))
    bands = sums[:, AT["band_0"] : AT["band_0"] + _ALL_BANDS]
    total = np.maximum(bands.sum(axis=1), np.float32(1e-9))
    low = np.maximum(bands[:, :_LOW_BANDS].sum(axis=1), np.float32(1e-9))
    pitch = sums[:, AT["pitch"]] / voiced
    level_mean = sums[:, AT["level"]] / windows
    vector = np.zeros((len(sums), len(VECTOR)), dtype=np.float32)
    vector[:, VECTOR.index("tilt")] = _db(np.maximum(total - low, 1e-9) / low, floor=-40.0)
    at = VECTOR.index("band_0")
    vector[:, at : at + _ALL_BANDS] = _db(bands / total[:, None], floor=-40.0)
    voicing, tilt = sums[:, AT["voicing"]] / windows, sums[:, AT["tilt"]] / windows
    vowel_tilt = sums[:, AT["voiced_tilt"]] / voiced
    pairs, glides = np.maximum(sums[:, AT["pairs"]], np.float32(1)), sums[:, AT["glides"]]
    triples = np.maximum(sums[:, AT["triples"]], np.float32(1))
    found: dict[str, NDArray[np.floating]] = {
        "pitch": pitch,
        "pitch_sd": _spread(sums[:, AT["pitch_squared"]] / voiced, pitch),
        "voiced": sums[:, AT["voiced"]] / windows,
        "voicing": voicing,
        "level_sd": _spread(sums[:, AT["level_squared"]] / windows, level_mean),
        "clipped": sums[:, AT["clipped"]] / windows,
        "rate": sums[:, AT["crests"]] / triples / np.float32(WINDOW_S),
        "voicing_sd": _spread(sums[:, AT["voicing_squared"]] / windows, voicing),
        "flatness": sums[:, AT["flatness"]] / windows,
        "tilt_mean": tilt,
        "tilt_sd": _spread(sums[:, AT["tilt_squared"]] / windows, tilt),
        "vowel_tilt": vowel_tilt,
        "vowel_tilt_sd": _spread(sums[:, AT["voiced_tilt_squared"]] / voiced, vowel_tilt),
        **{f"vowel_{number}": sums[:, AT[f"voiced_{number}"]] / voiced for number in range(_ALL_BANDS)},
        "high": sums[:, AT["high"]] / voiced,
        "peak": sums[:, AT["peak"]] / windows,
        "flux": sums[:, AT["flux"]] / pairs,
        "glide": sums[:, AT["glide"]] / np.maximum(glides, np.float32(1)),
        "gliding": glides / pairs,
    }
    for name, values in found.items():
        vector[:, VECTOR.index(name)] = values
    return vector, _db(sums[:, AT["power"]] / windows)


def _spread(mean_square: NDArray[np.floating], mean: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the standard deviation."""
    deviation: NDArray[np.floating] = np.sqrt(np.maximum(mean_square - mean**2, 0))
    return deviation


def _db(ratio: NDArray[np.floating], floor: float = SILENCE_DB) -> Floats:
    decibels: Floats = (10 * np.log10(np.maximum(ratio, 10 ** (floor / 10)))).astype(np.float32)
    return decibels
