"""Audio in one stream without time stamps: the clock tells how much of it is missing, or too much.

Media time follows the samples. Where a PBX stops sending (hold, packet loss), the clock says how much is missing and
the leg is told of a gap, so that a call on hold does not stand still in time. Where its clock runs fast or slow, that
is put right a little at a time (`kikimori.media.pace`). Pure: the caller gives the time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.media.pace import FASTEST, Pace
from kikimori.media.resample import Resampler, hearing_rate
from kikimori_core.model.call import LegInfo

if TYPE_CHECKING:
    from kikimori_core.model.call import CallInfo, EndReason, Role
    from kikimori_core.model.feed import CallDesk

WIRE_RATES = frozenset({8_000, 12_000, 16_000, 24_000, 32_000, 44_100, 48_000, 96_000, 192_000})
"""Samples per second in which a PBX may send: those of Asterisk's signed linear formats."""

GAP_AFTER_S = 0.5
"""Seconds of network silence above which it becomes a gap; below, it is jitter."""

FLOOD_S = 5.0
"""Seconds of audio beyond the elapsed time from which a peer is no telephone."""


class FloodError(Exception):
    """Far more audio than time."""


class StreamClock:
    """Amount of audio that a stream has brought, against elapsed time. `rate` is of the audio that comes."""

    def __init__(self, rate: int, now: float) -> None:
        """`now`: time at which the first sample was spoken."""
        self._rate = rate
        self._anchor = now
        self._heard_at = now
        self._samples = 0
        """Samples that came or were told as missing, less those that were left out."""
        self._came = 0
        self._pace = Pace(now)

    def take(self, pcm: bytes | memoryview, samples: int, now: float) -> int:
        """Count the `samples` of a piece `pcm` of s16le.

        Returns how many of the piece's samples to leave out, because the other clock runs fast; negative: how many
        are missing before it, because that runs slow.

        Raises:
            FloodError: more than `FLOOD_S` beyond what time allows.
        """
        self._heard_at = now
        elapsed_s = now - self._anchor
        self._came += samples
        # What was told as missing and comes after all was not sent too fast.
        if self._came / self._rate > elapsed_s * (1 + FASTEST) + FLOOD_S:
            raise FloodError
        self._samples += samples
        correction_s = self._pace.correction_s(self._samples / self._rate - elapsed_s, now, pcm)
        leave_out = min(samples, round(correction_s * self._rate))
        self._samples -= leave_out
        return leave_out

    def fill(self, samples: int, now: float) -> None:
        """Count samples that the leg was given as missing."""
        self._samples += samples
        self._pace.moved(now)

    def silent_s(self, now: float) -> float:
        """Return the seconds since the last audio."""
        return now - self._heard_at

    def missing(self, until: float, *, now: float) -> int:
        """Return the samples that should have come by `until`; 0 while it may be jitter."""
        if now - self._heard_at <= GAP_AFTER_S:
            return 0
        return max(0, round((until - self._anchor) * self._rate) - self._samples)


class StreamedLeg:
    """Opens its leg on `desk` at once. `wire_rate` is the rate of the audio that comes; times are in seconds."""

    def __init__(self, desk: CallDesk, call: CallInfo, role: Role, wire_rate: int, now: float) -> None:
        self._wire_rate = wire_rate
        self._rate = hearing_rate(wire_rate)
        self._resampler = Resampler(wire_rate, self._rate) if self._rate != wire_rate else None
        self._clock = StreamClock(wire_rate, now)
        self._feed = desk.open_leg(LegInfo(call, role, self._rate))

    def audio(self, pcm: bytes | memoryview, now: float) -> None:
        """Take s16le at the wire's rate, whole samples.

        Raises:
            FloodError: more than `FLOOD_S` beyond what time allows.
        """
        leave_out = self._clock.take(pcm, len(pcm) // 2, now)
        if leave_out < 0:
            self._gap(-leave_out)
        elif leave_out:
            pcm = pcm[leave_out * 2 :]
        if pcm:
            self._feed.audio(self._resampler.feed(pcm) if self._resampler else pcm)

    def dtmf(self, digit: str) -> None:
        self._feed.dtmf(digit)

    def check(self, now: float) -> None:
        """Report missing audio to the leg. Call it a few times a second."""
        missing = self._clock.missing(now, now=now)
        if missing > GAP_AFTER_S * self._wire_rate:
            self._clock.fill(missing, now)
            self._gap(missing)

    def close(self, reason: EndReason) -> None:
        if self._resampler:
            self._feed.audio(self._resampler.flush())
        self._feed.close(reason)

    def _gap(self, missing: int) -> None:
        self._feed.gap(missing * self._rate // self._wire_rate)
