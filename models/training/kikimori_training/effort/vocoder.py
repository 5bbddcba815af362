"""Manner of speaking, changed by a vocoder: pitch, its range, tilt of the envelope, breath, length of vowels.

WORLD (Morise, Yokomori, Ozawa 2016, "WORLD: a vocoder-based high-quality speech synthesis system") takes speech apart into
pitch, envelope and aperiodicity. Every style goes through it, calm too, so that its artefacts tell nothing. What effort
does: Traunmüller & Eriksson 2000; Rostolland 1982.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyworld

from kikimori_training.effort_style import limited
from kikimori_training.measure import active_level_db, gain

if TYPE_CHECKING:
    from kikimori_training.measure import Audio

_FRAME_S = 0.005
_CORNER_HZ = 900.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """Differences from the speaker's calm reading."""

    half_tones: float = 0.0
    pitch_range: float = 1.0
    """Factor on the pitch's excursions about its mean."""
    tilt_db: float = 0.0
    """Gain of the envelope far above 1 kHz against far below, voiced frames only."""
    first_formant: float = 1.0
    """An open mouth: factor on frequencies of the envelope below 1.2 kHz."""
    breath: float = 1.0
    """Factor on the aperiodicity: a pressed voice has less of it."""
    vowels: float = 1.0
    """Length of voiced stretches."""
    tempo: float = 1.0
    """Length of everything is divided by it."""
    level_db: float = 0.0
    drive_db: float = 0.0
    """Amount in dB by which peaks exceed a soft limit."""
    laugh: float = 0.0
    """Depth of a 4.5 Hz rhythm on level and breath, 0 … 1."""


def deliver(audio: Audio, rate: int, delivery: Delivery) -> Audio:
    """Say `audio` (mono, calm) as `delivery` asks."""
    calm_db = active_level_db(audio, rate)
    wave = audio.astype(np.float64)
    pitch, times = pyworld.dio(wave, rate, frame_period=_FRAME_S * 1000)
    pitch = pyworld.stonemask(wave, pitch, times, rate)
    envelope = pyworld.cheaptrick(wave, pitch, times, rate)
    breath = pyworld.d4c(wave, pitch, times, rate)
    voiced = pitch > 0
    if voiced.any():
        middle = np.exp(np.mean(np.log(pitch[voiced])))
        moved = middle * (pitch[voiced] / middle) ** delivery.pitch_range
        pitch[voiced] = moved * 2 ** (delivery.half_tones / 12)
    hz = np.linspace(0, rate / 2, envelope.shape[1])
    envelope = _opened(envelope, hz, delivery.first_formant, voiced)
    octaves = np.log2(np.maximum(hz, 1.0) / _CORNER_HZ)
    shelf = 10 ** (delivery.tilt_db * (0.5 + 0.5 * np.tanh(1.5 * octaves)) / 10)
    envelope[voiced] *= shelf
    breath[voiced] = np.clip(breath[voiced] * delivery.breath, 1e-4, 1.0)
    steps = np.where(voiced, delivery.tempo / delivery.vowels, delivery.tempo)
    if delivery.laugh:
        beat = 0.5 + 0.5 * np.sin(2 * np.pi * 4.5 * _FRAME_S * np.arange(len(pitch)))
        envelope *= (1 - delivery.laugh * beat[:, None]) ** 2 + 1e-6
        breath = np.clip(breath + 0.6 * delivery.laugh * beat[:, None], 0, 1)
    places = _stretched(steps)
    pitch, envelope, breath = pitch[places], envelope[places], breath[places]
    said = pyworld.synthesize(
        pitch, np.ascontiguousarray(envelope), np.ascontiguousarray(breath), rate, _FRAME_S * 1000
    )
    result = np.asarray(said, dtype=np.float32)
    if delivery.drive_db:
        result = limited(result, delivery.drive_db)
    return gain(result, calm_db + delivery.level_db - active_level_db(result, rate))


def _opened(envelope: np.ndarray, hz: np.ndarray, factor: float, voiced: np.ndarray) -> np.ndarray:
    if factor == 1.0:
        return envelope.copy()
    # Below 1.2 kHz the envelope is read at a lower frequency: its first peak moves up. Above it moves less and less.
    source = np.where(hz < 1200, hz / factor, hz - (1200 - 1200 / factor) * np.clip((2400 - hz) / 1200, 0, 1))
    moved = envelope.copy()
    moved[voiced] = [np.interp(source, hz, row) for row in envelope[voiced]]
    return moved


def _stretched(steps: np.ndarray) -> np.ndarray:
    """Indices of frames, each repeated or skipped so that it lasts 1/step."""
    ends = np.cumsum(1 / steps)
    return np.clip(np.searchsorted(ends, np.arange(int(ends[-1])) + 0.5), 0, len(steps) - 1)
