"""Push of the picture to browsers by WebSocket: a snapshot first, then changes, at most ten times a second.

Nothing is queued for a browser: it has a version, and gets what changed since. A slow one skips what lies between; one
that was away too long gets a snapshot again; one that takes nothing for `SEND_WITHIN_S` is dropped.

A browser measures how old its picture is: it sends `{"type": "ping", "at": NUMBER}`, any number of its own, and gets
`{"type": "echo", "at": NUMBER, "seq": N}` behind everything that was sent before, N being the last version among it.

A supervisor's page says which alerts stand on it: `{"type": "drawn", "alerts": {id: revision}}`.

What a browser gets is decided here, by who has the session; when that ends, or its rights change, the socket is closed.
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

from kikimori_dashboard.access.open_session import SESSION, SessionEnd
from kikimori_dashboard.access.roles import Right, may
from kikimori_dashboard.access.who import WHO

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_dashboard.changes import ChangeLog
    from kikimori_dashboard.sight import Sight
    from kikimori_dashboard.sights import Sights
    from kikimori_dashboard.views import Views

log = structlog.get_logger()

MAX_BROWSERS = 100
INTERVAL_S = 0.1
BEAT_S = 5.0
SEND_WITHIN_S = 10.0
RETRY_AFTER_S = 10
CLOSE_WITHIN_S = 1.0
"""Seconds in which a browser may answer the end of its session; then the connection is cut."""
CLOSE_CODES = {SessionEnd.OVER: 4401, SessionEnd.RIGHTS_CHANGED: 4403, SessionEnd.STORE_AWAY: 4503}
"""WebSocket close codes: the page goes to the login page, connects again, or says that the database is away."""
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
    sight: Sight | None
    """View of somebody who may see a part of the site; None = of the whole site."""
    version: int | None = None
    """Version up to which changes were looked at; None before the snapshot."""
    sent: int | None = None
    """Version that the browser has; smaller than `version` where nothing since was in sight."""
    sender: asyncio.Task[None] | None = None
    closing: asyncio.Task[None] | None = None

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


class DrawnAlerts(BaseModel):
    """Message of a supervisor's page: the alerts that it has drawn, with their revisions."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["drawn"]
    alerts: dict[str, int]


