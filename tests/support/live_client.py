"""A browser without a screen: folds what the dashboard pushes, and waits for conditions."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
from tests.support.deadline import WITHIN_S
from tests.support.page_messages import audience_of, faults
from tests.support.sign_in import SUPERVISOR, headers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.support.peer_agent import PeerAgent

PARTS = ("calls", "levels", "alerts", "agents", "commands", "extensions", "ringing")


class LiveClient:
    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self._audience = audience_of(str(socket._response.url))
        self.seq = -1
        self.picture: dict[str, Any] = {}
        self.snapshots = 0
        self.deltas = 0
        self._came: asyncio.Queue[aiohttp.WSMessage | OSError] | None = None
        self._reading: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """Read on as a browser does, so that pings are answered whatever the test does meanwhile."""
        self._came = asyncio.Queue()
        self._reading = asyncio.create_task(self._read(self._came))
        try:
            yield
        finally:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _read(self, came: asyncio.Queue[aiohttp.WSMessage | OSError]) -> None:
        try:
            while not self.socket.closed:
                came.put_nowait(await self.socket.receive())
        except OSError as error:
            came.put_nowait(error)

    async def receive(self) -> aiohttp.WSMessage:
        """Return the next message as it came, at the end one that says so."""
        if self._came is None or self._reading is None or (self._reading.done() and self._came.empty()):
            return await self.socket.receive()
        message = await self._came.get()
        if isinstance(message, OSError):
            raise message
        return message

    async def over(self) -> None:
        """Wait until the connection is over."""
        async with asyncio.timeout(WITHIN_S):
            while (await self.receive()).type is aiohttp.WSMsgType.TEXT:
                pass

    async def next(self) -> dict[str, Any]:
        """Take one message, which must fit its model."""
        async with asyncio.timeout(WITHIN_S):
            came = await self.receive()
        if came.type is not aiohttp.WSMsgType.TEXT:
            raise TypeError(f"{came.type!r} came, {came.data!r}: the connection is over")
        text: str = came.data
        message: dict[str, Any] = json.loads(text)
        wrong = [] if self._audience is None else faults(self._audience, text)
        assert wrong == [], text
        if message["type"] == "snapshot":
            self.picture = message
            self.snapshots += 1
        elif message["type"] == "delta":
            assert message["from"] == self.seq, "a change was skipped"
            self.deltas += 1
            for part in PARTS:
                for name, value in message.get(part, {}).items():
                    if value is None:
                        self.picture.setdefault(part, {}).pop(name, None)
                    else:
                        self.picture.setdefault(part, {})[name] = value
            for part in ("site", "closed", "missed"):
                self.picture[part] = message.get(part, self.picture[part])
        if message["type"] != "echo":
            self.seq = message["seq"]
        return message

    async def until(self, condition: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Take messages until the picture is as wanted."""
        async with asyncio.timeout(WITHIN_S):
            while not (self.picture and condition(self.picture)):
                await self.next()
        return self.picture


@asynccontextmanager
async def live_client(
    url: str, *, page: str = "supervisor", login: str = SUPERVISOR, look: bool = False
) -> AsyncIterator[LiveClient]:
    """Return a page; `look`: one that says what it draws."""
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
        session.ws_connect(
            f"{url}/live?page={page}{'&look=1' if look else ''}", headers=headers(url, login)
        ) as socket,
    ):
        client = LiveClient(socket)
        async with client.reading():
            yield client


async def until_known(url: str, agent: PeerAgent) -> None:
    """Wait until a dashboard has the calls and alerts that an agent told of, each as it was told last."""
    alerts = {each.alert_id: each.revision for each in agent.alerts.values()}
    async with live_client(url) as live:
        await live.until(
            lambda picture: (
                connected(picture)
                and picture["calls"].keys() >= agent.calls.keys()
                and {each: one["revision"] for each, one in picture["alerts"].items()} == alerts
            )
        )


def connected(picture: dict[str, Any]) -> bool:
    return bool(picture["site"]["broker_connected"])
