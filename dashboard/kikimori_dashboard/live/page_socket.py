"""Connection of one browser."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from aiohttp import ClientConnectionError

from kikimori_dashboard.access.open_session import SessionEnd

if TYPE_CHECKING:
    from aiohttp import web

log = structlog.get_logger()

SEND_WITHIN_S = 10.0
CLOSE_WITHIN_S = 1.0
"""Seconds in which a browser may answer the end of its session; then the connection is cut."""
CLOSE_CODES = {SessionEnd.OVER: 4401, SessionEnd.RIGHTS_CHANGED: 4403, SessionEnd.STORE_AWAY: 4503}
"""WebSocket close codes: the page goes to the login page, connects again, or says that the database is away."""
SMALL = 16 * 1024
"""Largest message in characters that an empty buffer surely takes without waiting: UTF-8 makes up to three bytes of one."""


@dataclass(slots=True)
class PageSocket:
    """A WebSocket with its transport."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    sender: asyncio.Task[None] | None = None
    """Task that sends, if there is one now."""
    closing: asyncio.Task[None] | None = None

    def takes_at_once(self, message: str) -> bool:
        """Return whether sending a message will not wait for the browser."""
        return (
            self.transport is not None
            and len(message) <= SMALL
            and not self.transport.get_write_buffer_size()
        )

    async def deliver(self, message: str) -> None:
        """Send a message.

        Raises:
            ConnectionError: the browser is gone, or took nothing for `SEND_WITHIN_S`.
        """
        sending = asyncio.ensure_future(self.socket.send_str(message))
        # aiohttp squeezes a large message in a task that outlives its caller. A caller that is cancelled leaves it to
        # fail at a closed connection, and nobody would take that error.
        sending.add_done_callback(_take_error)
        try:
            async with asyncio.timeout(SEND_WITHIN_S):
                await asyncio.shield(sending)
        except TimeoutError:
            log.warning("browser_too_slow")
            # Closing politely would wait for the same full buffer.
            if self.transport is not None:
                self.transport.abort()
            raise ConnectionAbortedError from None

    def end(self, end: SessionEnd) -> None:
        """Send nothing more, and close the connection at the end of its session."""
        if self.sender is not None:
            self.sender.cancel()
        if self.closing is None:
            self.closing = asyncio.create_task(self._close(end), name="session over")

    async def stop(self) -> None:
        """Stop sending, and wait until nothing of it is left."""
        tasks = [each for each in (self.sender, self.closing) if each is not None]
        if self.sender is not None:
            self.sender.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _close(self, end: SessionEnd) -> None:
        try:
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await self.socket.close(code=CLOSE_CODES[end], message=end.value.encode())
        except (TimeoutError, ClientConnectionError, ConnectionError):
            # It does not answer. It gets nothing more all the same, and not even this if it reads nothing.
            if self.transport is not None:
                self.transport.close()
                asyncio.get_running_loop().call_later(SEND_WITHIN_S, self.transport.abort)


def _take_error(task: asyncio.Future[None]) -> None:
    if not task.cancelled():
        task.exception()
