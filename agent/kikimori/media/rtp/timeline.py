"""Position of packets in a leg's media time. Pure: it is told the time.

The sender's timestamps decide, so that loss, jitter and pauses leave every sample in its place. The clock on the wall
only corrects them: when they jump, stand still over a pause, or run faster or slower than time (`shift`).
"""

from __future__ import annotations

WAIT_S = 0.4
"""Seconds of silence after which a stream is told as a gap, so far behind; packets that come later than that
are late."""

AHEAD_S = 0.5
"""Largest lead in s of timestamps over the clock; with more they are wrong."""

BEHIND_S = 1.0
"""Largest lag in s of timestamps behind the clock; with more they are wrong: a sender's clock is slow, or
stood still."""

BELIEVE_AFTER_S = 0.2
"""Seconds that timestamps must lag to count as the sender's new count, not as a burst after a pause of the
network."""

SNAP_S = 0.1
"""Seconds from the end of the old stream within which a new one follows it without a gap."""

FLOOD_S = 2.0
"""Seconds of audio beyond the elapsed time from which a sender is no telephone."""

_HALF = 1 << 31


class Timeline:
    """Positions of one leg, in samples at its rate; 0 is the moment it was opened."""

    __slots__ = (
        "_base",
        "_began",
        "_behind_since",
        "_clock_rate",
        "_end",
        "_heard_at",
        "_last",
        "_rate",
        "_rounding",
        "_ticks",
        "position",
    )

    def __init__(self, rate: int, began: float) -> None:
        """`began`: seconds on the clock of `now` elsewhere."""
        self._rate = rate
        self._began = began
        self._base = 0
        self._ticks = 0
        self._last = 0
        self._clock_rate = 0
        self._rounding = 0
        self._heard_at = began
        self._end = 0
        self._behind_since: float | None = None
        self.position = 0
        """End of the audio given to the leg so far."""

    def floods(self, now: float) -> bool:
        """Return whether the leg was given more audio than the elapsed time allows."""
        return self.position > (now - self._began + FLOOD_S) * self._rate

    def ahead_s(self, now: float) -> float:
        """Return the lead of the given audio over the clock; negative: behind."""
        return self.position / self._rate - (now - self._began)

    def shift(self, samples: int) -> None:
        """Note that everything from now on is placed later by this much; negative: earlier."""
        self._base += samples

    def restart(self) -> None:
        """Note that the next timestamp is unrelated to the last one."""
        self._clock_rate = 0

    def place(self, timestamp: int, clock_rate: int, samples: int, now: float, *, fresh: bool) -> int | None:
        """Find the place of a packet.

        Args:
            timestamp: Its own, 32 bits.
            clock_rate: Ticks per second of `timestamp`.
            samples: Its length at the leg's rate.
            now: When it arrived.
            fresh: The sender says that it begins to speak here, so that a step of its timestamps may be a new count.

        Returns:
            How many samples are missing before it; negative: how many of its first were there already; None when all
            of it comes too late.
        """
        wall = round((now - self._began) * self._rate)
        if clock_rate != self._clock_rate:
            self._clock_rate = clock_rate
            divides = clock_rate % self._rate == 0 or self._rate % clock_rate == 0
            self._rounding = 0 if divides else self._rate // 1000
            at = self._anchor(self._now_or_next(wall))
        else:
            step = (timestamp - self._last) & 0xFFFFFFFF
            self._ticks += step - (1 << 32) if step >= _HALF else step
            at = self._base + self._ticks * self._rate // clock_rate
        self._last = timestamp
        self._heard_at = now
        missing = at - self.position
        if -self._rounding <= missing <= self._rounding:
            self.position += missing
            missing = 0
        elif missing > 0 and at - wall > AHEAD_S * self._rate:
            missing = self._anchor(max(self.position, wall)) - self.position
        late = missing <= -samples < 0
        if late or wall - at > BEHIND_S * self._rate:
            if self._is_new_count(now, fresh=fresh):
                return max(self._anchor(self._now_or_next(wall)) - self.position, 0)
            if late:
                return None
        else:
            self._behind_since = None
        return missing

    def given(self, samples: int) -> None:
        """Note the samples given since `place`: the missing ones, and the packet's own."""
        self.position += samples
        self._end = self.position

    def overdue(self, now: float) -> int:
        """Return how many samples a silent stream owes by now; the caller gives them and calls `filled`."""
        return self._end + round((now - self._heard_at - WAIT_S) * self._rate) - self.position

    def filled(self, samples: int) -> None:
        """Note the samples given in place of a silent stream's."""
        self.position += samples

    def _anchor(self, at: int) -> int:
        self._base, self._ticks, self._behind_since = at, 0, None
        return at

    def _now_or_next(self, wall: int) -> int:
        return wall if wall - self.position > SNAP_S * self._rate else self.position

    def _is_new_count(self, now: float, *, fresh: bool) -> bool:
        if fresh:
            return True
        if self._behind_since is None:
            self._behind_since = now
        return now - self._behind_since >= BELIEVE_AFTER_S
