"""Level meter of one leg: it only measures, without hearing or judging."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from kikimori.watch.picture import SILENCE_DB, LegRow

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_core.model.call import EndReason, LegInfo

FULL_SCALE = 32768.0
KEPT_S = 2.0
"""Longest audio in s that may wait to be measured; older audio is counted and dropped."""
PEAK_HELD_S = 1.5
RATE_OVER_S = 2.0


class LegMeter:
    """A `kikimori_core.model.feed.LegFeed`."""

    def __init__(self, info: LegInfo, now: Callable[[], float], closed: Callable[[LegMeter], None]) -> None:
        """Measure a leg; `now` is a monotonic clock in seconds, `closed` is told once."""
        self.info = info
        self.key = ""
        self.sounded = False
        self.crossings = 0.0
        """Zero crossings per sample of the last measurement: with the level, enough to tell two sounds
        apart."""
        self.ended: EndReason | None = None
        self.opened_at = now()
        self._now = now
        self._closed = closed
        self._most = int(info.rate * KEPT_S) * 2
        self._waiting = bytearray()
        self._arrived = 0
        self._counts: deque[tuple[float, int]] = deque([(self.opened_at, 0)])
        self._gaps = 0
        self._gap_samples = 0
        self._peak = (self.opened_at, SILENCE_DB)

    # --- for the tap

    def audio(self, pcm: bytes | bytearray | memoryview) -> None:
        if self.ended is not None:
            return
        self._arrived += len(pcm) // 2
        self._waiting += pcm
        if len(self._waiting) > self._most:
            del self._waiting[: len(self._waiting) - self._most]

    def gap(self, samples: int) -> None:
        if self.ended is None:
            self._gaps += 1
            self._gap_samples += samples

    def dtmf(self, digit: str) -> None:
        if self.ended is None:
            self.key = digit

    def close(self, reason: EndReason) -> None:
        if self.ended is None:
            self.measure()  # a leg may end between two pictures
            self.ended = reason
            self._closed(self)

    # --- for the picture

    def row(self) -> LegRow:
        """Return the audio's figures since the last row."""
        level = self.measure()
        return LegRow(
            role=str(self.info.role),
            rate=self.info.rate,
            level_db=level,
            peak_db=None if level is None else self._peak[1],
            frames_s=self._frames_s(),
            gaps=self._gaps,
            gap_ms=round(self._gap_samples / self.info.rate * 1000),
            key=self.key,
            sounded=self.sounded,
        )

    def measure(self) -> float | None:
        """Measure and drop the waiting audio; return its level in dBFS, None when there is none."""
        if len(self._waiting) < 2:
            return None
        samples = np.frombuffer(bytes(self._waiting[: len(self._waiting) // 2 * 2]), dtype="<i2").astype(
            np.float64
        )
        self._waiting.clear()
        peak = decibels(float(np.abs(samples).max()))
        self.crossings = float(np.count_nonzero(np.diff(np.signbit(samples)))) / len(samples)
        self.sounded = self.sounded or peak > SILENCE_DB
        now = self._now()
        if peak >= self._peak[1] or now - self._peak[0] > PEAK_HELD_S:
            self._peak = (now, peak)
        return decibels(float(np.sqrt(np.mean(samples * samples))))

    def _frames_s(self) -> float:
        """Return the frames of 20 ms per second, over the last two seconds."""
        now = self._now()
        self._counts.append((now, self._arrived))
        while len(self._counts) > 2 and now - self._counts[1][0] >= RATE_OVER_S:
            self._counts.popleft()
        began, before = self._counts[0]
        passed = max(now - began, 0.02)
        return (self._arrived - before) / self.info.rate / 0.02 / passed


def decibels(amplitude: float) -> float:
    """Return dBFS of an amplitude in steps of 16 bits; digital silence is the floor."""
    return max(20 * float(np.log10(amplitude / FULL_SCALE)), SILENCE_DB) if amplitude > 0 else SILENCE_DB
