"""Generated requests against the dashboard's published OpenAPI document: none may be answered with 500.

The dashboard runs whole in this process, without a broker; the requests come over real sockets, from people of every role and
from nobody. The same seed gives the same requests.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
from yarl import URL

import kikimori_dashboard
from kikimori_core.wire.settings import BrokerSettings
from kikimori_lab.bench.generated import GeneratedRequest, RequestMaker
from kikimori_lab.signed_in import cookie_of, store_for_a_while, token_for
from kikimori_records.people import NewPerson

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_records.store import Store

AT_ONCE = 8
ROLES = ("operator", "supervisor", "records", "admin", "wall")
SERVER_ERROR = 500
NOT_SERVED = (503, 504)
"""Statuses that say that the broker is away, which it is; everything else from 500 on is a fault."""
ENDS_A_SESSION = "/logout"


@dataclass(frozen=True, slots=True)
class RequestFigures:
    """Figures of `kikimori bench requests --json`."""

    requests: int
    seed: int
    routes: int
    statuses: dict[str, int]
    """Requests by the status of their answer."""
    server_errors: list[str]
    """Requests that were answered with a server's fault; anything here is a fault of the dashboard."""
    unanswered: list[str]
    """Requests whose connection ended without an answer."""
    per_s: float


async def bench_requests(requests: int, seed: int, progress: Callable[[int], None]) -> RequestFigures:
    """Send this number of generated requests."""
    async with store_for_a_while() as store, asyncio.TaskGroup() as tasks:
        # Port 1: nothing listens there.
        settings = kikimori_dashboard.DashboardSettings(port=0, mqtt=BrokerSettings(port=1))
        url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        serving = tasks.create_task(kikimori_dashboard.serve(settings, url.set_result, store=store))
        try:
            sender = _Sender((await url).rstrip("/"), store, requests, seed, progress)
            return await sender.run()
        finally:
            serving.cancel()


class _Sender:
    def __init__(
        self, url: str, store: Store, requests: int, seed: int, progress: Callable[[int], None]
    ) -> None:
        self._url = url
        self._store = store
        self._requests = requests
        self._random = random.Random(seed)  # noqa: S311  (repeatable)
        self._seed = seed
        self._progress = progress
        self._tokens: list[str] = []
        self._statuses: Counter[int] = Counter()
        self._errors: list[str] = []
        self._unanswered: list[str] = []
        self._sent = 0

    async def run(self) -> RequestFigures:
        for role in ROLES:
            new = NewPerson(f"bench {role}", role, frozenset({role}), frozenset({"201"}))
            self._tokens.append(await token_for(self._store, new))
        # No connection is used twice: a server that breaks one off must not be blamed on the next request.
        connector = aiohttp.TCPConnector(limit=AT_ONCE, force_close=True)
        async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as http:
            maker = RequestMaker(await self._document(http), self._random)
            began = time.monotonic()
            async with asyncio.TaskGroup() as tasks:
                for _ in range(AT_ONCE):
                    tasks.create_task(self._send_all(http, maker))
        return RequestFigures(
            requests=self._sent,
            seed=self._seed,
            routes=maker.routes,
            statuses={str(status): count for status, count in sorted(self._statuses.items())},
            server_errors=self._errors,
            unanswered=self._unanswered,
            per_s=round(self._sent / (time.monotonic() - began), 1),
        )

    async def _document(self, http: aiohttp.ClientSession) -> dict[str, Any]:
        async with http.get(
            f"{self._url}/api/openapi.json", headers={"Cookie": cookie_of(self._tokens[0])}
        ) as answer:
            document: dict[str, Any] = await answer.json()
            return document

    async def _send_all(self, http: aiohttp.ClientSession, maker: RequestMaker) -> None:
        while self._sent < self._requests:
            self._sent += 1
            await self._send(http, maker.make())
            self._progress(self._sent)

    async def _send(self, http: aiohttp.ClientSession, request: GeneratedRequest) -> None:
        headers = {"Origin": self._url, **request.headers, **self._cookie(request)}
        described = f"{request.method} {request.path} {request.headers} {request.body!r}"
        try:
            async with http.request(
                request.method,
                URL(self._url + request.path, encoded=True),
                data=request.body,
                headers=headers,
                allow_redirects=False,
            ) as answer:
                self._statuses[answer.status] += 1
                if answer.status >= SERVER_ERROR and answer.status not in NOT_SERVED:
                    self._errors.append(f"{answer.status}: {described}")
                await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            self._unanswered.append(f"{type(error).__name__}: {described}")

    def _cookie(self, request: GeneratedRequest) -> dict[str, str]:
        """Return the cookie of a random person; requests that sign out get none, as there are few sessions."""
        chosen = self._random.random()
        if chosen < 0.1 or request.path.startswith(f"/api{ENDS_A_SESSION}"):
            return {}
        if chosen < 0.2:
            return {
                "Cookie": cookie_of(self._random.choice(["", "A" * 43, "'; DROP TABLE people", "é" * 43]))
            }
        return {"Cookie": cookie_of(self._random.choice(self._tokens))}
