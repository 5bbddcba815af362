"""Connection of one browser that goes away while a large message is squeezed for it."""

from __future__ import annotations

import asyncio
import gc
import os
from typing import Any

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from kikimori_dashboard.live.page_socket import PageSocket

SQUEEZES = "_send_compressed_frame_async_locked"
"""Name of aiohttp's coroutine that squeezes a large message in a thread, and then sends it."""
LARGE = os.urandom(2_000_000).hex()


def squeezing() -> list[asyncio.Task[Any]]:
    return [each for each in asyncio.all_tasks() if SQUEEZES in repr(each)]


async def test_nothing_is_left_to_fail() -> None:
    loop = asyncio.get_running_loop()
    faults: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _loop, context: faults.append(context))
    opened: asyncio.Future[PageSocket] = loop.create_future()
    over = asyncio.Event()

    async def handle(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        opened.set_result(PageSocket(socket, request.transport))
        await over.wait()
        return socket

    application = web.Application()
    application.router.add_get("/", handle)
    async with (
        TestServer(application) as server,
        ClientSession() as client,
        client.ws_connect(server.make_url("/"), compress=15),
    ):
        page = await opened
        page.sender = asyncio.create_task(page.deliver(LARGE))
        while not squeezing():  # noqa: ASYNC110 - no event tells it
            await asyncio.sleep(0)
        assert page.transport is not None
        page.transport.abort()
        await page.stop()
        while left := squeezing():
            await asyncio.wait(left)
        page.sender = None  # it holds the task that squeezes, which complains when it goes
        over.set()
    gc.collect()
    await asyncio.sleep(0)
    assert faults == []
