"""Connection limiter: peers, numbers, messages; an HTTP port that is crowded, mute or slow."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import structlog
from aiohttp import web
from structlog.testing import capture_logs
from tests.support.deadline import WITHIN_S

from kikimori.ports.limiter import PortLimiter
from kikimori.taps.announced.directory import LegDirectory
from kikimori.taps.announced.handler import announce_handler
from kikimori.taps.http_port import MOST_STRANGERS, HttpPort
from kikimori_core.wire.peers import AllowedPeers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ELSEWHERE = AllowedPeers(["192.0.2.0/24"])


def limiter(most: int = 2) -> PortLimiter[str]:
    return PortLimiter(AllowedPeers(), most, refused="x_refused", fault="x_fault")


# --- the limiter


def test_allowed_peers_come_in_until_it_is_full() -> None:
    one = limiter()
    with capture_logs() as logs:
        assert one.admit("a", "127.0.0.1") is None
        assert one.admit("b", "::1") is None
        assert one.admit("c", "127.0.0.1") == "too_many_connections"
        assert one.admit("d", "192.0.2.1") == "peer_not_allowed"
        assert one.admit("e", None) == "peer_not_allowed"
    assert one.admitted == {"a", "b"}
    assert one.refused == 3
    assert {each["event"] for each in logs} == {"x_refused"}
    assert [each["reason"] for each in logs] == [
        "too_many_connections",
        "peer_not_allowed",
        "peer_not_allowed",
    ]


def test_a_released_connection_makes_room() -> None:
    one = limiter(1)
    one.admit("a", "127.0.0.1")
    one.release("a")
    one.release("a")
    assert one.admit("b", "127.0.0.1") is None


def test_a_closed_limiter_admits_nobody() -> None:
    one = limiter()
    one.closed = True
    assert one.admit("a", "127.0.0.1") == "closing"


def test_faults_are_counted_and_told_with_the_call() -> None:
    one = limiter()
    with capture_logs() as logs:
        one.fault("127.0.0.1", "bad", structlog.get_logger().bind(call_id="c"))
    assert one.faults == 1
    assert logs == [
        {"event": "x_fault", "log_level": "warning", "peer": "127.0.0.1", "reason": "bad", "call_id": "c"}
    ]


def test_the_oldest_silent_one_makes_room() -> None:
    ended: list[str] = []
    one = PortLimiter[str](
        AllowedPeers(),
        3,
        refused="x_refused",
        fault="x_fault",
        is_silent=lambda guest: guest.startswith("silent"),
        end=ended.append,
    )
    for guest in ("call", "silent-1", "silent-2"):
        assert one.admit(guest, "127.0.0.1") is None
    assert one.admit("another", "127.0.0.1") is None
    assert ended == ["silent-1"]
    assert one.admitted == {"call", "silent-2", "another"}
    assert one.admit("third", "127.0.0.1") is None
    assert one.admit("fourth", "127.0.0.1") == "too_many_connections"
    assert ended == ["silent-1", "silent-2"]
    assert one.refusals.by_reason() == {"silent_made_room": 2, "too_many_connections": 1}


# --- an HTTP port


@asynccontextmanager
async def http_port(
    peers: AllowedPeers | None = None, *, most: int = 10, asks_within_s: float = WITHIN_S
) -> AsyncIterator[HttpPort]:
    async def hello(_request: web.Request) -> web.Response:
        return web.Response(text="hello")

    app = web.Application()
    app.router.add_get("/", hello)
    app.router.add_post(
        "/v1/legs",
        announce_handler(LegDirectory(asyncio.get_running_loop().time), AllowedPeers(), body_within_s=0.2),
    )
    port = HttpPort(app, peers or AllowedPeers(), most=most, asks_within_s=asks_within_s)
    await port.listen("127.0.0.1", 0)
    try:
        yield port
    finally:
        await port.close()


class Client:
    """A TCP connection that need not speak HTTP well."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, port: HttpPort) -> Client:
        return cls(*await asyncio.open_connection(*port.address))

    async def says(self, data: bytes) -> bytes:
        """Send; return all that comes until the server closes."""
        async with asyncio.timeout(WITHIN_S):
            with suppress(ConnectionError):
                self._writer.write(data)
                return await self._reader.read()
            return b""

    def close(self) -> None:
        self._writer.close()


REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def is_answered(port: HttpPort) -> None:
    """As soon as the port has seen that others left."""
    answer = b""
    async with asyncio.timeout(WITHIN_S):
        while b"hello" not in answer:
            client = await Client.connect(port)
            answer = await client.says(REQUEST)
            client.close()


def test_a_request_is_answered_once(loop_of_the_program: asyncio.Runner) -> None:
    """A thousand requests in one breath get one answer: nobody can ask faster than is answered."""

    async def scene() -> None:
        async with http_port() as port:
            client = await Client.connect(port)
            answer = await client.says(REQUEST * 1000)
            assert answer.count(b"HTTP/1.1 200") == 1
            assert b"Connection: close" in answer
            client.close()

    with loop_of_the_program as runner:
        runner.run(scene())


def test_the_mute_are_closed_and_the_slow_too(loop_of_the_program: asyncio.Runner) -> None:
    async def scene() -> None:
        async with http_port(asks_within_s=0.2) as port:
            for begun in (b"", b"GET / HT", REQUEST[:-2]):
                client = await Client.connect(port)
                assert await client.says(begun) == b""
                client.close()

    with loop_of_the_program as runner:
        runner.run(scene())


def test_a_mute_crowd_makes_room(loop_of_the_program: asyncio.Runner) -> None:
    async def scene() -> None:
        async with http_port(most=3) as port:
            mute = [await Client.connect(port) for _ in range(3)]
            late = await Client.connect(port)
            assert b"hello" in await late.says(REQUEST)
            assert port.turned_away == 1
            for each in (*mute, late):
                each.close()
            await is_answered(port)

    with loop_of_the_program as runner:
        runner.run(scene())


async def test_who_comes_and_goes_is_not_remembered() -> None:
    async with http_port(most=3) as port:
        for _ in range(20):
            (await Client.connect(port)).close()
            await asyncio.sleep(0)
        await is_answered(port)
        assert len(port._mute) <= 2 * 3


async def test_strangers_cannot_take_the_room_of_the_allowed() -> None:
    async with http_port(ELSEWHERE, most=100) as port:
        strangers = [await Client.connect(port) for _ in range(MOST_STRANGERS)]
        one_more = await Client.connect(port)
        assert await one_more.says(REQUEST) == b""
        assert port.turned_away == 1
        # Those that came in are answered by the handlers, which may say why not.
        assert b"hello" in await strangers[0].says(REQUEST)
        for each in (*strangers, one_more):
            each.close()


async def test_a_body_that_never_ends_is_not_waited_for() -> None:
    async with http_port() as port:
        client = await Client.connect(port)
        head = b"POST /v1/legs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
        assert b" 408 " in (await client.says(head + b"{")).splitlines()[0]
        client.close()
