"""Reordering of packets. The sound is not played, so a packet in order never waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kikimori.media.rtp.packet import Packet

PATIENCE_S = 0.06
"""Seconds that packets wait for one that is missing before them: three packets of 20 ms."""

MOST_WAITING = 64
"""Most packets that wait; beyond it the missing one is given up."""

MOST_AHEAD = 3000
MOST_BEHIND = 100
"""Largest distances in packets; beyond them the sequence has jumped (RFC 3550, A.1), believed when the next
packet follows."""


class JitterBuffer:
    """One stream's packets, in by arrival, out by sequence."""

    __slots__ = ("_given_up", "_jumped", "_next", "_waiting", "duplicates", "late")

    def __init__(self) -> None:
        self._next: int | None = None
        self._waiting: dict[int, tuple[float, Packet]] = {}
        self._given_up: set[int] = set()
        self._jumped: Packet | None = None
        self.late = 0
        self.duplicates = 0

    def put(self, packet: Packet, now: float) -> Sequence[Packet]:
        """Take one packet; return the packets that are in order now."""
        sequence = packet.sequence
        if sequence == self._next and not self._waiting:
            self._next = (sequence + 1) & 0xFFFF
            return (packet,)
        if self._next is None:
            self._next = (sequence + 1) & 0xFFFF
            return (packet,)
        ahead = (sequence - self._next) & 0xFFFF
        if ahead > 0x8000:
            behind = 0x10000 - ahead
            if behind > MOST_BEHIND:
                return self._jump(packet)
            self._too_late(sequence)
        elif ahead > MOST_AHEAD:
            return self._jump(packet)
        elif sequence in self._waiting:
            self.duplicates += 1
        else:
            self._waiting[sequence] = (now, packet)
            if ahead == 0:
                return self._run()
            if len(self._waiting) > MOST_WAITING:
                return self._give_up()
        return self.release(now)

    def release(self, now: float) -> Sequence[Packet]:
        """Return the packets that have waited long enough for a missing one."""
        found: list[Packet] = []
        while self._waiting:
            oldest = min(arrived for arrived, _ in self._waiting.values())
            if now - oldest < PATIENCE_S:
                break
            found += self._give_up()
        return found

    def drain(self) -> Sequence[Packet]:
        """Return all that waits, in order."""
        found: list[Packet] = []
        while self._waiting:
            found += self._give_up()
        return found

    def restart(self) -> None:
        """Begin another stream, at any sequence number."""
        self._next = None
        self._waiting.clear()
        self._given_up.clear()
        self._jumped = None

    def _run(self) -> list[Packet]:
        found = []
        at = self._next or 0
        while (waiting := self._waiting.pop(at, None)) is not None:
            found.append(waiting[1])
            at = (at + 1) & 0xFFFF
        self._next = at
        return found

    def _give_up(self) -> list[Packet]:
        """Go on at the first waiting packet."""
        missing_from = self._next or 0
        gap = min((sequence - missing_from) & 0xFFFF for sequence in self._waiting)
        if len(self._given_up) > 4 * MOST_BEHIND:
            self._given_up.clear()
        self._given_up.update(
            (missing_from + each) & 0xFFFF for each in range(max(gap - MOST_BEHIND, 0), gap)
        )
        self._next = (missing_from + gap) & 0xFFFF
        return self._run()

    def _too_late(self, sequence: int) -> None:
        if sequence in self._given_up:
            self._given_up.discard(sequence)
            self.late += 1
        else:
            self.duplicates += 1

    def _jump(self, packet: Packet) -> Sequence[Packet]:
        before, self._jumped = self._jumped, packet
        if before is None or packet.sequence != (before.sequence + 1) & 0xFFFF:
            return ()
        found = [*self.drain(), before, packet]
        self.restart()
        self._next = (packet.sequence + 1) & 0xFFFF
        return found
