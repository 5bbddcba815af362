"""MFCC as Kaldi computes them (feat/feature-mfcc.cc, feature-window.cc, mel-computations.cc), for 8 kHz.

Povey window, pre-emphasis 0.97, no dither, snip-edges, power spectrum, no energy, 40 mel bins, 40 cepstra.
`MFCC_CONF` is what the exported model tells Vosk, so that both compute the same.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE = 8000
SHIFT = 80
WINDOW = 200
FFT = 256
BINS = 40
LOW_HZ = 100.0
HIGH_HZ = 3700.0
PREEMPHASIS = 0.97
LIFTER = 22.0
DIM = BINS

MFCC_CONF = f"""--use-energy=false
--num-mel-bins={BINS}
--num-ceps={BINS}
--low-freq={LOW_HZ:.0f}
--high-freq={HIGH_HZ:.0f}
--sample-frequency={RATE}
--dither=0.0
--allow-downsample=true
--allow-upsample=true
"""


@cache
def _window() -> NDArray[np.float64]:
    n = np.arange(WINDOW)
    return np.asarray((0.5 - 0.5 * np.cos(2 * np.pi * n / (WINDOW - 1))) ** 0.85)


def _mel(hertz: NDArray[np.float64] | float) -> NDArray[np.float64]:
    return np.asarray(1127.0 * np.log(1.0 + np.asarray(hertz) / 700.0))


@cache
def mel_bank() -> NDArray[np.float64]:
    """(FFT bins below Nyquist, mel bins): triangles that overlap by half on the mel scale."""
    points = np.linspace(_mel(LOW_HZ), _mel(HIGH_HZ), BINS + 2)
    mel = _mel(np.arange(FFT // 2) * RATE / FFT)[:, None]
    left, centre, right = points[:-2], points[1:-1], points[2:]
    rising = (mel - left) / (centre - left)
    falling = (right - mel) / (right - centre)
    return np.asarray(np.clip(np.minimum(rising, falling), 0.0, None))


@cache
def cepstral_matrix() -> NDArray[np.float64]:
    """(mel bins, cepstra): orthonormal DCT-II and the lifter."""
    n = np.arange(BINS)
    dct = np.sqrt(2.0 / BINS) * np.cos(np.pi / BINS * np.outer(n + 0.5, n))
    dct[:, 0] = np.sqrt(1.0 / BINS)
    return np.asarray(dct * (1.0 + 0.5 * LIFTER * np.sin(np.pi * n / LIFTER)))


def mfcc(samples: NDArray[np.floating]) -> NDArray[np.float32]:
    """(frames, 40) of samples on the int16 scale at 8 kHz; frame i covers samples 80·i to 80·i+200."""
    if len(samples) < WINDOW:
        return np.zeros((0, DIM), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float64), WINDOW)[::SHIFT]
    frames = frames - frames.mean(axis=1, keepdims=True)
    before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    frames = (frames - PREEMPHASIS * before) * _window()
    power = np.abs(np.fft.rfft(frames, FFT)[:, : FFT // 2]) ** 2
    energies = np.log(np.maximum(power @ mel_bank(), np.finfo(np.float32).eps))
    return np.asarray(energies @ cepstral_matrix(), dtype=np.float32)
