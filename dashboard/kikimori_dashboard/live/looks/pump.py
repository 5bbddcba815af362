"""Sends to all pages that say what they draw, from one task: ten times a second, and at once what somebody waits for."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog
from aiohttp import ClientConnectionError, WSCloseCode

from kikimori_dashboard.live.looks.credit import TurnCredit
from kikimori_dashboard.live.looks.feed import CARDS_EVERY_S

if TYPE_CHECKING:
    from kikimori_dashboard.live.looks.feed import LookFeed
    from kikimori_dashboard.live.page_socket import PageSocket
    from kikimori_dashboard.site.changes import ChangeLog

log = structlog.get_logger()

BEAT_S = 5.0
BEAT_LATE_S = 1.0
"""Longest time without a turn; levels of rows wait for nothing else."""
AT_ONCE_PER_S = 20.0
"""Turns a second, besides those of the interval, once `MOST_AT_ONCE` in a row were used up."""
MOST_AT_ONCE = 10.0
LOOKS_PER_S = 10.0
"""The same for pages that draw something else: after an alert all of them do, and the next alert must not wait for that."""
MOST_LOOKS = 5.0


@dataclass(slots=True, eq=False)
class LookPage:
    """One page with its connection."""

    line: PageSocket
    feed: LookFeed
    said_at: float = 0.0

    @property
    def busy(self) -> bool:
        """Return whether the browser has not taken the last message yet."""
        return self.line.sender is not None and not self.line.sender.done()


class LookPump:
    """Runs while there are pages. A slow page is left out until it has taken what it got, and gets what changed since."""

    def __init__(self, changes: ChangeLog) -> None:
        self._changes = changes
        self._pages: set[LookPage] = set()
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._hurry = asyncio.Event()
        """Set while a page waits for something that is not left until the interval is over."""
        self._at_once = 0
        """Version of the last change that was sent at once."""
        self._alerts = TurnCredit(AT_ONCE_PER_S, MOST_AT_ONCE)
        self._looks = TurnCredit(LOOKS_PER_S, MOST_LOOKS)

    def add(self, page: LookPage) -> None:
        """Send to a page from now on."""
        self._pages.add(page)
        if self._task is None:
            self._at_once = self._changes.at_once
            self._task = asyncio.create_task(self._run(), name="pages")
        self.hurry()

    def remove(self, page: LookPage) -> None:
        """Send nothing to a page any more."""
        self._pages.discard(page)
        if not self._pages and self._task is not None:
            self._task.cancel()
            self._task = None

    def changed(self) -> None:
        """Note that the state may have changed. Costs nothing without pages."""
        if self._pages:
            self._changed.set()
            if self._changes.at_once != self._at_once:
                self._hurry.set()

    def hurry(self) -> None:
        """Send before the interval is over: a page draws something else."""
        self._changed.set()
        self._hurry.set()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        levels_at = 0.0
        while True:
            await self._due(levels_at + CARDS_EVERY_S)
            clock = loop.time()
            levels = clock >= levels_at + CARDS_EVERY_S
            if levels:
                levels_at = clock
                self._changed.clear()
            self._hurry.clear()
            self._at_once = self._changes.at_once
            now = datetime.now(UTC)
            for page in tuple(self._pages):
                if not page.busy and page in self._pages:
                    await self._serve(page, now, clock, levels=levels)

    async def _due(self, interval_over: float) -> None:
        """Wait for a change, and then until the interval is over or somebody waits; not longer than beats may be late."""
        if not await _set_within(self._changed, BEAT_LATE_S):
            return
        clock = asyncio.get_running_loop().time
        while await _set_within(self._hurry, interval_over - clock()):
            alerted = self._changes.at_once != self._at_once
            if (self._alerts if alerted else self._looks).spend(clock()):
                return
            if alerted:
                await asyncio.sleep(max(interval_over - clock(), 0.0))
                return
            # What a page draws can wait; an alert that comes meanwhile does not.
            self._hurry.clear()

    async def _serve(self, page: LookPage, now: datetime, clock: float, *, levels: bool) -> None:
        feed, line = page.feed, page.line
        try:
            text = feed.news(now, clock, levels=levels)
        except Exception as error:  # noqa: BLE001 - one page must not end the view of all others
            log.error("page_failed", error=type(error).__name__)
            self.remove(page)
            line.sender = asyncio.create_task(_close(line), name="browser")
            return
        seq = feed.version
        if not text and feed.sent is not None and clock - page.said_at >= BEAT_S:
            seq = feed.sent
            text = json.dumps({"type": "beat", "seq": seq, "now": now.isoformat()})
        if not text:
            return
        page.said_at = clock
        if line.takes_at_once(text):
            with suppress(ClientConnectionError, ConnectionError):  # whoever reads from it sees its end
                await line.socket.send_str(text)
                feed.sent = seq
        else:
            line.sender = asyncio.create_task(self._deliver(page, text, seq), name="browser")

    async def _deliver(self, page: LookPage, text: str, seq: int | None) -> None:
        try:
            await page.line.deliver(text)
        except (ClientConnectionError, ConnectionError):
            self.remove(page)
            await page.line.socket.close()
        else:
            page.feed.sent = seq
            self._changed.set()
            if seq is not None and self._changes.at_once > seq:
                self._hurry.set()  # an alert came while the browser took its message


async def _close(line: PageSocket) -> None:
    with suppress(ClientConnectionError, ConnectionError):
        await line.socket.close(code=WSCloseCode.INTERNAL_ERROR)


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event; False when it is not set in time."""
    if event.is_set() or seconds <= 0:
        return event.is_set()
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
