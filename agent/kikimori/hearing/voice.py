"""Detection of voices: hold music, keys, a dog, a baby and rain pass a voice detector, but are no shouting.

A voice glides in pitch and changes its colour from one sound to the next; instruments hold their pitch, tones hold
everything, and noise has none. Judged over some seconds of what the voice detector let pass, by logistic regression, and
by what the leg was so far. Sound without any pitch is looked at on its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kikimori.hearing.effort import vector_of
from kikimori.hearing.effort_model import VECTOR, VOICE, EffortModel, probability_of, shipped_model
from kikimori.hearing.features import AT, SUMS, WINDOW_S
from kikimori.hearing.frames import BLOCK_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kikimori.hearing.features import BlockFeatures

    Floats = NDArray[np.float32]

SURELY_A_VOICE = 0.9
"""Probability from which a block is a voice whose effort is judged: a baby, a dog and laughter are doubtful more often than
shouts are …"""
POSSIBLY_A_VOICE, FIRST_VOICE = 0.05, 0.35
"""… from which it is somebody who speaks, and before the leg has held a voice: a voice in a noisy street looks less like one, and
must not count as silence."""
CRYING = 0.5
"""Most probability of a block in which somebody cries: it is heard for words, and its effort is not judged."""
MEMORY = 0.93
"""Share of the sums kept per block with sound: the last three seconds or so count."""
JUDGED_FROM_S = 0.8
"""Seconds of sound that must have been heard …"""
UNDECIDED = 0.3
"""… before anything is taken for a voice: until then it is given to the recogniser, and counts as nobody speaking."""

LEG_BLOCKS, SOONER_BLOCKS = 25, 10
"""Blocks with sound over which a leg's own score is averaged: five seconds, and fewer while it rises, as a
caller comes back."""
MOST_SCORE = 4.0
"""Most log odds of one block in that score."""
KNOWN_BY, UNKNOWN_BY = 2.2, -1.4
"""Log odds added where the leg has held a voice so far, and where it has not: a caller who was heard clearly
is not lost to a cough, and constant crying, barking or music is not taken for a voice for one moment of
it."""

PITCHED_WINDOWS = 2
"""Windows of a block in which a pitch must be found for the block to have one: a vowel is longer than 80 ms."""
PITCH_WITHIN_S = 10.0
"""Seconds of sound without a pitch after which it is no voice."""
PITCH_WITHIN_BLOCKS = 3
"""Blocks, this one included, of which one must have a pitch where somebody speaks: rain and engines have none for longer."""

NOISE_AFTER_S = 60.0
"""Seconds of sound without a voice after which a leg counts as noise …"""
NOISE_SOUND_S = 10.0
"""… of which this much must be sound, or it is silent …"""
VOICE_RUN = 5
"""… until this many blocks of a voice in a row, one second."""


class VoiceTracker:
    """State of many legs in arrays indexed by slot."""

    def __init__(self, model: EffortModel | None = None) -> None:
        model = model or shipped_model()
        self._score = model.voice.scorer(VOICE)
        self._cry = model.cry.scorer(VOICE)
        self._sums = np.zeros((0, len(SUMS)), dtype=np.float32)
        self._counts = np.zeros((0, len(_COUNTS)), dtype=np.float32)

    def reserve(self, slots: int) -> None:
        more = slots - len(self._sums)
        if more > 0:
            self._sums = np.concatenate([self._sums, np.zeros((more, len(SUMS)), np.float32)])
            self._counts = np.concatenate([self._counts, np.zeros((more, len(_COUNTS)), np.float32)])

    def reset(self, slot: int) -> None:
        self._sums[slot] = 0
        self._counts[slot] = 0

    def update(
        self, slots: NDArray[np.intp], block: BlockFeatures, sound: NDArray[np.bool_] | None = None
    ) -> Floats:
        """Take one block of each leg in `slots`; return the probability that it is a voice, [legs].

        `sound` [legs]: the block holds sound, also where it is no louder than the leg's noise; None = where it has features.
        """
        sounding = block.speech_frames > 0
        who = slots[sounding]
        self._sums[who] = self._sums[who] * np.float32(MEMORY) + block.sums[sounding]
        counts = self._counts[slots]
        self._begin_anew(slots, counts, block)
        sums = self._sums[slots]
        vector = voice_vector_of(sums)
        score = self._score(vector)
        early = sums[:, AT["windows"]] * WINDOW_S < JUDGED_FROM_S
        self._average(counts, score, sounding & ~early)
        leg = np.where(counts[:, _LEG] > 0, np.float32(KNOWN_BY), np.float32(UNKNOWN_BY))
        probability = probability_of(score + leg)
        np.minimum(probability, CRYING, out=probability, where=self._cry(vector) > 0)
        probability[early] = UNDECIDED
        probability[self._lacks_pitch(counts, block)] = 0
        voice = (probability >= POSSIBLY_A_VOICE) & ~early
        self._count_noise(counts, sounding, sounding if sound is None else sound, voice)
        counts[:, _NO_PITCH] = np.where(
            block.sums[:, AT["voiced"]] > 0,
            np.float32(0),
            np.minimum(counts[:, _NO_PITCH] + 1, PITCH_WITHIN_BLOCKS),
        )
        self._counts[slots] = counts
        return probability

    def speaks(self, slots: NDArray[np.intp], probability: Floats) -> NDArray[np.bool_]:
        """Return [legs] whether a block of this `probability` is somebody who speaks.

        There was a pitch within `PITCH_WITHIN_BLOCKS`; and of a leg that has held no voice so far more is asked.
        """
        counts = self._counts[slots]
        least = np.where(counts[:, _LEG] > 0, np.float32(POSSIBLY_A_VOICE), np.float32(FIRST_VOICE))
        found: NDArray[np.bool_] = (probability >= least) & (counts[:, _NO_PITCH] < PITCH_WITHIN_BLOCKS)
        return found

    def is_noise(self, slots: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Return [legs] whether the leg has sounded for a minute without a voice."""
        counts = self._counts[slots]
        return (counts[:, _SINCE] * BLOCK_S >= NOISE_AFTER_S) & (counts[:, _SOUND] * BLOCK_S >= NOISE_SOUND_S)

    def _average(self, counts: Floats, score: Floats, judged: NDArray[np.bool_]) -> None:
        """Move each leg's own score towards that of the block; the first blocks make a plain mean."""
        seen = np.minimum(counts[:, _SEEN] + 1, np.float32(LEG_BLOCKS))
        limited = np.clip(score, -MOST_SCORE, MOST_SCORE)
        step = limited - counts[:, _LEG]
        moved = counts[:, _LEG] + step / np.where(step > 0, np.minimum(seen, SOONER_BLOCKS), seen)
        counts[judged, _LEG], counts[judged, _SEEN] = moved[judged], seen[judged]

    def _begin_anew(self, slots: NDArray[np.intp], counts: Floats, block: BlockFeatures) -> None:
        """Forget noise without a pitch where a pitch comes: it may be speech, and no second may be lost."""
        ends = (counts[:, _UNPITCHED] >= np.float32(PITCH_WITHIN_S / WINDOW_S)) & _pitched(block)
        self._sums[slots[ends]] = block.sums[ends]
        counts[ends, _LEG], counts[ends, _SEEN] = 0, 1

    def _lacks_pitch(self, counts: Floats, block: BlockFeatures) -> NDArray[np.bool_]:
        """Return [legs] whether `PITCH_WITHIN_S` of sound, this block included, went by without a pitch."""
        counts[:, _UNPITCHED] = np.where(
            _pitched(block), np.float32(0), counts[:, _UNPITCHED] + block.sums[:, AT["windows"]]
        )
        lacks: NDArray[np.bool_] = counts[:, _UNPITCHED] >= np.float32(PITCH_WITHIN_S / WINDOW_S)
        return lacks

    def _count_noise(
        self, counts: Floats, sounding: NDArray[np.bool_], sound: NDArray[np.bool_], voice: NDArray[np.bool_]
    ) -> None:
        """Count blocks since the last second of a voice; pauses neither make a voice nor end one."""
        counts[:, _RUN] = np.where(
            sounding, np.where(voice, counts[:, _RUN] + 1, np.float32(0)), counts[:, _RUN]
        )
        counts[:, _SINCE] += 1
        counts[:, _SOUND] += sound
        spoke = counts[:, _RUN] >= VOICE_RUN
        counts[spoke, _SINCE] = 0
        counts[spoke, _SOUND] = 0


def _pitched(block: BlockFeatures) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = block.sums[:, AT["voiced"]] >= PITCHED_WINDOWS
    return found


_COUNTS = ("leg", "seen", "unpitched", "run", "since", "sound", "no_pitch")
"""Of each leg: its own score (log odds), blocks in it, windows without a pitch, blocks of a voice on end, blocks since
there was a second of one, blocks with sound of these, and blocks since there was a pitch."""
_LEG, _SEEN, _UNPITCHED, _RUN, _SINCE, _SOUND, _NO_PITCH = range(len(_COUNTS))
_PLACES = [VECTOR.index(name) for name in VOICE]


def voice_vector_of(sums: Floats) -> Floats:
    """Return the model's numbers [legs, len(VOICE)] from sums."""
    return vector_of(sums)[0][:, _PLACES]
