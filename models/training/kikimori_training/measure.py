"""Level and tilt of speech, for whoever makes sounds and whoever checks them.

On purpose not the agent's own code: the sounds are to judge that code.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Audio = NDArray[np.float32]
"""Mono samples, full scale at ±1."""

FRAME_S = 0.02
SILENCE_DB = -96.0
_ACTIVE_BELOW_PEAK_DB = 25.0
"""A frame is active while it is no quieter than this below the loudest frames."""


def gain(audio: Audio, decibels: float) -> Audio:
    return np.asarray(audio * np.float32(10 ** (decibels / 20)), dtype=np.float32)


def frame_levels_db(audio: Audio, rate: int) -> NDArray[np.float32]:
    """Power of each whole 20 ms frame, dB against full scale."""
    samples = round(FRAME_S * rate)
    frames = audio[: len(audio) // samples * samples].reshape(-1, samples)
    levels = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)
    return np.asarray(np.maximum(levels, SILENCE_DB), dtype=np.float32)


def active_frames(audio: Audio, rate: int) -> NDArray[np.bool_]:
    levels = frame_levels_db(audio, rate)
    if not len(levels):
        return np.zeros(0, bool)
    return np.asarray(
        (levels > np.percentile(levels, 95) - _ACTIVE_BELOW_PEAK_DB) & (levels > SILENCE_DB + 6)
    )


def active_level_db(audio: Audio, rate: int) -> float:
    """Mean power over the active frames, dBFS; the floor for silence."""
    active = active_frames(audio, rate)
    if not active.any():
        return SILENCE_DB
    powers = 10 ** (frame_levels_db(audio, rate)[active] / 10)
    return float(10 * np.log10(powers.mean()))


def tilt_db(audio: Audio, rate: int) -> float:
    """Energy 1000–3400 Hz against 300–1000 Hz over the active frames, dB: calm voices lie well below 0."""
    samples = round(FRAME_S * rate)
    frames = audio[: len(audio) // samples * samples].reshape(-1, samples)[active_frames(audio, rate)]
    if not len(frames):
        return float("nan")
    energy = np.abs(np.fft.rfft(frames * np.hanning(samples).astype(np.float32), axis=1)) ** 2
    hz = np.fft.rfftfreq(samples, 1 / rate)
    high = energy[:, (hz >= 1000) & (hz <= 3400)].sum()
    low = energy[:, (hz >= 300) & (hz < 1000)].sum()
    return float(10 * np.log10(high / low))


def pitch_hz(audio: Audio, rate: int) -> float:
    """Median pitch of the clearly voiced frames by autocorrelation over 40 ms, 75–700 Hz; NaN where none is."""
    window, hop = round(0.04 * rate), round(0.01 * rate)
    shortest, longest = round(rate / 700), round(rate / 75)
    if len(audio) < window:
        return float("nan")
    frames = np.lib.stride_tricks.sliding_window_view(audio, window)[::hop].astype(np.float64)
    frames = frames[(frames**2).mean(axis=1) > (frames**2).mean() * 0.2]
    frames = (frames - frames.mean(axis=1, keepdims=True)) * np.hanning(window)
    size = 1 << (2 * window).bit_length()
    correlation = np.fft.irfft(np.abs(np.fft.rfft(frames, size)) ** 2)[:, : longest + 1]
    # The window's own correlation falls with the lag and would favour short ones.
    own = np.fft.irfft(np.abs(np.fft.rfft(np.hanning(window), size)) ** 2)[: longest + 1]
    correlation /= correlation[:, :1] * (own / own[0]) + 1e-12
    candidates = correlation[:, shortest : longest + 1]
    best = candidates.max(axis=1)
    # Of peaks that are nearly as high, the shortest lag: a period, not two of them.
    lags = shortest + np.argmax(candidates >= 0.9 * best[:, None], axis=1)
    voiced = best > 0.6
    return float(np.median(rate / lags[voiced])) if voiced.any() else float("nan")
