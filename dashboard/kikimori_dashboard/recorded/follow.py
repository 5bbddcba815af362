"""Connection of a page that has a recorded call open: how the call stands, and the end of the rights to it."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING

from aiohttp import ClientConnectionError, WSCloseCode, web

from kikimori_dashboard.access.open_session import SESSION
from kikimori_dashboard.live.page_socket import PageSocket

if TYPE_CHECKING:
    from kikimori_dashboard.recorded.open_calls import CallStanding, OpenCalls

BEAT_S = 2.0
"""Longest time in s without a message; a page that hears nothing for some of them stops playing."""


async def follow(request: web.Request, uid: str, open_calls: OpenCalls) -> web.WebSocketResponse:
    """Send the standing of a call at each change, and every two seconds, until the page leaves or its rights change."""
    socket = web.WebSocketResponse(max_msg_size=1024)
    await socket.prepare(request)
    page = PageSocket(socket, request.transport)
    told: asyncio.Queue[CallStanding] = asyncio.Queue(maxsize=1)

    def tell(standing: CallStanding) -> None:
        with suppress(asyncio.QueueEmpty):
            told.get_nowait()
        told.put_nowait(standing)

    page.sender = asyncio.create_task(_send(page, told), name="history page")
    try:
        with request[SESSION].watched(page.end), open_calls.followed(uid, tell):
            async for _message in socket:
                await socket.close(code=WSCloseCode.POLICY_VIOLATION)
    except (ClientConnectionError, ConnectionError):
        pass
    finally:
        await page.stop()
    return socket


async def _send(page: PageSocket, told: asyncio.Queue[CallStanding]) -> None:
    """Send standings; each is told twice a second or so, and sent when it differs, or as a beat."""
    loop = asyncio.get_running_loop()
    last: CallStanding | None = None
    sent_at = 0.0
    with suppress(ClientConnectionError, ConnectionError):
        while not page.socket.closed:
            standing = await told.get()
            if standing == last and loop.time() - sent_at < BEAT_S - 0.5:
                continue
            last, sent_at = standing, loop.time()
            await page.deliver(json.dumps({"type": "standing", **standing.view()}))
