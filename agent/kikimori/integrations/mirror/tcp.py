"""SIP over TCP, as seen from the side: segments into streams, streams into messages, within limits.

A mirror may begin in the middle of a connection and may lose segments. It then goes on where a message begins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.integrations.mirror.content import begins_sip
from kikimori.integrations.mirror.packets import FIN, RST, SYN
from kikimori.media.sip.message import SipError
from kikimori.media.sip.stream import StreamDecoder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kikimori.integrations.mirror.packets import End, TcpSegment
    from kikimori.media.sip.message import Message

MOST_STREAMS = 1000
MOST_WAITING = 32
"""Most segments of a stream that wait for a missing one; beyond it that one counts as lost."""

_HALF = 1 << 31


class TcpStreams:
    """One direction of a connection is one stream. The oldest unused one goes when there are too many."""

    def __init__(self) -> None:
        self._streams: dict[tuple[End, End], _Stream] = {}
        self.lost = 0
        """Times that a stream went on after a gap."""

    def __len__(self) -> int:
        return len(self._streams)

    def feed(self, segment: TcpSegment) -> Sequence[Message]:
        """Take one segment; return the messages that are whole now."""
        key = (segment.source, segment.target)
        if segment.flags & RST:
            self._streams.pop(key, None)
            return ()
        stream = self._streams.pop(key, None)
        if stream is None or segment.flags & SYN:
            if len(self._streams) >= MOST_STREAMS:
                del self._streams[next(iter(self._streams))]
            stream = _Stream(segment.sequence + 1 if segment.flags & SYN else None)
        found = stream.feed(segment.sequence, segment.payload) if segment.payload else []
        self.lost += stream.take_lost()
        if not segment.flags & FIN:
            self._streams[key] = stream
        return found


class _Stream:
    __slots__ = ("_decoder", "_lost", "_next", "_waiting")

    def __init__(self, next_sequence: int | None) -> None:
        self._next = None if next_sequence is None else next_sequence & 0xFFFFFFFF
        self._waiting: dict[int, bytes] = {}
        self._decoder = StreamDecoder()
        self._lost = 0

    def take_lost(self) -> int:
        lost, self._lost = self._lost, 0
        return lost

    def feed(self, sequence: int, payload: bytes) -> list[Message]:
        if self._next is None:
            if not begins_sip(payload):
                return []
            self._next = sequence
        ahead = (sequence - self._next) & 0xFFFFFFFF
        if ahead >= _HALF:
            # Sent again, perhaps with something new at its end.
            payload = payload[(1 << 32) - ahead :]
            if not payload:
                return []
            sequence = self._next
        self._waiting.setdefault(sequence, payload)
        found = self._run()
        if len(self._waiting) > MOST_WAITING:
            found += self._skip()
        return found

    def _run(self) -> list[Message]:
        found: list[Message] = []
        while self._next is not None and (payload := self._waiting.pop(self._next, None)) is not None:
            self._next = (self._next + len(payload)) & 0xFFFFFFFF
            try:
                found += self._decoder.feed(payload)
            except SipError:
                self._restart()
        return found

    def _skip(self) -> list[Message]:
        """Go on at the first waiting segment in which a message begins."""
        base = self._next or 0
        starts = [at for at, payload in self._waiting.items() if begins_sip(payload)]
        waiting = self._waiting
        self._restart()
        if not starts:
            return []
        first = min(starts, key=lambda at: (at - base) & 0xFFFFFFFF)
        self._waiting = {at: part for at, part in waiting.items() if (at - first) & 0xFFFFFFFF < _HALF}
        self._next = first
        return self._run()

    def _restart(self) -> None:
        self._lost += 1
        self._next = None
        self._waiting = {}
        self._decoder = StreamDecoder()