class Live:
    """All connected browsers."""

    def __init__(self, views: Views, changes: ChangeLog, sights: Sights) -> None:
        self._views = views
        self._changes = changes
        self._sights = sights
        self._wake = asyncio.Event()
        self._waiting = 0
        self.sockets: set[web.WebSocketResponse] = set()
        self._supervisors: dict[web.WebSocketResponse, str | None] = {}
        """Supervisors' pages with their person."""
        self.on_drawn: Callable[[dict[str, int]], None] = lambda _alerts: None
        """Called with the alerts, and their revisions, that a supervisor's page has drawn."""
        self.on_pages: Callable[[int], None] = lambda _count: None
        """Called with the number of supervisors' pages when it changes."""

    @property
    def watched(self) -> bool:
        """Return whether a supervisor's page is open somewhere."""
        return bool(self._supervisors)

    def watching(self, person_id: str) -> bool:
        """Return whether a person has a supervisor's page open."""
        return person_id in self._supervisors.values()

    def changed(self) -> None:
        """Note that the state may have changed. Costs nothing when no browser waits."""
        if self._waiting:
            self._wake.set()
            self._wake = asyncio.Event()

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Push the picture by WebSocket; `page=supervisor` for the supervisor's page."""
        who, session = request[WHO], request[SESSION]
        supervises = request.query.get("page") == "supervisor"
        if not may(who, Right.WATCH if supervises else Right.OWN_PAGE):
            raise web.HTTPForbidden(text="your roles do not allow this page\n")
        if len(self.sockets) >= MAX_BROWSERS:
            raise web.HTTPServiceUnavailable(
                text="too many browsers are connected\n", headers={"Retry-After": str(RETRY_AFTER_S)}
            )
        socket = web.WebSocketResponse(heartbeat=20, max_msg_size=MOST_FROM_BROWSER)
        await socket.prepare(request)
        self.sockets.add(socket)
        if supervises:
            self._supervisors[socket] = who.person_id
            self.on_pages(len(self._supervisors))
        by_line = request.query.get("lines") == "changed"
        page = _Page(socket, request.transport, by_line, self._sights.of(who, supervises=supervises))
        page.sender = asyncio.create_task(self._send(page), name="browser")
        try:
            with session.watched(lambda end: _end(page, end)):
                # Reading also notices that a browser leaves.
                async for message in socket:
                    await self._answer(page, message)
        except (ClientConnectionError, ConnectionError):
            pass
        finally:
            page.sender.cancel()
            self.sockets.discard(socket)
            if socket in self._supervisors:
                del self._supervisors[socket]
                self.on_pages(len(self._supervisors))
            await asyncio.gather(
                page.sender, *([page.closing] if page.closing else []), return_exceptions=True
            )
        return socket

    async def _answer(self, page: _Page, message: WSMessage) -> None:
        """Echo a ping, take the alerts that a supervisor's page has drawn; close on any other message."""
        at = _pinged_at(message)
        if at is None and page.socket in self._supervisors and (drawn := _drawn(message)) is not None:
            shown = None if page.sight is None else page.sight.alerts
            self.on_drawn(
                {each: revision for each, revision in drawn.alerts.items() if shown is None or each in shown}
            )
        elif at is None:
            await page.socket.close(code=WSCloseCode.POLICY_VIOLATION)
        elif page.sent is not None:
            await page.deliver(json.dumps({"type": "echo", "at": at, "seq": page.sent}))

    async def close(self) -> None:
        for socket in tuple(self.sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY)

    async def _send(self, page: _Page) -> None:
        loop = asyncio.get_running_loop()
        said_at = loop.time()
        try:
            while not page.socket.closed:
                wake = self._wake
                if page.sight is not None and self._sights.outdated(page.sight):
                    page.version = None
                if page.version is not None and page.version == self._changes.version:
                    await self._woken(wake, said_at + BEAT_S - loop.time())
                if loop.time() - said_at >= BEAT_S and page.sent is not None:
                    said_at = loop.time()
                    beat = {"type": "beat", "seq": page.sent, "now": datetime.now(UTC).isoformat()}
                    await page.deliver(json.dumps(beat))
                if page.version == self._changes.version:
                    continue
                text = self._news(page)
                page.version = self._changes.version
                if text:
                    await page.deliver(text)
                    page.sent = page.version
                    said_at = loop.time()
                await asyncio.sleep(INTERVAL_S)
        except (ClientConnectionError, ConnectionError):
            await page.socket.close()

    def _news(self, page: _Page) -> str:
        """Return what changed since the page was looked after, or everything; "" for nothing that it may see."""
        now = datetime.now(UTC)
        text: str | None = None
        if page.sight is None:
            if page.version is not None:
                text = self._views.delta(page.version, now, by_line=page.by_line)
            return self._views.snapshot(now) if text is None else text
        if page.version is not None and page.sent is not None:
            text = page.sight.delta(page.version, page.sent, now, by_line=page.by_line)
        return page.sight.snapshot(now) if text is None else text

    async def _woken(self, wake: asyncio.Event, within_s: float) -> None:
        self._waiting += 1
        try:
            async with asyncio.timeout(max(within_s, 0)):
                await wake.wait()
        except TimeoutError:
            pass
        finally:
            self._waiting -= 1


def _end(page: _Page, end: SessionEnd) -> None:
    """Send nothing more, and close the connection at the end of its session."""
    if page.sender is not None:
        page.sender.cancel()
    if page.closing is None:
        page.closing = asyncio.create_task(_close(page, end), name="session over")


async def _close(page: _Page, end: SessionEnd) -> None:
    try:
        async with asyncio.timeout(CLOSE_WITHIN_S):
            await page.socket.close(code=CLOSE_CODES[end], message=end.value.encode())
    except (TimeoutError, ClientConnectionError, ConnectionError):
        # It does not answer. It gets nothing more all the same, and not even this if it reads nothing.
        if page.transport is not None:
            page.transport.close()
            asyncio.get_running_loop().call_later(SEND_WITHIN_S, page.transport.abort)


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


def _drawn(message: WSMessage) -> DrawnAlerts | None:
    """Return the alerts that a page has drawn; None when the message is something else."""
    if message.type is not WSMsgType.TEXT:
        return None
    try:
        return DrawnAlerts.model_validate_json(message.data)
    except ValidationError:
        return None
