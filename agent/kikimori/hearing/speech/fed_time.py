"""Conversion from a recogniser's clock to media time.

A recogniser is fed speech only, so its clock stands still in the silences between. Each stretch that was fed is
remembered by where it began on both clocks.
"""

from __future__ import annotations

from bisect import bisect_right

_KEEP = 512
"""Stretches kept: an utterance never reaches back over more."""


class FedTime:
    """Maps seconds of fed audio to seconds of media time."""

    def __init__(self) -> None:
        self._fed_s = 0.0
        self._media_end_s = -1.0
        self._starts: list[float] = []
        self._shifts: list[float] = []

    @property
    def fed_s(self) -> float:
        """Seconds fed so far."""
        return self._fed_s

    def feed(self, media_s: float, duration_s: float) -> None:
        """Note that audio of `duration_s` which begins at `media_s` is fed now."""
        if abs(media_s - self._media_end_s) > 1e-6:
            self._starts.append(self._fed_s)
            self._shifts.append(media_s - self._fed_s)
            del self._starts[:-_KEEP], self._shifts[:-_KEEP]
        self._fed_s += duration_s
        self._media_end_s = media_s + duration_s

    def to_media(self, fed_s: float, *, end: bool = False) -> float:
        """Return the media time of `fed_s`. `end`: a time on the seam of two stretches belongs to the earlier one."""
        if not self._starts:
            return fed_s
        at = bisect_right(self._starts, fed_s - 1e-6 if end else fed_s + 1e-6) - 1
        return fed_s + self._shifts[max(at, 0)]
