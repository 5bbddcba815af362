"""Level and spectral balance of frames, for many legs at once.

Vocal effort flattens the spectrum of the voice: the glottis closes faster and energy above 1 kHz grows more than
energy below (Traunmüller & Eriksson 2000, "Acoustic effects of variation in vocal effort"). A gain anywhere on the
line moves both bands alike and so leaves their ratio as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kikimori.hearing.frames import BLOCK_FRAMES, FRAME_S, frame_samples

if TYPE_CHECKING:
    from numpy.typing import NDArray


LOW_BAND_HZ = (300, 1000)
HIGH_BAND_HZ = (1000, 3400)

_FULL_SCALE = 32768.0
_BIN_HZ = 1 / FRAME_S
"""A 20 ms frame resolves 50 Hz at any rate, so the same bins serve all rates."""

_LOW = slice(round(LOW_BAND_HZ[0] / _BIN_HZ), round(LOW_BAND_HZ[1] / _BIN_HZ))
_HIGH = slice(round(HIGH_BAND_HZ[0] / _BIN_HZ), round(HIGH_BAND_HZ[1] / _BIN_HZ) + 1)


@dataclass(frozen=True, slots=True)
class BlockFeatures:
    """Sums over each leg's block; all float32 [legs]. Power is relative to full scale squared."""

    speech_frames: NDArray[np.float32]
    speech_power: NDArray[np.float32]
    """Sum over the speech frames of the frame's mean power."""
    rest_power: NDArray[np.float32]
    """The same over the frames without speech."""
    low_energy: NDArray[np.float32]
    """Energy 300–1000 Hz summed over the speech frames; only its ratio to `high_energy` has a meaning."""
    high_energy: NDArray[np.float32]


def measure(blocks: NDArray[np.int16], speech: NDArray[np.bool_], rate: int) -> BlockFeatures:
    """Measure blocks of many legs.

    Args:
        blocks: int16 [legs, samples per block].
        speech: bool [legs, BLOCK_FRAMES], which frames hold speech.
        rate: Samples per second.
    """
    legs = len(blocks)
    samples = frame_samples(rate)
    frames = blocks.reshape(legs, BLOCK_FRAMES, samples).astype(np.float32) / np.float32(_FULL_SCALE)
    power = np.einsum("lfs,lfs->lf", frames, frames) / np.float32(samples)
    speech_power = np.where(speech, power, 0).sum(axis=1, dtype=np.float32)
    rest_power = power.sum(axis=1, dtype=np.float32) - speech_power

    low = np.zeros(legs, dtype=np.float32)
    high = np.zeros(legs, dtype=np.float32)
    rows, _ = np.nonzero(speech)
    if len(rows):
        # Only speech frames are transformed: on a telephone that is well under half of them.
        spectrum = np.fft.rfft(frames[speech] * _window(samples), axis=1)
        energy = spectrum.real**2 + spectrum.imag**2
        np.add.at(low, rows, energy[:, _LOW].sum(axis=1))
        np.add.at(high, rows, energy[:, _HIGH].sum(axis=1))
    return BlockFeatures(
        speech_frames=speech.sum(axis=1, dtype=np.float32),
        speech_power=speech_power,
        rest_power=np.maximum(rest_power, 0),
        low_energy=low,
        high_energy=high,
    )


_windows: dict[int, NDArray[np.float32]] = {}


def _window(samples: int) -> NDArray[np.float32]:
    if samples not in _windows:
        _windows[samples] = np.hanning(samples).astype(np.float32)
    return _windows[samples]
