"""The dashboard's port over real sockets: a crowd, the slow and the silent keep nobody out for long."""

from __future__ import annotations

import asyncio
import math
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp
import pytest_asyncio
from aiohttp import web
from playwright.async_api import expect
from tests.support.browser import chromium, dashboard, dashboard_settings, store_of_people
from tests.support.live_client import connected, live_client
from tests.support.peer_agent import PeerAgent
from tests.support.sign_in import sign_in_page

from kikimori_core.serving.connection_limiter import ConnectionLimiter, PortLimits
from kikimori_core.serving.limited_port import LimitedPort
from kikimori_dashboard import DashboardSettings, create_app
from kikimori_dashboard.app import LIMITER
from kikimori_dashboard.live import live

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest
    from tests.support.mosquitto import Mosquitto

WITHIN_S = 30
PATIENT = PortLimits(head_within_s=WITHIN_S, body_within_s=WITHIN_S, idle_s=WITHIN_S)
REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"


async def hello(request: web.Request) -> web.Response:
    return web.Response(text=f"hello {len(await request.read())}")


@asynccontextmanager
async def open_port(limiter: ConnectionLimiter) -> AsyncIterator[tuple[str, int]]:
    app = web.Application()
    app.router.add_route("*", "/", hello)
    port = LimitedPort(app, limiter)
    await port.listen("127.0.0.1", 0)
    try:
        yield port.address
    finally:
        await port.close()


class Client:
    """A TCP connection that need not speak HTTP well."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, address: tuple[str, int], source: str = "127.0.0.1") -> Client:
        return cls(*await asyncio.open_connection(*address, local_addr=(source, 0)))

    async def says(self, data: bytes) -> None:
        with suppress(ConnectionError):
            self._writer.write(data)
            await self._writer.drain()

    async def answer(self) -> bytes:
        """Return one answer with its body."""
        async with asyncio.timeout(WITHIN_S):
            head = await self._reader.readuntil(b"\r\n\r\n")
            [length] = [
                int(line.split(b":")[1])
                for line in head.splitlines()
                if line.lower().startswith(b"content-length:")
            ]
            return head + await self._reader.readexactly(length)

    async def rest(self) -> bytes:
        """Return what comes until the server closes."""
        async with asyncio.timeout(WITHIN_S):
            with suppress(ConnectionError):
                return await self._reader.read()
            return b""

    def end(self) -> None:
        """Send nothing more."""
        with suppress(OSError):
            self._writer.write_eof()

    def close(self) -> None:
        self._writer.close()


async def is_served(address: tuple[str, int], source: str = "127.0.0.1") -> None:
    """As soon as the port has seen that others left."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            client = await Client.connect(address, source)
            await client.says(REQUEST)
            answer = await client.answer()
            client.close()
            if b" 200 " in answer.splitlines()[0]:
                return


