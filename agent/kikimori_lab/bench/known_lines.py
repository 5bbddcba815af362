"""Telephone lines for `kikimori bench record-chaos`: calls of two legs, every sample of which is known afterwards."""

from __future__ import annotations

import asyncio
import struct
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from kikimori_core.g711 import TO_ULAW, ULAW
from kikimori_core.model.call import Role
from kikimori_lab.bench.chaos_lines import (
    FRAME_BYTES,
    FRAME_S,
    FRAMES_AT_ONCE,
    HANG_UP,
    PRESS,
    ChaosLines,
    close,
)

if TYPE_CHECKING:
    from random import Random

    import aiohttp
    from numpy.typing import NDArray

FRAME_HEADER = struct.pack(">BH", 0x10, FRAME_BYTES)
FRAME_SAMPLES = FRAME_BYTES // 2
LOUD = 2000
"""Standard deviation of the noise's samples."""
STARTS = 1 << 15
"""Frames at which a leg may begin: so many legs sound different from their first frame on."""
LONGEST_S = 30.0
"""Longest call in s."""
LONG_SHARE = 0.12
"""Share of calls that last 12 s at least: they hold segments that are compacted meanwhile."""
REMEMBERED = 100
"""Pieces of a leg, each of 0.1 s, of which the time of sending is remembered."""
KEY_BYTES = 32
"""First bytes of a leg's sound, by which it is found again."""


class KnownSound:
    """Noise of which no sample is zero; `frames` is what is sent of it, `samples` what must be kept."""

    def __init__(self, samples: NDArray[np.int16]) -> None:
        # Legs that begin near the end go on at the begin.
        longest = round(LONGEST_S / FRAME_S) * FRAME_SAMPLES
        self.samples = np.concatenate([samples, samples[:longest]])
        parts = self.samples.reshape(-1, FRAME_SAMPLES).astype("<i2").view(np.uint8)
        header = np.frombuffer(FRAME_HEADER, np.uint8)
        self.frames = np.hstack([np.broadcast_to(header, (len(parts), len(header))), parts]).tobytes()


def known_sounds(seed: int) -> tuple[KnownSound, KnownSound]:
    """Return noise that is kept as linear samples, and noise of values of G.711 alone."""
    noise = np.random.default_rng(seed).normal(0, LOUD, STARTS * FRAME_SAMPLES)
    linear = noise.round().clip(-32768, 32767).astype(np.int16)
    linear[linear == 0] = 1
    coded = ULAW[TO_ULAW[linear.view(np.uint16)]].astype(np.int16)
    coded[coded == 0] = ULAW[ULAW > 0].min()
    return KnownSound(linear), KnownSound(coded)


@dataclass(slots=True)
class SentLeg:
    """One connection of a line to the agent. Times are of the wall clock."""

    call_id: str
    role: Role
    sound: KnownSound
    start: int
    """Its first frame."""
    begun_at: float
    sent: int = 0
    """Samples sent."""
    pieces: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    """Time and samples sent until then, of the last pieces."""
    pressed_at: float | None = None
    """Time at which help was called for."""
    ended_at: float | None = None
    """Time of its end: it hung up, or the connection broke."""

    @property
    def samples(self) -> NDArray[np.int16]:
        """Return what was sent."""
        first = self.start * FRAME_SAMPLES
        return self.sound.samples[first : first + self.sent]

    @property
    def key(self) -> bytes:
        """Return the begin of its sound, by which it is found."""
        first = self.start * FRAME_SAMPLES
        return self.sound.samples[first : first + KEY_BYTES // 2].tobytes()

    def sent_until(self, at: float) -> int:
        """Return the samples that were sent until a time that is not long before the end."""
        earlier = [samples for sent_at, samples in self.pieces if sent_at <= at]
        if not earlier and len(self.pieces) == REMEMBERED:
            return self.pieces[0][1]
        return max(earlier, default=0)

    def sent_at(self, samples: int) -> float:
        """Return the time at which the sample after so many was sent."""
        return next((at for at, sent in self.pieces if sent > samples), self.ended_at or self.begun_at)


class KnownLines(ChaosLines):
    """Lines that say noise, every leg another part of it; `legs` is what was sent."""

    def __init__(self, audio_port: int, announce_port: int, random: Random, seed: int) -> None:
        super().__init__(audio_port, announce_port, random)
        self.legs: list[SentLeg] = []
        self._sounds = known_sounds(seed)

    async def _call(self, session: aiohttp.ClientSession, call_id: str) -> None:
        writers: list[asyncio.StreamWriter] = []
        legs: list[SentLeg] = []
        before, after = self._random.uniform(0.4, 1.5), self._random.uniform(0.5, 8.0)
        if self._random.random() < LONG_SHARE:
            after = self._random.uniform(12.0, LONGEST_S - 2.0)
        try:
            for role in (Role.CUSTOMER, Role.OPERATOR):
                writers.append(await self._connect(session, call_id, role))
                legs.append(self._leg(call_id, role))
            began = time.monotonic()
            await self._say(writers, legs, began, before)
            if not self._stopping.is_set():
                # A leg over which nothing was said yet has no keys.
                legs[-1].pressed_at = time.time()
                writers[-1].write(PRESS)
            await self._say(writers, legs, began, before + after)
            for writer in writers:
                writer.write(HANG_UP)
                await writer.drain()
        finally:
            for leg in legs:
                leg.ended_at = time.time()
            for writer in writers:
                await close(writer)

    def _leg(self, call_id: str, role: Role) -> SentLeg:
        number = len(self.legs)
        leg = SentLeg(call_id, role, self._sounds[number // 2 % 2], number % STARTS, time.time())
        self.legs.append(leg)
        return leg

    async def _say(
        self, writers: list[asyncio.StreamWriter], legs: list[SentLeg], began: float, until_s: float
    ) -> None:
        """Say what follows, in real time from `began` on."""
        piece_s, size = FRAME_S * FRAMES_AT_ONCE, len(FRAME_HEADER) + FRAME_BYTES
        while not self._stopping.is_set():
            said_s = legs[0].sent / FRAME_SAMPLES * FRAME_S
            if said_s >= until_s:
                return
            await asyncio.sleep(max(began + said_s + piece_s - time.monotonic(), 0))
            for writer, leg in zip(writers, legs, strict=True):
                if writer.is_closing():
                    raise ConnectionResetError
                first = (leg.start + leg.sent // FRAME_SAMPLES) * size
                writer.write(leg.sound.frames[first : first + size * FRAMES_AT_ONCE])
                leg.sent += FRAME_SAMPLES * FRAMES_AT_ONCE
                leg.pieces.append((time.time(), leg.sent))
            for writer in writers:
                await writer.drain()
