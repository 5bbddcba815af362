"""Stream of one call to one dashboard: past sound for who wants it, then a piece of both voices every 100 ms."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

import aiohttp
import structlog

from kikimori.listening.pages_way import host_of
from kikimori_core.wire.messages import CallStatus
from kikimori_core.wire.sound_frames import (
    ENDS_AFTER_S,
    MOST_PARTS,
    SoundFrame,
    SoundFrameKind,
    SoundPart,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kikimori.calls.call import LiveCall
    from kikimori.listening.pages_way import PagesWay
    from kikimori.listening.sound_memory import KeptLeg, SoundMemory

log = structlog.get_logger()

PIECE_S = 0.1
BEHIND_S = 1.0
"""Sound that waits longer than this for the dashboard is left out."""
SEND_WITHIN_S = 10.0
PAST_PIECE_S = 1
MOST_WAITING = 50
"""Wishes for past sound that may wait in one stream."""


class CallStream:
    """One stream. `run` ends with the call, with the dashboard, or without a keep-alive."""

    def __init__(self, call: LiveCall, memory: SoundMemory, way: PagesWay, origin: str, ticket: str) -> None:
        self.call = call
        self.ticket = ticket
        self.origin = origin
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the dashboard has let it in, or has the reason for which it did not."""
        self.pieces_lost = 0
        self._memory = memory
        self._way = way
        self._past: deque[tuple[int, float]] = deque()
        self._sent: dict[KeptLeg, int] = {}
        """Number of the sample of each leg that comes next."""
        self._kept_at = 0.0

    def want_past(self, listener: int, past_s: float) -> bool:
        """Have past sound sent to a listener, then its end; False when too many wait."""
        if len(self._past) >= MOST_WAITING:
            return False
        self._past.append((listener, past_s))
        return True

    async def run(self) -> None:
        """Send until the end. Raises nothing but cancellation."""
        try:
            session = await self._way.session(self.origin)
            async with session, await self._way.connect(session, self.origin, self.ticket) as socket:
                self._open()
                await self._send_all(socket)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            # Its text names the address, and nothing of the call.
            log.warning(
                "sound_stream_lost",
                dashboard=host_of(self.origin),
                error=type(error).__name__,
                reason=str(error),
            )
            if not self.opened.done():
                self.opened.set_exception(ConnectionError(str(error)))
                self.opened.exception()  # or asyncio complains where nobody waits any more
        finally:
            self.opened.cancel()

    def _open(self) -> None:
        self._kept_at = asyncio.get_running_loop().time()
        if not self.opened.done():
            self.opened.set_result(None)

    async def _send_all(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        loop = asyncio.get_running_loop()
        reading = asyncio.create_task(self._read(socket), name="sound keep-alive")
        due = loop.time()
        try:
            while not reading.done() and loop.time() - self._kept_at < ENDS_AFTER_S:
                over = self.call.status is CallStatus.ENDED
                for frame in (*self._live(), *self._wanted()):
                    async with asyncio.timeout(SEND_WITHIN_S):
                        await socket.send_bytes(frame.to_bytes())
                if over:
                    break
                due = max(due + PIECE_S, loop.time() - PIECE_S)
                await asyncio.sleep(due - loop.time())
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Take keep-alives until the dashboard closes."""
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                self._kept_at = asyncio.get_running_loop().time()

    def _live(self) -> Iterator[SoundFrame]:
        parts = []
        for kept in self._memory.of(self.call):
            arrived = kept.arrived
            position = self._sent.setdefault(kept, arrived)
            if arrived - position > BEHIND_S * kept.rate:
                latest = arrived - round(PIECE_S * kept.rate)
                self.pieces_lost += round((latest - position) / kept.rate / PIECE_S)
                position = latest
            if arrived > position:
                position, codes = kept.read(position, arrived)
                self._sent[kept] = position + len(codes) if codes else arrived
                if codes:
                    parts.append(_part(kept, position, codes))
        return _frames(SoundFrameKind.LIVE, 0, parts)

    def _wanted(self) -> Iterator[SoundFrame]:
        """Return past sound for those who wait for it, up to where the live pieces go on."""
        while self._past:
            listener, past_s = self._past.popleft()
            yield from self._past_of(listener, past_s)
            yield SoundFrame(SoundFrameKind.PAST_OVER, listener)

    def _past_of(self, listener: int, past_s: float) -> Iterator[SoundFrame]:
        legs = [each for each in self._memory.of(self.call) if each.keeps_past]
        if not legs or not past_s:
            return
        until_s = max((each.offset + each.arrived) / each.rate for each in legs)
        from_s = max(until_s - past_s, 0.0)
        for second in range(int(past_s) + 1):
            parts = []
            for kept in legs:
                start = round((from_s + second * PAST_PIECE_S) * kept.rate) - kept.offset
                stop = min(start + PAST_PIECE_S * kept.rate, self._sent.get(kept, 0))
                position, codes = kept.read(max(start, 0), stop)
                if codes:
                    parts.append(_part(kept, position, codes))
            yield from _frames(SoundFrameKind.PAST, listener, parts)


def _part(kept: KeptLeg, position: int, codes: bytes) -> SoundPart:
    return SoundPart(kept.leg.role, kept.rate, kept.offset + position, codes)


def _frames(kind: SoundFrameKind, listener: int, parts: list[SoundPart]) -> Iterator[SoundFrame]:
    for at in range(0, len(parts), MOST_PARTS):
        yield SoundFrame(kind, listener, tuple(parts[at : at + MOST_PARTS]))