async def answered(address: tuple[str, int]) -> Client:
    """Return a connection with an answer; a busy machine may need several, as its request came later than is waited for."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            client = await Client.connect(address)
            await client.says(REQUEST)
            try:
                assert b"hello" in await client.answer()
            except (asyncio.IncompleteReadError, ConnectionError):
                client.close()
            else:
                return client


@pytest_asyncio.fixture
async def clients() -> AsyncIterator[list[Client]]:
    """Connections that are closed at the end."""
    opened: list[Client] = []
    yield opened
    for each in opened:
        each.close()


def test_one_too_many_is_told_when_to_come_again(loop_of_the_program: asyncio.Runner) -> None:
    async def scene() -> None:
        limiter = ConnectionLimiter(PortLimits(connections=3, head_within_s=WITHIN_S))
        async with open_port(limiter) as address:
            inside = [await Client.connect(address) for _ in range(3)]
            for each in inside:
                await each.says(REQUEST)
                assert b"hello" in await each.answer()
            late = await Client.connect(address)
            await late.says(REQUEST)
            answer = await late.rest()
            assert b" 503 " in answer.splitlines()[0]
            assert b"Retry-After: 10" in answer
            assert limiter.refused == {"too_many_connections": 1}
            # Those that are inside are served as before, on the same connection.
            await inside[0].says(REQUEST)
            assert b"hello" in await inside[0].answer()
            for each in (*inside, late):
                each.close()
            await is_served(address)

    with loop_of_the_program as runner:
        runner.run(scene())


async def test_an_address_cannot_take_all_the_room(clients: list[Client]) -> None:
    """Loopback stands for other machines here, and 127.0.0.9 for a proxy."""
    limiter = ConnectionLimiter(PATIENT, ["127.0.0.9/32"])
    async with open_port(limiter) as address:
        clients += [await Client.connect(address, "127.0.0.2") for _ in range(PATIENT.per_address)]
        one_more = await Client.connect(address, "127.0.0.2")
        clients.append(one_more)
        assert b" 503 " in await one_more.rest()
        assert limiter.refused == {"too_many_of_address": 1}
        await is_served(address, "127.0.0.3")
        clients += [await Client.connect(address, "127.0.0.9") for _ in range(2 * PATIENT.per_address)]
        await is_served(address, "127.0.0.9")
        clients.pop(0).close()
        await is_served(address, "127.0.0.2")


async def test_loopback_and_a_named_proxy_are_limited_only_in_all() -> None:
    limits = PortLimits(connections=100, per_address=2)
    async with store_of_people() as store:
        limiter = create_app(DashboardSettings(trusted_proxies=("192.0.2.0/24",)), store, limits)[LIMITER]
    for address in ("127.0.0.1", "::1", "::ffff:127.0.0.1", "192.0.2.7"):
        for _ in range(3):
            assert limiter.admit(address) is None
    assert [limiter.admit("198.51.100.1") for _ in range(3)] == [None, None, "too_many_of_address"]
    limiter.release("198.51.100.1")
    assert limiter.admit("198.51.100.1") is None
    assert limiter.admit("192.0.2.7") is None


def test_headers_and_bodies_that_never_end_are_not_waited_for(loop_of_the_program: asyncio.Runner) -> None:
    async def scene() -> None:
        limiter = ConnectionLimiter(PortLimits(head_within_s=0.3, body_within_s=0.3, idle_s=WITHIN_S))
        async with open_port(limiter) as address:
            for begun in (b"", b"GET / HT", REQUEST[:-2]):
                client = await Client.connect(address)
                await client.says(begun)
                assert await client.rest() == b""
                client.close()
            # Neither those of a later request.
            client = await answered(address)
            await client.says(REQUEST[:-2])
            assert await client.rest() == b""
            client.close()
            told = b""
            async with asyncio.timeout(WITHIN_S):
                while not told:  # whose head came too late, on a busy machine, is told nothing
                    client = await Client.connect(address)
                    await client.says(POST + b"12345678")
                    told = await client.rest()
                    client.close()
            assert b" 408 " in told.splitlines()[0]

    with loop_of_the_program as runner:
        runner.run(scene())


async def test_a_header_every_moment_is_no_way_to_stay(clients: list[Client]) -> None:
    """Slowloris: something comes again and again, and the headers never end."""
    async with open_port(ConnectionLimiter(PortLimits(head_within_s=0.5))) as address:
        client = await Client.connect(address)
        clients.append(client)
        await client.says(REQUEST[:-2])
        gone = asyncio.create_task(client.rest())
        async with asyncio.timeout(WITHIN_S):
            while not gone.done():
                await client.says(b"X-A: b\r\n")
                await asyncio.wait([gone], timeout=0.05)
        assert gone.result() == b""


async def test_an_answered_connection_waits_for_the_next_request_and_not_for_ever(
    clients: list[Client],
) -> None:
    async with open_port(ConnectionLimiter(PortLimits(head_within_s=0.2, idle_s=2.0))) as address:
        began = asyncio.get_running_loop().time()
        client = await answered(address)
        clients.append(client)
        assert await client.rest() == b""
        # It was given the time of an idle connection, not that of headers.
        assert asyncio.get_running_loop().time() - began > 1.5


async def test_a_live_socket_that_only_answers_pings_is_not_idle(
    real: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longer than `idle_s` without a change of the picture."""
    monkeypatch.setattr(live, "HEARTBEAT_S", 5.0)
    limits = PortLimits(idle_s=9.0)
    async with (
        PeerAgent(real.settings).running() as agent,
        dashboard(dashboard_settings(real.settings), limits) as url,
        live_client(url) as browser,
    ):
        await browser.until(connected)
        began = asyncio.get_running_loop().time()
        while asyncio.get_running_loop().time() - began < limits.idle_s + 4:
            await browser.next()
        await agent.call("c")
        await browser.until(lambda picture: "c" in picture["calls"])


async def test_two_thousand_slow_connections_and_a_browser_still_works(real: Mosquitto) -> None:
    """They hold what there is, each for ten seconds at most; whoever comes meanwhile is told so, and gets in then."""
    limits = PortLimits()
    async with (
        PeerAgent(real.settings).running() as agent,
        dashboard(dashboard_settings(real.settings), limits) as url,
        chromium() as browser,
        AsyncExitStack() as crowd,
    ):
        await agent.call("before")
        page = await browser.new_page()
        await sign_in_page(page)
        await page.goto(url)
        await expect(page.locator("[data-call=before]")).to_be_visible()
        split = urlsplit(url)
        assert split.hostname is not None
        assert split.port is not None
        began = asyncio.get_running_loop().time()
        slow = [await Client.connect((split.hostname, split.port)) for _ in range(2000)]
        for each in slow:
            crowd.callback(each.close)
        for each in slow:
            await each.says(b"GET /")
        # Who was there goes on.
        await agent.call("during")
        await expect(page.locator("[data-call=during]")).to_be_visible(timeout=WITHIN_S * 1000)
        async with aiohttp.ClientSession(url) as http, asyncio.timeout(3 * WITHIN_S):
            while True:
                async with http.get("/healthz") as answer:
                    if answer.status == 503 and "Retry-After" in answer.headers:
                        await asyncio.sleep(0.5)
                        continue
                    figures = await answer.json()
                    break
        # However long it took: each of these spans of time let in as many as there is room for.
        spans = math.ceil((asyncio.get_running_loop().time() - began) / limits.head_within_s)
        assert figures["connections_refused"] >= 2000 - spans * limits.connections
        other = await browser.new_page()
        await sign_in_page(other)
        await other.goto(url)
        for _ in range(3):  # a part of the page may be refused as long as others hold places
            with suppress(AssertionError):
                await expect(other.locator("[data-call=during]")).to_be_visible(timeout=WITHIN_S * 300)
                return
            await other.reload()
        await expect(other.locator("[data-call=during]")).to_be_visible(timeout=WITHIN_S * 1000)
