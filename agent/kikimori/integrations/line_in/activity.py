"""Start and end of calls on a line that gives nothing but its sound. Counts samples, never asks a clock.

Every 100 ms a channel has a voice when it is loud enough in the telephone band (hum is below it), louder than it always
is (noise, hum's harmonics), and not a tone or two (dial tone, ringing, busy, keys). Speech has its energy in many
places and changes; two narrow peaks that hold nearly everything are a machine.
"""

from __future__ import annotations

from collections import deque
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kikimori.integrations.line_in.settings import ActivityTable

WINDOW_S = 0.1
LOWEST_HZ, HIGHEST_HZ = 200, 3400

TONE_PART = 0.9
"""Share of the energy in two peaks above which a sound is a tone."""
_PEAK_BINS = 2
"""A peak and two bins of 10 Hz at each side: a Hann window's width, and the 16 Hz with which Japanese ringing beats."""

FLOOR_OVER_S = 3.0
"""Window in s; the softest moment in it gives the noise floor."""
BEGINS_OVER_FLOOR_DB = 10.0
STAYS_OVER_FLOOR_DB = 6.0
STAYS_BELOW_LEVEL_DB = 6.0
"""Difference in dB by which the voice that keeps a call may be softer than the one that begins it."""

SILENCE_DB = -120.0


class Change(Enum):
    BEGIN = "begin"
    END = "end"


class Activity:
    """One line. `rate` in samples per second, 8000 or more."""

    def __init__(self, table: ActivityTable, channels: int, rate: int) -> None:
        self._table = table
        self._window = round(rate * WINDOW_S)
        self._shape = np.hanning(self._window)
        hertz = np.fft.rfftfreq(self._window, 1 / rate)
        self._band = (hertz >= LOWEST_HZ) & (hertz <= HIGHEST_HZ)
        # Parseval, one-sided, and the window's own energy; full scale is a square wave's.
        self._scale = 2 / (self._window * float(np.sum(self._shape**2)) * 32768.0**2)
        self._floor: deque[NDArray[np.float64]] = deque(maxlen=round(FLOOR_OVER_S / WINDOW_S))
        # A line is taken for quiet before it was heard, so that a call in its first second is one. What hums from the
        # start may begin one call, which then ends by itself.
        self._floor.append(np.full(channels, SILENCE_DB))
        self._voiced: deque[bool] = deque(maxlen=max(1, round(table.begin_within_s / WINDOW_S)))
        self._waiting = np.empty((channels, 0), dtype=np.int16)
        self._silent_s = 0.0
        self.in_call = False

    def feed(self, samples: NDArray[np.int16]) -> list[Change]:
        """Take samples (channels × any number); return what changed, in order."""
        self._waiting = np.concatenate((self._waiting, samples), axis=1)
        changes = []
        while self._waiting.shape[1] >= self._window:
            change = self._hear(self._waiting[:, : self._window])
            self._waiting = self._waiting[:, self._window :]
            if change is not None:
                changes.append(change)
        return changes

    def _hear(self, window: NDArray[np.int16]) -> Change | None:
        power = np.abs(np.fft.rfft(window * self._shape, axis=1)) ** 2
        power[:, ~self._band] = 0
        level = _decibels(power.sum(axis=1) * self._scale)
        self._floor.append(level)
        floor = np.min(self._floor, axis=0)
        table = self._table
        if self.in_call:
            least = np.maximum(table.level_db - STAYS_BELOW_LEVEL_DB, floor + STAYS_OVER_FLOOR_DB)
        else:
            least = np.maximum(table.level_db, floor + BEGINS_OVER_FLOOR_DB)
        voiced = any(loud and not is_tone(one) for loud, one in zip(level > least, power, strict=True))
        return self._in_call(voiced=voiced) if self.in_call else self._idle(voiced=voiced)

    def _idle(self, *, voiced: bool) -> Change | None:
        self._voiced.append(voiced)
        if sum(self._voiced) * WINDOW_S < self._table.begin_s - WINDOW_S / 2:
            return None
        self._voiced.clear()
        self._silent_s = 0.0
        self.in_call = True
        return Change.BEGIN

    def _in_call(self, *, voiced: bool) -> Change | None:
        self._silent_s = 0.0 if voiced else self._silent_s + WINDOW_S
        if self._silent_s < self._table.end_s - WINDOW_S / 2:
            return None
        self.in_call = False
        return Change.END


def is_tone(power: NDArray[np.float64]) -> bool:
    """Return whether a spectrum (power by bin of 10 Hz) is one or two steady frequencies and little else."""
    rest = power.copy()
    whole = float(rest.sum())
    for _ in range(2):
        peak = int(np.argmax(rest))
        rest[max(0, peak - _PEAK_BINS) : peak + _PEAK_BINS + 1] = 0
    return float(rest.sum()) < (1 - TONE_PART) * whole


def _decibels(part: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(10 * np.log10(np.maximum(part, 10 ** (SILENCE_DB / 10))), dtype=np.float64)
