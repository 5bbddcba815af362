"""The supervisor of `kikimori bench chaos`: a client of the dashboard that sees, confirms and counts as a page does."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
    from collections.abc import Mapping

PARTS = ("calls", "alerts", "agents")
TRY_AGAIN_S = 0.3
SILENT_S = 15.0


class CountingPage:
    """Follows the dashboard over its restarts until cancelled."""

    def __init__(self, url: str, cookie: str) -> None:
        """`cookie`: of a session that a supervisor has."""
        self._url = url
        self._headers = {"Origin": url, "Cookie": cookie}
        self.picture: dict[str, Any] = {}
        self.shown: set[str] = set()
        """Alerts that stood on the page, open or over."""
        self.doubled: set[str] = set()
        """Alerts that stood on the page twice at once."""
        self.reopened: set[str] = set()
        """Alerts that were open again after they were over, though their agent was there."""
        self._over: set[str] = set()
        self._confirmed: dict[str, int] = {}

    async def run(self) -> None:
        async with aiohttp.ClientSession(
            self._url, headers=self._headers, cookie_jar=aiohttp.DummyCookieJar()
        ) as session:
            while True:
                try:
                    async with session.ws_connect("/live?page=supervisor", max_msg_size=0) as socket:
                        await self._follow(session, socket)
                except (OSError, aiohttp.ClientError, TimeoutError, TypeError):
                    # aiohttp says TypeError for a connection that was closed instead of giving a message.
                    pass
                self.picture = {}
                await asyncio.sleep(TRY_AGAIN_S)

    async def _follow(self, session: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._confirmed.clear()
        while True:
            message = json.loads(await socket.receive_str(timeout=SILENT_S))
            if message["type"] == "snapshot":
                self.picture = message
            elif message["type"] == "delta":
                self._change(message)
            else:
                continue
            await self._look(session, socket)

    def _change(self, message: Mapping[str, Any]) -> None:
        for part in PARTS:
            for name, value in message.get(part, {}).items():
                if value is None:
                    self.picture[part].pop(name, None)
                else:
                    self.picture[part][name] = value
        for part in ("site", "closed", "missed"):
            self.picture[part] = message.get(part, self.picture[part])

    async def _look(self, session: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse) -> None:
        opened = self.picture["alerts"]
        missed = self.picture["missed"]["alerts"]
        over = [*self.picture["closed"], *missed]
        names = [*opened, *(each["alert_id"] for each in over)]
        self.shown.update(names)
        agents = self.picture["agents"]
        self.reopened |= {
            name
            for name, alert in opened.items()
            if name in self._over and not agents.get(alert["agent_id"], {}).get("unconfirmed", True)
        }
        if len(names) > len(set(names)):
            self.doubled |= {each for each in names if names.count(each) > 1}
        self._over |= {each["alert_id"] for each in over}
        drawn = {each["alert_id"]: each["revision"] for each in (*opened.values(), *over)}
        news = {name: revision for name, revision in drawn.items() if self._confirmed.get(name) != revision}
        if news:
            await socket.send_str(json.dumps({"type": "drawn", "alerts": news}))
            self._confirmed |= news
        if missed:
            numbers = {"first": missed[0]["number"], "last": missed[-1]["number"]}
            async with session.post("/api/missed/seen", json=numbers):
                pass
