"""A desk that only remembers what a tap gave it: an implementation of `kikimori_core.model.feed.CallDesk`."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.support.deadline import WITHIN_S

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kikimori_core.model.call import CallInfo, EndReason, LegInfo, Role

LOOKS_EVERY_S = 0.05


@dataclass
class RecordedLeg:
    info: LegInfo
    desk: Recorder
    pcm: bytearray = field(default_factory=bytearray)
    digits: str = ""
    gap_samples: int = 0
    gaps: list[tuple[int, int]] = field(default_factory=list)
    """Samples heard before the gap, samples missing."""
    ended: EndReason | None = None

    @property
    def timeline(self) -> bytes:
        """Return the sound that was heard, in media time: gaps are silence."""
        made = bytearray()
        heard = 0
        for at, missing in self.gaps:
            made += self.pcm[heard * 2 : at * 2] + bytes(missing * 2)
            heard = at
        return bytes(made + self.pcm[heard * 2 :])

    def audio(self, pcm: bytes | bytearray | memoryview) -> None:
        assert self.ended is None
        assert len(pcm) % 2 == 0
        self.pcm += pcm
        self.desk.changed.set()

    def gap(self, samples: int) -> None:
        assert samples > 0
        self.gap_samples += samples
        self.gaps.append((len(self.pcm) // 2, samples))
        self.desk.changed.set()

    def dtmf(self, digit: str) -> None:
        self.digits += digit
        self.desk.changed.set()

    def close(self, reason: EndReason) -> None:
        assert self.ended is None, "closed twice"
        self.ended = reason
        self.desk.changed.set()


class Recorder:
    def __init__(self) -> None:
        self.legs: list[RecordedLeg] = []
        self.holds: list[tuple[str, bool]] = []
        self.keys: list[tuple[str, Role, str]] = []
        self.rings: list[tuple[CallInfo, tuple[str, ...], bool]] = []
        self.rung_out: list[str] = []
        self.changed = asyncio.Event()

    def open_leg(self, info: LegInfo) -> RecordedLeg:
        leg = RecordedLeg(info, self)
        self.legs.append(leg)
        self.changed.set()
        return leg

    def held(self, call_id: str, *, on_hold: bool) -> None:
        self.holds.append((call_id, on_hold))
        self.changed.set()

    def key(self, call_id: str, role: Role, digit: str) -> None:
        self.keys.append((call_id, role, digit))
        self.changed.set()

    def ring(self, call: CallInfo, phones: Sequence[str], *, answered: bool = False) -> None:
        self.rings.append((call, tuple(phones), answered))
        self.changed.set()

    def ring_over(self, call_id: str) -> None:
        self.rung_out.append(call_id)
        self.changed.set()

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for a condition, which may also be of the tap: its counters set no event."""
        async with asyncio.timeout(WITHIN_S):
            while not condition():
                self.changed.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOKS_EVERY_S):
                        await self.changed.wait()
