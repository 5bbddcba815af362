"""Push of the picture to browsers by WebSocket: a snapshot first, then changes, at most ten times a second.

Nothing is queued for a browser: it has a version, and gets what changed since. A slow one skips what lies between; one
that was away too long gets a snapshot again; one that takes nothing for `SEND_WITHIN_S` is dropped.

A browser measures how old its picture is: it sends `{"type": "ping", "at": NUMBER}`, any number of its own, and gets
`{"type": "echo", "at": NUMBER, "seq": N}` behind everything that was sent before, N being the last version among it.

A supervisor's page says which alerts stand on it: `{"type": "drawn", "alerts": {id: revision}}`.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import structlog
from aiohttp import ClientConnectionError, WSCloseCode, WSMessage, WSMsgType, web
from pydantic import BaseModel, ConfigDict, ValidationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_dashboard.changes import ChangeLog
    from kikimori_dashboard.views import Views

log = structlog.get_logger()

MAX_BROWSERS = 100
INTERVAL_S = 0.1
BEAT_S = 5.0
SEND_WITHIN_S = 10.0
RETRY_AFTER_S = 10
MOST_FROM_BROWSER = 128 * 1024
"""Largest message from a browser in bytes."""
MAX_PING = 1e15
"""Largest number of a ping, more than any browser's clock in milliseconds."""


@dataclass(slots=True)
class _Page:
    """One connected browser."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    by_line: bool
    """True = it takes the changed lines of a transcript alone; pages of earlier releases do not."""
    version: int | None = None
    """Version that was sent last; None before the snapshot."""

    async def deliver(self, message: str) -> None:
        """Send a message.

        Raises:
            ConnectionError: the browser is gone, or took nothing for `SEND_WITHIN_S`.
        """
        try:
            async with asyncio.timeout(SEND_WITHIN_S):
                await self.socket.send_str(message)
        except TimeoutError:
            log.warning("browser_too_slow")
            # Closing politely would wait for the same full buffer.
            if self.transport is not None:
                self.transport.abort()
            raise ConnectionAbortedError from None


class Drawn(BaseModel):
    """Message of a supervisor's page: the alerts that it has drawn, with their revisions."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["drawn"]
    alerts: dict[str, int]


class Live:
    """All connected browsers."""

    def __init__(self, views: Views, changes: ChangeLog) -> None:
        self._views = views
        self._changes = changes
        self._wake = asyncio.Event()
        self._waiting = 0
        self.sockets: set[web.WebSocketResponse] = set()
        self._supervisors: set[web.WebSocketResponse] = set()
        self.on_drawn: Callable[[dict[str, int]], None] = lambda _alerts: None
        """Called with the alerts, and their revisions, that a supervisor's page has drawn."""
        self.on_pages: Callable[[int], None] = lambda _count: None
        """Called with the number of supervisors' pages when it changes."""

    @property
    def watched(self) -> bool:
        """Return whether a supervisor's page is open somewhere."""
        return bool(self._supervisors)

    def changed(self) -> None:
        """Note that the state may have changed. Costs nothing when no browser waits."""
        if self._waiting:
            self._wake.set()
            self._wake = asyncio.Event()

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        if len(self.sockets) >= MAX_BROWSERS:
            raise web.HTTPServiceUnavailable(
                text="too many browsers are connected\n", headers={"Retry-After": str(RETRY_AFTER_S)}
            )
        socket = web.WebSocketResponse(heartbeat=20, max_msg_size=MOST_FROM_BROWSER)
        await socket.prepare(request)
        self.sockets.add(socket)
        if request.query.get("page") == "supervisor":
            self._supervisors.add(socket)
            self.on_pages(len(self._supervisors))
        page = _Page(socket, request.transport, request.query.get("lines") == "changed")
        sender = asyncio.create_task(self._send(page), name="browser")
        try:
            # Reading also notices that a browser leaves.
            async for message in socket:
                await self._answer(page, message)
        except (ClientConnectionError, ConnectionError):
            pass
        finally:
            sender.cancel()
            self.sockets.discard(socket)
            if socket in self._supervisors:
                self._supervisors.discard(socket)
                self.on_pages(len(self._supervisors))
            await asyncio.gather(sender, return_exceptions=True)
        return socket

    async def _answer(self, page: _Page, message: WSMessage) -> None:
        """Echo a ping, take the alerts that a supervisor's page has drawn; close on any other message."""
        at = _pinged_at(message)
        if at is None and page.socket in self._supervisors and (drawn := _drawn(message)) is not None:
            self.on_drawn(drawn.alerts)
        elif at is None:
            await page.socket.close(code=WSCloseCode.POLICY_VIOLATION)
        elif page.version is not None:
            await page.deliver(json.dumps({"type": "echo", "at": at, "seq": page.version}))

    async def close(self) -> None:
        for socket in tuple(self.sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY)

    async def _send(self, page: _Page) -> None:
        try:
            while not page.socket.closed:
                wake = self._wake
                text: str | None = None
                now = datetime.now(UTC)
                if page.version is not None and page.version == self._changes.version:
                    if not await self._woken(wake):
                        beat = {"type": "beat", "seq": page.version, "now": datetime.now(UTC).isoformat()}
                        await page.deliver(json.dumps(beat))
                    continue
                if page.version is not None:
                    text = self._views.delta(page.version, now, by_line=page.by_line)
                if text is None:
                    text = self._views.snapshot(now)
                version = self._changes.version
                await page.deliver(text)
                page.version = version
                await asyncio.sleep(INTERVAL_S)
        except (ClientConnectionError, ConnectionError):
            await page.socket.close()

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


def _pinged_at(message: WSMessage) -> float | None:
    """Return the number of a ping; None when the message is something else."""
    if message.type is not WSMsgType.TEXT:
        return None
    try:
        ping = json.loads(message.data)
    except (ValueError, RecursionError):
        return None
    match ping:
        case {"type": "ping", "at": int() | float() as at} if (
            not isinstance(at, bool) and abs(at) <= MAX_PING
        ):
            return at
    return None


def _drawn(message: WSMessage) -> Drawn | None:
    """Return the alerts that a page has drawn; None when the message is something else."""
    if message.type is not WSMsgType.TEXT:
        return None
    try:
        return Drawn.model_validate_json(message.data)
    except ValidationError:
        return None
