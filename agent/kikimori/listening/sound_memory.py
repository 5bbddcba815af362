"""The newest sound of all calls: a ring for each leg, filled in batches of all legs beside the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import structlog

from kikimori.listening.sound_ring import SoundRing
from kikimori_core.g711 import TO_ULAW

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from kikimori.calls.call import LiveCall
    from kikimori.calls.leg import LiveLeg

log = structlog.get_logger()

LIVE_S = 2.0
"""Seconds that are kept in any case: who listens now is given what has arrived since the last piece."""


class KeptLeg:
    """Sound of one leg: its ring, and behind it what waits to be heard."""

    def __init__(self, leg: LiveLeg, seconds: float) -> None:
        self.leg = leg
        self.rate = leg.rate
        self.offset = round(leg.offset_s * leg.rate)
        """Number of the leg's first sample among those of the call."""
        self.ring = SoundRing(round(seconds * leg.rate))
        self.keeps_past = seconds > LIVE_S

    @property
    def arrived(self) -> int:
        """Number of the sample after the newest that has arrived, up to a gap."""
        return max(self.leg.contiguous_to, self.ring.end)

    def forget_past(self) -> None:
        self.ring = self.ring.shortened(round(LIVE_S * self.rate))
        self.keeps_past = False

    def read(self, start: int, stop: int) -> tuple[int, bytes]:
        """Return the sound from sample `start` to before `stop`: number of the first sample, and codes of μ-law."""
        if start < self.ring.end:
            first, codes = self.ring.read(start, stop)
            if first + len(codes) >= stop or first + len(codes) < self.ring.end:
                return first, codes
            _, more = self._waiting(self.ring.end, stop)
            return first, codes + more
        return self._waiting(start, stop)

    def _waiting(self, start: int, stop: int) -> tuple[int, bytes]:
        first, pcm = self.leg.waiting_pcm(start, stop)
        return first, _coded(pcm).tobytes()


class SoundMemory:
    """A `kikimori.calls.recent_sound.RecentSound`."""

    def __init__(self, past_s: float, keeps: Callable[[LiveCall], bool] = lambda _call: True) -> None:
        """`past_s`: seconds that are kept; `keeps`: whether they are for a call, or no more than who listens now needs."""
        self._past_s = past_s
        self._keeps = keeps
        self._by_leg: dict[LiveLeg, KeptLeg] = {}
        self._by_call: dict[str, list[KeptLeg]] = {}
        self.failures = 0

    def sound(self, legs: Sequence[LiveLeg], pcm: bytes) -> None:
        try:
            self._take(legs, pcm)
        except Exception as error:  # noqa: BLE001 - listening must not end the hearing of calls
            self.failures += 1
            if self.failures == 1:
                log.error("sound_not_kept", error=type(error).__name__)

    def call_over(self, call_id: str) -> None:
        """Drop the sound of a call."""
        for kept in self._by_call.pop(call_id, ()):
            self._by_leg.pop(kept.leg, None)

    def of(self, call: LiveCall) -> list[KeptLeg]:
        """Return the legs of a call whose sound is kept, the oldest first; they may have ended."""
        return list(self._by_call.get(call.call_id, ()))

    def forget_past(self, call: LiveCall) -> None:
        """Keep of a call no more than who listens now needs."""
        for kept in self._by_call.get(call.call_id, ()):
            if kept.keeps_past:
                kept.forget_past()

    def _take(self, legs: Sequence[LiveLeg], pcm: bytes) -> None:
        codes = _coded(pcm).reshape(len(legs), -1)
        for leg, row in zip(legs, codes, strict=True):
            kept = self._by_leg.get(leg) or self._keep(leg)
            kept.ring.put(leg.taken_at, row)

    def _keep(self, leg: LiveLeg) -> KeptLeg:
        call = leg.call
        # Another leg may name another operator, whose calls are perhaps not recorded.
        past = self._past_s > LIVE_S and self._keeps(call)
        if not past:
            self.forget_past(call)
        kept = self._by_leg[leg] = KeptLeg(leg, self._past_s if past else LIVE_S)
        legs = self._by_call.setdefault(call.call_id, [])
        self._drop_old(legs)
        legs.append(kept)
        return kept

    def _drop_old(self, legs: list[KeptLeg]) -> None:
        """Drop the sound of legs that ended long ago: in a call that is handed on many times."""
        newest = max((each.leg.heard_s for each in legs), default=0.0)
        for each in list(legs):
            if each.leg.closed is not None and each.leg.heard_s < newest - self._past_s:
                legs.remove(each)
                self._by_leg.pop(each.leg, None)


def _coded(pcm: bytes) -> NDArray[np.uint8]:
    """Return the nearest code of each sample (s16le), in half of the time that an index needs; none can be outside."""
    return np.take(TO_ULAW, np.frombuffer(pcm, "<u2"), mode="wrap")
