"""Reduction of steady noise, hum and hiss of a line, in one utterance before a second recogniser hears it.

Spectral subtraction with a floor (Boll 1979; the gain as Wiener's): the noise of each frequency is what its quietest tenth of
the time has. Steady noise alone becomes less; voices in the background change too fast for that and stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Numbers = NDArray[np.float64]

FRAME_S = 0.032
"""Length of a frame; the next one begins half a frame later."""
QUIETEST = 10
"""Percentile of a frequency's power over the frames that is noise."""
NOISE_COUNTS = 1.95
"""The mean power of noise over its smoothed percentile, and half as much again."""
LEAST_GAIN = 0.25
"""Factor of amplitude below which nothing is reduced: emptied spectra are misheard."""
SMOOTHED = 5
"""Neighbouring frames whose power is averaged for the noise."""
GAIN_SMOOTHED = 3
"""Neighbouring frames whose gain is averaged: a gain that jumps makes tones of the noise."""


def less_noise(sound: Floats, rate: int) -> Floats:
    """Return the sound, of the same length, with less steady noise; samples from -1 to 1."""
    half = int(rate * FRAME_S / 2)
    size = 2 * half
    if len(sound) < size:
        return sound
    window = np.sqrt(np.hanning(size + 1)[:-1]).astype(np.float32)
    padded = np.concatenate(
        [np.zeros(half, np.float32), sound, np.zeros(size - len(sound) % half, np.float32)]
    )
    spectra = np.fft.rfft(np.lib.stride_tricks.sliding_window_view(padded, size)[::half] * window, axis=1)
    power = np.abs(spectra) ** 2
    noise = np.percentile(_smoothed(power, SMOOTHED), QUIETEST, axis=0) * NOISE_COUNTS
    gain = np.sqrt(np.maximum(1 - noise / np.maximum(power, 1e-12), 0))
    gain = _smoothed(np.maximum(gain, LEAST_GAIN), GAIN_SMOOTHED)
    frames = np.fft.irfft(spectra * gain, n=size, axis=1) * window
    # Two halves of frames lie over each other at each place.
    first, second = frames[:, :half], frames[:, half:]
    joined = first[1:] + second[:-1]
    return joined.reshape(-1)[: len(sound)].astype(np.float32)


def _smoothed(values: Numbers, count: int) -> Numbers:
    """Return running means over `count` neighbouring rows; at both ends the first and the last one stand for those beyond."""
    side = count // 2
    padded = np.pad(values, ((side, side), (0, 0)), mode="edge")
    total = np.zeros_like(values)
    for at in range(count):
        total += padded[at : at + len(values)]
    return total / count
