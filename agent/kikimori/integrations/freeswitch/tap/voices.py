"""One stream's samples, as the legs of a call. Pure: bytes and times in, feeds out.

mod_audio_stream and mod_audio_fork send s16le; with two channels the samples alternate, what the channel said first
and what it heard second. A stream may be cut off and come again: the legs stay, and the time between is a gap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kikimori.taps.streamed_leg import FloodError, StreamClock
from kikimori_core.model.call import CallInfo, EndReason, LegInfo, Role

if TYPE_CHECKING:
    from kikimori_core.model.feed import CallDesk, LegFeed

EARLIER_S = 1.0
"""Longest time in s before its arrival at which the first message's audio may begin."""


class StreamError(Exception):
    """The stream is not what it should be. `reason` is a stable word for logs."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Voices:
    """The legs that one stream carries, opened with its first audio."""

    def __init__(self, desk: CallDesk, call: CallInfo, roles: tuple[Role, ...], rate: int) -> None:
        """`roles`: one per channel of the stream, in its order; `rate` is 8000 or 16000."""
        self.call = call
        self.rate = rate
        self.roles = roles
        self._desk = desk
        self._feeds: list[LegFeed] = []
        self._hushed = [False] * len(roles)
        self._clock: StreamClock | None = None
        """Clock of all legs; set with the first audio."""
        self.ended = False

    def feed(self, data: bytes, now: float) -> None:
        """Take one message of the stream; raises `StreamError`."""
        if self.ended:
            return
        frame = 2 * len(self.roles)
        if len(data) % frame:
            raise StreamError("odd_size")
        if not data:
            return
        samples = len(data) // frame
        if self._clock is None:
            self._clock = StreamClock(self.rate, now - min(samples / self.rate, EARLIER_S))
            self._feeds = [self._open(role) for role in self.roles]
        else:
            # What follows a pause is at the time of now: the watch may not have looked since.
            self._fill(self._clock, now - samples / self.rate, now)
        try:
            leave_out = self._clock.take(data, samples, now)
        except FloodError:
            raise StreamError("audio_flood") from None
        if leave_out < 0:
            self._gap(-leave_out)
        elif leave_out:
            data = data[leave_out * frame :]
            samples -= leave_out
        if not samples:
            return
        if len(self.roles) == 1:
            self._give(0, data, samples)
            return
        channels = np.frombuffer(data, "<i2").reshape(-1, len(self.roles))
        for index in range(len(self.roles)):
            self._give(index, channels[:, index].tobytes(), samples)

    def check(self, now: float) -> None:
        """Turn time that brought no audio into a gap. Called a few times a second."""
        if self._clock is not None and not self.ended:
            self._fill(self._clock, now, now)

    def idle_s(self, now: float) -> float:
        """Return the seconds since the last audio; 0 before the first."""
        return self._clock.silent_s(now) if self._clock is not None else 0.0

    def hush(self, role: Role, *, on: bool) -> None:
        """Leave out the audio of `role`: it is music or an announcement, not a voice."""
        for index, each in enumerate(self.roles):
            if each is role:
                self._hushed[index] = on

    def operator_changed(self, call: CallInfo) -> None:
        """Note that another voice takes the operator's place; the customer's leg goes on."""
        if self.ended or call == self.call:
            return
        self.call = call
        for index, role in enumerate(self.roles):
            if role is Role.OPERATOR and self._feeds:
                self._feeds[index].close(EndReason.HUNG_UP)
                self._feeds[index] = self._open(role)

    def close(self, reason: EndReason) -> None:
        """End every leg, once."""
        if self.ended:
            return
        self.ended = True
        for feed in self._feeds:
            feed.close(reason)

    def _open(self, role: Role) -> LegFeed:
        return self._desk.open_leg(LegInfo(self.call, role, self.rate))

    def _give(self, index: int, pcm: bytes, samples: int) -> None:
        if self._hushed[index]:
            self._feeds[index].gap(samples)
        else:
            self._feeds[index].audio(pcm)

    def _fill(self, clock: StreamClock, until: float, now: float) -> None:
        missing = clock.missing(until, now=now)
        if missing:
            clock.fill(missing, now)
            self._gap(missing)

    def _gap(self, samples: int) -> None:
        for feed in self._feeds:
            feed.gap(samples)
