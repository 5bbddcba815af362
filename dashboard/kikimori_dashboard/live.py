"""Pushes the picture to browsers by WebSocket: a snapshot first, then changes, at most ten times a second.

Nothing is queued for a browser: it has a version, and gets what changed since. A slow one skips what lies between; one
that was away too long gets a snapshot again; one that takes nothing for `SEND_WITHIN_S` is dropped.
"""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog
from aiohttp import ClientConnectionError, WSCloseCode, WSMsgType, web

if TYPE_CHECKING:
    from kikimori_dashboard.changes import ChangeLog
    from kikimori_dashboard.views import Views

log = structlog.get_logger()

MAX_BROWSERS = 100
INTERVAL_S = 0.1
BEAT_S = 5.0
SEND_WITHIN_S = 10.0


class Live:
    """All connected browsers."""

    def __init__(self, views: Views, changes: ChangeLog) -> None:
        self._views = views
        self._changes = changes
        self._wake = asyncio.Event()
        self._waiting = 0
        self.sockets: set[web.WebSocketResponse] = set()
        self._supervisors: set[web.WebSocketResponse] = set()

    @property
    def watched(self) -> bool:
        """Whether a supervisor's page is open somewhere."""
        return bool(self._supervisors)

    def changed(self) -> None:
        """The state may have changed. Costs nothing when no browser waits."""
        if self._waiting:
            self._wake.set()
            self._wake = asyncio.Event()

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        if len(self.sockets) >= MAX_BROWSERS:
            raise web.HTTPServiceUnavailable(text="too many browsers are connected\n")
        socket = web.WebSocketResponse(heartbeat=20, max_msg_size=1024)
        await socket.prepare(request)
        self.sockets.add(socket)
        if request.query.get("page") == "supervisor":
            self._supervisors.add(socket)
        sender = asyncio.create_task(self._send(request, socket), name="browser")
        try:
            # Browsers have nothing to say here; reading notices that one leaves.
            async for message in socket:
                if message.type is not WSMsgType.PONG:
                    await socket.close(code=WSCloseCode.POLICY_VIOLATION)
        finally:
            sender.cancel()
            self.sockets.discard(socket)
            self._supervisors.discard(socket)
            await asyncio.gather(sender, return_exceptions=True)
        return socket

    async def close(self) -> None:
        for socket in tuple(self.sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY)

    async def _send(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        version: int | None = None
        try:
            while not socket.closed:
                wake = self._wake
                text: str | None = None
                now = datetime.now(UTC)
                if version is not None and version == self._changes.version:
                    if not await self._woken(wake):
                        text = json.dumps(
                            {"type": "beat", "seq": version, "now": datetime.now(UTC).isoformat()}
                        )
                        await self._deliver(socket, text)
                    continue
                if version is not None:
                    text = self._views.delta(version, now)
                if text is None:
                    text = self._views.snapshot(now)
                version = self._changes.version
                await self._deliver(socket, text)
                await asyncio.sleep(INTERVAL_S)
        except TimeoutError:
            log.warning("browser_too_slow")
            # Closing politely would wait for the same full buffer.
            if request.transport is not None:
                request.transport.abort()
        except (ClientConnectionError, ConnectionError):
            await socket.close()

    async def _woken(self, wake: asyncio.Event) -> bool:
        self._waiting += 1
        try:
            async with asyncio.timeout(BEAT_S):
                await wake.wait()
        except TimeoutError:
            return False
        else:
            return True
        finally:
            self._waiting -= 1

    @staticmethod
    async def _deliver(socket: web.WebSocketResponse, text: str) -> None:
        async with asyncio.timeout(SEND_WITHIN_S):
            await socket.send_str(text)
