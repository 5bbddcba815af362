"""Peaks of a sound file for a waveform: the largest amount of each channel in 50 ms, in one byte."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAGIC = b"KKP1"
PEAK_MS = 50
HEAD = struct.Struct("<4sBBHI")
"""Magic, channels, 0, ms of a peak, number of peaks of each channel."""


class PeakMeter:
    """Takes sound in blocks of any length."""

    def __init__(self, rate: int, channels: int) -> None:
        self._channels = channels
        self._size = rate * PEAK_MS // 1000
        self._rest = np.empty((0, channels), np.int16)
        self._peaks: list[NDArray[np.uint8]] = []

    def take(self, block: NDArray[np.int16]) -> None:
        """Add sound of shape (samples, channels)."""
        sound = np.concatenate([self._rest, block])
        whole = len(sound) // self._size * self._size
        self._add(sound[:whole], self._size)
        self._rest = sound[whole:]

    def file(self) -> bytes:
        """Return the file's bytes; what is left of the sound makes a last peak."""
        if len(self._rest):
            self._add(self._rest, len(self._rest))
            self._rest = self._rest[:0]
        peaks = np.concatenate(self._peaks) if self._peaks else np.empty((0, self._channels), np.uint8)
        return HEAD.pack(MAGIC, self._channels, 0, PEAK_MS, len(peaks)) + peaks.tobytes()

    def _add(self, sound: NDArray[np.int16], size: int) -> None:
        if not len(sound):
            return
        # A channel in one row: across channels numpy takes twenty times as long.
        rows = np.ascontiguousarray(sound.T).reshape(self._channels, -1, size)
        largest = np.maximum(rows.max(axis=2).astype(np.int32), -rows.min(axis=2).astype(np.int32))
        self._peaks.append(np.minimum(largest >> 7, 255).astype(np.uint8).T)


def read_peaks(data: bytes) -> tuple[int, NDArray[np.uint8]]:
    """Return ms of a peak, and the peaks of shape (peaks, channels), 0 to 255 for silence to full scale.

    Raises:
        ValueError: it is no such file.
    """
    if len(data) < HEAD.size:
        raise ValueError("no peaks")
    magic, channels, _, ms, count = HEAD.unpack_from(data)
    if magic != MAGIC or len(data) != HEAD.size + count * channels:
        raise ValueError("no peaks")
    return ms, np.frombuffer(data, np.uint8, offset=HEAD.size).reshape(count, channels)
