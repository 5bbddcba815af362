"""A browser without a screen for `kikimori bench wall`: reads, parses, pings and says what it draws as a page does."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from typing import Any

import aiohttp

from kikimori_lab.bench.page_load import STAMP

CARDS = 6
PING_EVERY_S = 1.0
DEFLATE_BITS = 15
"""Window of the compression that browsers offer."""


class WallSocket:
    """One page; counts the messages that it gets."""

    def __init__(self, url: str, cookie: str, number: int, *, looks: bool) -> None:
        """`number`: chooses the call that it shows whole. `looks`: it says what it draws; else it gets all, as a page of earlier releases."""
        self._url = url.rstrip("/")
        self._headers = {"Origin": self._url, "Cookie": cookie}
        self._number = number
        self._looks = looks
        self.messages = 0
        self.characters = 0
        self.late_ms: list[float] = []
        """Age of words at their arrival, in ms."""
        self.alerts: dict[str, float] = {}
        """Time in ms at which an alert arrived, by its title."""
        self.begun = asyncio.Event()
        """Set once it draws calls."""
        self._order: dict[str, str] = {}
        self._said = ""

    def reset(self) -> None:
        """Count from here on."""
        self.messages = self.characters = 0
        self.late_ms.clear()
        self.alerts.clear()

    async def run(self) -> None:
        """Read until cancelled."""
        path = f"{self._url}/live?page=supervisor&lines=changed{'&look=1' if self._looks else ''}"
        async with (
            aiohttp.ClientSession(headers=self._headers, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.ws_connect(path, max_msg_size=0, compress=DEFLATE_BITS) as socket,
            asyncio.TaskGroup() as tasks,
        ):
            pings = tasks.create_task(self._ping(socket))
            async for message in socket:
                await self._take(socket, message.data)
            pings.cancel()

    async def _take(self, socket: aiohttp.ClientWebSocketResponse, text: str) -> None:
        message: dict[str, Any] = json.loads(text)
        if message["type"] == "delta":
            self.messages += 1
            self.characters += len(text)
            for lines in message.get("lines", {}).values():
                self._note_age(lines["changed"])
            for alert in message.get("alerts", {}).values():
                if alert is not None:
                    self.alerts.setdefault(alert["title"]["en"], time.time() * 1000)
        for call_id, call in message.get("calls", {}).items():
            self._order.pop(call_id, None)
            if call is not None:
                self._order[call_id] = call.get("order", "")
        if message.get("calls"):
            await self._look(socket)

    def _note_age(self, lines: list[dict[str, Any]]) -> None:
        for line in lines:
            if line["text"].startswith(STAMP):
                self.late_ms.append(time.time() * 1000 - float(line["text"].removeprefix(STAMP)))

    async def _look(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Draw the worst calls as cards, one of them whole, and all others as rows."""
        if self._looks:
            order = sorted(self._order, key=lambda each: self._order[each])
            cards, rows = order[:CARDS], order[CARDS:]
            whole = cards[self._number % len(cards)]
            look = {"type": "look", "cards": cards, "rows": rows, "whole": whole}
            text = json.dumps(look)
            if text != self._said:
                self._said = text
                await socket.send_str(text)
        self.begun.set()

    async def _ping(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        while True:
            await asyncio.sleep(PING_EVERY_S)
            with suppress(ConnectionError):
                await socket.send_json({"type": "ping", "at": time.monotonic() * 1000})
