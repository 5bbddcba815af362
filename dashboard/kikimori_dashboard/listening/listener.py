"""One browser that listens: the messages of its call's stream, passed on as they are; a slow one loses pieces."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog
from aiohttp import ClientConnectionError, WSCloseCode

from kikimori_core.wire.sound_frames import SoundFrameKind
from kikimori_dashboard.live.page_socket import CLOSE_WITHIN_S, SEND_WITHIN_S, PageSocket

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_dashboard.access.who import Principal

log = structlog.get_logger()

MOST_BUFFERED = 16 * 1024
"""Bytes that may wait in a connection before further pieces wait here."""
MOST_LIVE = 20
"""Live pieces that may wait; beyond it the oldest is lost. Past sound is asked for once, and is never lost."""


class BrowserListener:
    """A listener of one call. `serve` sends what waits, until it is cancelled."""

    def __init__(self, page: PageSocket, who: Principal, number: int, *, live: bool) -> None:
        """`number`: among the listeners of this dashboard; `live`: False = past sound alone."""
        self.page = page
        self.who = who
        self.number = number
        self.begun_at: datetime | None = None
        """Time at which it got its first sound."""
        self.on_begun: Callable[[], None] = lambda: None
        """Called with its first sound."""
        self.pieces_lost = 0
        self._live = live
        self._past_over = False
        self._waiting: deque[tuple[bool, bytes]] = deque()
        self._wake = asyncio.Event()
        self._told_lost = 0
        self._ended = False

    @property
    def seconds(self) -> float:
        """Seconds since its first sound."""
        return 0.0 if self.begun_at is None else (datetime.now(UTC) - self.begun_at).total_seconds()

    async def give(self, kind: SoundFrameKind, message: bytes) -> None:
        """Take a message of the stream. Never waits for the browser, and never raises for it."""
        live = kind is SoundFrameKind.LIVE
        if self._ended or (live and not (self._live and self._past_over)):
            return
        if self.begun_at is None:
            self.begun_at = datetime.now(UTC)
            self.on_begun()
        if kind is SoundFrameKind.PAST_OVER:
            self._past_over = True
        transport = self.page.transport
        if not self._waiting and transport is not None and transport.get_write_buffer_size() < MOST_BUFFERED:
            # No task needs to wake up for it.
            await self._send(message)
            return
        self._waiting.append((live, message))
        if live:
            self._lose_oldest()
        self._wake.set()

    def _lose_oldest(self) -> None:
        if sum(live for live, _ in self._waiting) <= MOST_LIVE:
            return
        index = next(at for at, (live, _) in enumerate(self._waiting) if live)
        del self._waiting[index]
        self.pieces_lost += 1

    async def serve(self) -> None:
        """Send what waits, until cancelled or until the browser takes nothing."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                try:
                    async with asyncio.timeout(SEND_WITHIN_S):
                        await self._send(self._waiting[0][1])
                        await self._drained()
                except TimeoutError:
                    log.warning("listener_too_slow")
                    self.cut()
                    return
                if self._waiting:
                    self._waiting.popleft()
            await self._tell_lost()

    async def _drained(self) -> None:
        """Wait until the browser has taken most of what was sent; no event tells that of a transport."""
        transport = self.page.transport
        while transport is not None and transport.get_write_buffer_size() >= MOST_BUFFERED:
            if transport.is_closing():
                return
            await asyncio.sleep(0.02)

    async def _tell_lost(self) -> None:
        if self.pieces_lost != self._told_lost:
            self._told_lost = self.pieces_lost
            await self._send(json.dumps({"type": "lost", "pieces": self.pieces_lost}))

    async def _send(self, message: bytes | str) -> None:
        try:
            if isinstance(message, str):
                await self.page.socket.send_str(message)
            else:
                await self.page.socket.send_bytes(message)
        except (ClientConnectionError, ConnectionError):
            self._ended = True

    async def end(self, reason: str) -> None:
        """Say why it is over, and close."""
        if self._ended:
            return
        self._ended = True
        try:
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await self.page.socket.send_str(json.dumps({"type": "end", "reason": reason}))
                await self.page.socket.close(code=WSCloseCode.OK)
        except (TimeoutError, ClientConnectionError, ConnectionError):
            self.cut()

    def cut(self) -> None:
        """Cut the connection: it does not take even the end."""
        self._ended = True
        if self.page.transport is not None:
            self.page.transport.abort()
