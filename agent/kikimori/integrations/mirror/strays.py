"""RTP between known hosts outside any call: a sign of a missed call. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.integrations.mirror.packets import End

LEAST_PACKETS = 50
"""Packets in sequence from which a stream counts: one second. Less may be the tail of a call, or its
beginning."""
LEAST_S = 0.9
SHOWN_S = 15.0
"""Seconds without a packet after which a stream is over."""

_LEAST_BYTES = 20
_MOST_LOST = 3
_ASK_EVERY_S = 0.5
_MOST_STREAMS = 2000
_MOST_HOSTS = 10_000


class _Stream:
    __slots__ = ("began", "heard_at", "packets", "sequence", "told")

    def __init__(self, sequence: int, now: float) -> None:
        self.began = self.heard_at = now
        self.packets = 1
        self.sequence = sequence
        self.told = False


class Strays:
    """Streams by source and target."""

    def __init__(self, ends: Callable[[], set[End]]) -> None:
        """`ends`: returns the addresses and ports to which audio of calls goes now."""
        self.seen = 0
        """Number of streams without a call, since the beginning."""
        self._ends = ends
        self._hosts: set[bytes] = set()
        self._known: set[End] = set()
        self._asked_at = 0.0
        self._streams: dict[tuple[End, End], _Stream] = {}

    def host(self, address: bytes) -> None:
        """Note an address that speaks SIP."""
        if len(self._hosts) < _MOST_HOSTS:
            self._hosts.add(address)

    def packet(self, source: End, target: End, payload: bytes, now: float) -> None:
        """Take a datagram outside any call that begins as RTP does."""
        if source[0] not in self._hosts and target[0] not in self._hosts:
            return
        if len(payload) < _LEAST_BYTES or 192 <= payload[1] <= 223:
            return
        sequence = payload[2] << 8 | payload[3]
        key = (source, target)
        stream = self._streams.get(key)
        if stream is None:
            if len(self._streams) < _MOST_STREAMS:
                self._streams[key] = _Stream(sequence, now)
            return
        step = (sequence - stream.sequence) & 0xFFFF
        if not step:
            return
        if step > _MOST_LOST:
            stream.began, stream.packets = now, 0
        stream.sequence, stream.heard_at = sequence, now
        stream.packets += 1
        if not stream.told and stream.packets >= LEAST_PACKETS and now - stream.began >= LEAST_S:
            if self._belongs(key, now):
                stream.began, stream.packets = now, 0
            else:
                stream.told = True
                self.seen += 1

    def now(self) -> int:
        """Return the number of streams that run now without a call."""
        return sum(each.told for each in self._streams.values())

    def expire(self, now: float) -> None:
        """Drop streams that are over, and update the ends of calls."""
        self._streams = {key: each for key, each in self._streams.items() if now - each.heard_at <= SHOWN_S}
        self._learn(now)

    def _belongs(self, key: tuple[End, End], now: float) -> bool:
        if self._known.isdisjoint(key) and now - self._asked_at >= _ASK_EVERY_S:
            self._learn(now)
        return not self._known.isdisjoint(key)

    def _learn(self, now: float) -> None:
        self._asked_at = now
        self._known = self._ends()
        for address, _ in self._known:
            self.host(address)
