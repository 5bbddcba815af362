"""The port of HTTPS over real sockets: slow handshakes, garbage, a crowd and plain HTTP keep nobody out."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from tests.dashboard.test_port import REQUEST, WITHIN_S, Client
from tests.support.https import open_https

from kikimori_core.serving.connection_limiter import ConnectionLimiter, PortLimits

if TYPE_CHECKING:
    from tests.support.https import OfficeCertificate

CLIENT_HELLO = bytes.fromhex("16030100c8010000c40303")
"""Beginning of a ClientHello of 200 bytes."""


async def secured(address: tuple[str, int], pair: OfficeCertificate) -> Client:
    return Client(*await asyncio.open_connection(*address, ssl=pair.trusting()))


async def is_served(address: tuple[str, int], pair: OfficeCertificate) -> None:
    """As soon as the port has seen that others left, and this machine is as quick as its limits ask."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            client = await until_secured(address, pair)
            await client.says(REQUEST)
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                assert b"https 0" in await client.answer()
                client.close()
                return
            client.close()


async def until_secured(address: tuple[str, int], pair: OfficeCertificate) -> Client:
    """Connect as soon as the port lets somebody in."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            with suppress(OSError):
                return await secured(address, pair)
            await asyncio.sleep(0.05)


async def until_open(limiter: ConnectionLimiter, number: int) -> None:
    async with asyncio.timeout(WITHIN_S):
        while limiter.open != number:  # noqa: ASYNC110  (a counter tells nobody)
            await asyncio.sleep(0.01)


def test_tls_and_plain_http_are_told_apart(
    loop_of_the_program: asyncio.Runner, pair: OfficeCertificate
) -> None:
    async def scene() -> None:
        limiter = ConnectionLimiter(PortLimits())
        async with open_https(limiter, pair) as address:
            client = await secured(address, pair)
            for _ in range(2):  # a request after another on one connection
                await client.says(REQUEST)
                assert b"https 0" in await client.answer()
            plain = await Client.connect(address)
            await plain.says(REQUEST)
            assert b"http 0" in await plain.answer()
            assert limiter.open == 2
            client.close()
            plain.close()
            await until_open(limiter, 0)

    with loop_of_the_program as runner:
        runner.run(scene())


def test_a_handshake_counts_before_it_is_made(
    loop_of_the_program: asyncio.Runner, pair: OfficeCertificate
) -> None:
    """Connections that say nothing, or only the beginning of a ClientHello, take the room that others have too."""

    async def scene() -> None:
        limits = PortLimits(connections=3, head_within_s=WITHIN_S, idle_s=2 * WITHIN_S)
        limiter = ConnectionLimiter(limits)
        async with open_https(limiter, pair) as address:
            inside = await secured(address, pair)
            mute, slow = [await Client.connect(address) for _ in range(2)]
            await slow.says(CLIENT_HELLO)
            await until_open(limiter, 3)
            with pytest.raises(OSError):
                await secured(address, pair)
            assert limiter.refused == {"too_many_connections": 1}
            # Who was there goes on.
            await inside.says(REQUEST)
            assert b"https 0" in await inside.answer()
            for each in (mute, slow):
                each.close()
            await is_served(address, pair)
            inside.close()
            await until_open(limiter, 0)

    with loop_of_the_program as runner:
        runner.run(scene())


def test_a_handshake_that_never_ends_is_not_waited_for(
    loop_of_the_program: asyncio.Runner, pair: OfficeCertificate
) -> None:
    async def scene() -> None:
        limiter = ConnectionLimiter(PortLimits(head_within_s=0.3))
        async with open_https(limiter, pair) as address:
            for begun in (b"", CLIENT_HELLO, b"GET / HT"):
                client = await Client.connect(address)
                await client.says(begun)
                assert await client.rest() == b""
                client.close()
            # Nor are the headers behind a good one.
            client = await until_secured(address, pair)
            await client.says(REQUEST[:-2])
            assert await client.rest() == b""
            client.close()
            await until_open(limiter, 0)
            await is_served(address, pair)

    with loop_of_the_program as runner:
        runner.run(scene())


def test_garbage_ends_its_own_connection_alone(
    loop_of_the_program: asyncio.Runner, pair: OfficeCertificate
) -> None:
    async def scene() -> None:
        limiter = ConnectionLimiter(PortLimits())
        async with open_https(limiter, pair) as address:
            inside = await secured(address, pair)
            for garbage in (
                b"\x16" + bytes(500),
                b"\x16\x03\x01\x00\x05hello",
                CLIENT_HELLO + b"\xff" * 600,
                b"\x80\x2e\x01\x00\x02" + b"\x00" * 60,  # the ClientHello of SSL 2
                b"\x00\x01\x02",
                b"SSH-2.0-x\r\n\r\n",
            ):
                client = await Client.connect(address)
                await client.says(garbage)
                client.end()
                answer = await client.rest()
                assert not answer or answer.startswith((b"\x15", b"HTTP/1.1 400 "))
                client.close()
            await inside.says(REQUEST)
            assert b"https 0" in await inside.answer()
            inside.close()
            await until_open(limiter, 0)
            await is_served(address, pair)

    with loop_of_the_program as runner:
        runner.run(scene())


@pytest.mark.filterwarnings("ignore:.*TLSv1_1:DeprecationWarning")
async def test_what_is_spoken(pair: OfficeCertificate) -> None:
    """TLS 1.2 and 1.3 and HTTP/1.1, of Python's cipher suites at OpenSSL's security level 2."""
    async with open_https(ConnectionLimiter(PortLimits()), pair) as address:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = pair.trusting()
            context.minimum_version = context.maximum_version = version
            _, writer = await asyncio.open_connection(*address, ssl=context)
            assert writer.get_extra_info("ssl_object").version() == f"TLSv1.{version - 0x301}"
            writer.close()
        old = pair.trusting()
        old.set_ciphers("ALL:@SECLEVEL=0")
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        weak = pair.trusting()
        weak.maximum_version = ssl.TLSVersion.TLSv1_2
        weak.set_ciphers("AES128-SHA:@SECLEVEL=0")  # no forward secrecy
        for each in (old, weak):
            with pytest.raises(OSError):
                await asyncio.open_connection(*address, ssl=each)
