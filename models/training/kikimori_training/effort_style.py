"""Manners of speaking: what vocal effort does to pitch, tempo, spectral tilt and level.

A gain is not effort. Who raises the voice presses harder from the lungs: the glottis closes faster, so the energy
above 1 kHz grows more than that below; the pitch rises by several half tones; the mouth opens, so the first formant
rises; the vowels get longer (Traunmüller & Eriksson 2000, "Acoustic effects of variation in vocal effort by men,
women, and children"; Rostolland 1982, "Acoustic features of shouted voice"). A fricative's noise is made in
the mouth and follows much less. `shape` does the part that is not done by the synthesiser.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from kikimori_training.measure import active_level_db, gain

if TYPE_CHECKING:
    from kikimori_training.measure import Audio


class Style(StrEnum):
    CALM = "calm"
    LOW = "low"
    """Cold and low: no effort, a little deeper and slower."""
    FAST = "fast"
    LOUD_FRIENDLY = "loud-friendly"
    """Speech of a person who hears badly: loud and slow, without pressing."""
    FAIR_COMPLAINT = "fair-complaint"
    """Firm, slightly louder."""
    SHOUT = "shout"


@dataclass(frozen=True, slots=True)
class Manner:
    """Differences from the same speaker's calm voice."""

    half_tones: float = 0.0
    speed: float = 1.0
    formants: float = 1.0
    """Factor on the formants' frequencies: an open mouth raises the first one."""
    tilt_db: float = 0.0
    """Gain far above 1 kHz against far below, in voiced speech. The ratio of the bands' energies moves by a little
    more than half of it (14.5 gives 8 to 9 dB), because most energy lies close to the corner."""
    level_db: float = 0.0
    drive: float = 0.0
    """Amount in dB by which peaks exceed a soft limit; 0 is clean. A pressed voice and a near mouth."""


MANNERS = {
    Style.CALM: Manner(),
    Style.LOW: Manner(half_tones=-1.5, speed=0.92, level_db=-1.0),
    Style.FAST: Manner(half_tones=0.5, speed=1.3, tilt_db=0.5, level_db=1.0),
    Style.LOUD_FRIENDLY: Manner(half_tones=0.7, speed=0.9, tilt_db=1.0, level_db=9.0),
    Style.FAIR_COMPLAINT: Manner(half_tones=0.7, speed=1.05, tilt_db=1.0, level_db=3.0),
    Style.SHOUT: Manner(half_tones=6.0, speed=0.85, formants=1.04, tilt_db=14.5, level_db=12.0, drive=4.0),
}

_CORNER_HZ = 900.0
_VOICED_BAND_HZ = 900.0
_VOICED_WINDOW_S = 0.02


def shape(audio: Audio, rate: int, manner: Manner) -> Audio:
    """Put a manner's tilt, limit and level on speech whose pitch and tempo are already the manner's."""
    if manner == Manner():
        return audio
    calm_db = active_level_db(audio, rate)
    shaped = audio
    if manner.tilt_db:
        shaped = shaped + _voicing(audio, rate) * (_tilted(audio, rate, manner.tilt_db) - audio)
    if manner.drive:
        shaped = limited(shaped, manner.drive)
    return gain(shaped, calm_db + manner.level_db - active_level_db(shaped, rate))


def _tilted(audio: Audio, rate: int, tilt_db: float) -> Audio:
    """Zero-phase shelf, half its gain at the corner and nearly all of it an octave away: time stays where it was."""
    spectrum = np.fft.rfft(audio, _padded(len(audio)))
    hz = np.fft.rfftfreq(_padded(len(audio)), 1 / rate)
    octaves = np.log2(np.maximum(hz, 1.0) / _CORNER_HZ)
    curve = 10 ** (tilt_db * (0.5 + 0.5 * np.tanh(1.5 * octaves)) / 20)
    return np.fft.irfft(spectrum * curve)[: len(audio)].astype(np.float32)


def _voicing(audio: Audio, rate: int) -> Audio:
    """Share of the energy below 900 Hz over 20 ms, stretched to 0 … 1: near 1 in vowels, near 0 in fricatives."""
    spectrum = np.fft.rfft(audio, _padded(len(audio)))
    hz = np.fft.rfftfreq(_padded(len(audio)), 1 / rate)
    low = np.fft.irfft(spectrum / np.sqrt(1 + (hz / _VOICED_BAND_HZ) ** 8))[: len(audio)]
    window = np.hanning(round(_VOICED_WINDOW_S * rate))
    share = np.convolve(low**2, window, "same") / (np.convolve(audio**2, window, "same") + 1e-10)
    return np.clip((share - 0.1) / 0.3, 0, 1).astype(np.float32)


def limited(audio: Audio, drive_db: float) -> Audio:
    """Soft limit at `drive_db` below the peak: waves bend, nothing jumps."""
    limit = float(np.abs(audio).max()) * 10 ** (-drive_db / 20)
    return (limit * np.tanh(audio / limit)).astype(np.float32) if limit else audio


def _padded(samples: int) -> int:
    """A power of two, with room so that the filter's end does not wrap round to the clip's beginning."""
    return 1 << (samples + 2048).bit_length()
