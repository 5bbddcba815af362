"""Push of the picture to browsers by WebSocket: a snapshot first, then changes, at most ten times a second.

Nothing is queued for a browser: it has a version, and gets what changed since. A slow one skips what lies between; one
that was away too long gets a snapshot again; one that takes nothing for `SEND_WITHIN_S` is dropped.

A browser measures how old its picture is: it sends `{"type": "ping", "at": NUMBER}`, any number of its own, and gets
`{"type": "echo", "at": NUMBER, "seq": N}` behind everything that was sent before, N being the last version among it.

A supervisor's page says which alerts stand on it: `{"type": "drawn", "alerts": {id: revision}}`. One that was opened with
`look=1` also says what it draws (`looks.message.Look`), and gets words and levels of nothing else, see `looks`.

What a browser gets is decided here, by who has the session; when that ends, or its rights change, the socket is closed.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aiohttp import ClientConnectionError, WSCloseCode, WSMessage, WSMsgType, web

from kikimori_dashboard.access.open_session import SESSION
from kikimori_dashboard.access.roles import Right, may
from kikimori_dashboard.access.who import WHO
from kikimori_dashboard.live.looks.message import read_look
from kikimori_dashboard.live.looks.pump import LookPage, LookPump
from kikimori_dashboard.live.page_messages import read_drawn, read_ping
from kikimori_dashboard.live.page_socket import PageSocket

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_dashboard.access.open_session import OpenSession, SessionEnd
    from kikimori_dashboard.live.sights import Sights
    from kikimori_dashboard.picture.sight import Sight
    from kikimori_dashboard.picture.views import Views
    from kikimori_dashboard.site.changes import ChangeLog

MAX_BROWSERS = 100
INTERVAL_S = 0.1
SHORTEST_S = 0.02
"""Interval in s after which something is sent that does not wait for `INTERVAL_S`."""
BEAT_S = 5.0
HEARTBEAT_S = 20.0
"""Interval in s of the pings that a browser answers by itself."""
RETRY_AFTER_S = 10
MOST_FROM_BROWSER = 128 * 1024
"""Largest message from a browser in bytes."""
LOOKS_EVERY_S = 0.05
"""Shortest interval in s at which a page is asked what it draws; what it sends meanwhile waits in its connection."""


@dataclass(slots=True)
class _Page(PageSocket):
    """Connected page that gets the levels and words of all calls: an operator's, or one of an earlier release."""

    by_line: bool = False
    """True = it takes the changed lines of a transcript alone; pages of earlier releases do not."""
    sight: Sight | None = None
    """View of somebody who may see a part of the site; None = of the whole site."""
    version: int | None = None
    """Version up to which changes were looked at; None before the snapshot."""
    sent: int | None = None
    """Version that the browser has; smaller than `version` where nothing since was in sight."""

    @property
    def alerts(self) -> set[str] | None:
        """Return the alerts that the page got; None = all there are."""
        return None if self.sight is None else self.sight.alerts


class Live:
    """All connected browsers."""

    def __init__(self, views: Views, changes: ChangeLog, sights: Sights) -> None:
        self._views = views
        self._changes = changes
        self._sights = sights
        self._pump = LookPump(changes)
        self._wake = asyncio.Event()
        self._waiting = 0
        self._alarm = asyncio.Event()
        """Set, and replaced, when something changed that is sent at once."""
        self._at_once = 0
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
        self._pump.changed()
        if self._changes.at_once != self._at_once:
            self._at_once = self._changes.at_once
            self._alarm.set()
            self._alarm = asyncio.Event()
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
        looks = supervises and request.query.get("look") == "1"
        # What a page draws is little; to squeeze it for each browser would cost more than all the rest.
        socket = web.WebSocketResponse(
            heartbeat=HEARTBEAT_S, max_msg_size=MOST_FROM_BROWSER, compress=not looks
        )
        await socket.prepare(request)
        self.sockets.add(socket)
        if supervises:
            self._supervisors[socket] = who.person_id
            self.on_pages(len(self._supervisors))
        try:
            if looks:
                await self._read_looking(request, socket)
            else:
                by_line = request.query.get("lines") == "changed"
                sight = self._sights.of(who, supervises=supervises)
                await self._read(_Page(socket, request.transport, by_line=by_line, sight=sight), session)
        finally:
            self.sockets.discard(socket)
            if socket in self._supervisors:
                del self._supervisors[socket]
                self.on_pages(len(self._supervisors))
        return socket

    async def _read(self, page: _Page, session: OpenSession) -> None:
        page.sender = asyncio.create_task(self._send(page), name="browser")
        try:
            with session.watched(page.end):
                # Reading also notices that a browser leaves.
                async for message in page.socket:
                    if not self._take(page, page.alerts, message):
                        await self._answer(page, page.sent, message)
        except (ClientConnectionError, ConnectionError):
            pass
        finally:
            await page.stop()

    async def _read_looking(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        feed = self._sights.feed(request[WHO])
        page = LookPage(PageSocket(socket, request.transport), feed)
        clock = asyncio.get_running_loop().time
        looked_at = 0.0
        try:
            with request[SESSION].watched(lambda end: self._end(page, end)):
                self._pump.add(page)
                async for message in socket:
                    look = read_look(message.data) if message.type is WSMsgType.TEXT else None
                    if look is not None:
                        await asyncio.sleep(looked_at + LOOKS_EVERY_S - clock())
                        looked_at = clock()
                        feed.look(look)
                        self._pump.hurry()
                    elif not self._take(page.line, feed.alerts, message):
                        await self._answer(page.line, feed.sent, message)
        except (ClientConnectionError, ConnectionError):
            pass
        finally:
            self._pump.remove(page)
            await page.line.stop()

    def _end(self, page: LookPage, end: SessionEnd) -> None:
        self._pump.remove(page)
        page.line.end(end)

    def _take(self, page: PageSocket, shown: set[str] | None, message: WSMessage) -> bool:
        """Take the alerts that a supervisor's page has drawn, of those that it got; False when it says something else."""
        if page.socket not in self._supervisors or message.type is not WSMsgType.TEXT:
            return False
        drawn = read_drawn(message.data)
        if drawn is None:
            return False
        self.on_drawn(
            {each: revision for each, revision in drawn.alerts.items() if shown is None or each in shown}
        )
        return True

    @staticmethod
    async def _answer(page: PageSocket, sent: int | None, message: WSMessage) -> None:
        """Echo a ping; close on any other message."""
        at = read_ping(message.data) if message.type is WSMsgType.TEXT else None
        if at is None:
            await page.socket.close(code=WSCloseCode.POLICY_VIOLATION)
        elif sent is not None:
            await page.deliver(json.dumps({"type": "echo", "at": at, "seq": sent}))

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
                await self._rest(page)
        except (ClientConnectionError, ConnectionError):
            await page.socket.close()

    async def _rest(self, page: _Page) -> None:
        """Wait for the interval; shorter when something changes that is sent at once."""
        await asyncio.sleep(SHORTEST_S)
        due = asyncio.get_running_loop().time() + INTERVAL_S - SHORTEST_S
        while (page.version or 0) >= self._changes.at_once:
            alarm, left = self._alarm, due - asyncio.get_running_loop().time()
            if left <= 0:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await alarm.wait()

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
