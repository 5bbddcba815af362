"""Drift between a telephone's clock and ours, and its correction. Pure: the caller gives the time.

Clocks of telephones and PBXs are off by some ten to some hundred millionths, bad ones by a thousandth: seven seconds in
a call of two hours. Media time must stay with the time on the wall, or the two voices of a call come apart. So a little
silence is left out of what runs fast and put into what runs slow, where nobody speaks.
"""

from __future__ import annotations

from math import inf

import numpy as np

DRIFT_S = 0.3
"""Smallest drift in s that is corrected; less is jitter, or a burst at the beginning."""

MOST_DRIFT_S = 2.0
"""Drift in s above which it is corrected also while somebody speaks."""

FASTEST = 0.01
"""Largest gain of a clock, as a share of elapsed time; a stream that gains more is a burst, or a flood."""

OVER_S = 10.0
"""Seconds without a break after which a stream that is behind counts as drifted, not as late."""

QUIET_PEAK = 330
"""Peak (-40 dBFS) up to which a piece counts as background."""


def is_quiet(pcm: bytes | bytearray | memoryview) -> bool:
    """Return whether s16le audio holds nothing but background."""
    samples = np.frombuffer(pcm, dtype="<i2")
    return not samples.size or int(np.abs(samples.astype(np.int32)).max()) <= QUIET_PEAK


class Pace:
    """Drift of one stream against the clock, and its correction."""

    __slots__ = ("_began", "_behind", "_lead", "_since")

    def __init__(self, now: float) -> None:
        self._began = now
        self._since = now
        self._lead = -inf
        """Largest lead in s since `_since`: the drift of the sender's clock without the network's delays."""
        self._behind = 0.0

    def correction_s(self, ahead_s: float, now: float, pcm: bytes | bytearray | memoryview) -> float:
        """Return the correction for the piece `pcm` that came just now.

        `ahead_s`: by how much the stream with this piece is ahead of the clock; negative: behind.

        Returns:
            Seconds to leave out, of this piece and those after it; negative: seconds of silence to put before it.
        """
        self._lead = max(self._lead, ahead_s)
        if ahead_s > DRIFT_S:
            drifts = ahead_s <= DRIFT_S + FASTEST * (now - self._began)
            if drifts and (ahead_s > MOST_DRIFT_S or is_quiet(pcm)):
                return ahead_s
        if now - self._since >= OVER_S:
            self._behind = -self._lead if self._lead < -DRIFT_S else 0.0
            self._since, self._lead = now, -inf
        if self._lead >= -DRIFT_S:
            # What was behind came after all, in the middle of a word: it was late.
            self._behind = 0.0
        if self._behind and (self._behind > MOST_DRIFT_S or is_quiet(pcm)):
            behind, self._behind = self._behind, 0.0
            self._since, self._lead = now, -inf
            return -behind
        return 0.0

    def moved(self, now: float) -> None:
        """Forget the measured drift: the stream was corrected by other means, a gap."""
        self._since, self._lead, self._behind = now, -inf, 0.0
