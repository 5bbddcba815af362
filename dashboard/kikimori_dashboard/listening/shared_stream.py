"""Stream of one call from its agent, shared by all who listen to it at this dashboard."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog
from aiohttp import ClientConnectionError, WSCloseCode, WSMsgType

from kikimori_core.wire.sound_frames import (
    KEEP,
    KEEP_EVERY_S,
    SoundFrameError,
    SoundFrameKind,
    checked,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from kikimori_dashboard.listening.listener import BrowserListener

log = structlog.get_logger()

CALL_OVER, STREAM_LOST, STREAM_BROKEN, NOT_ALLOWED = (
    "call_over",
    "stream_lost",
    "stream_broken",
    "not_allowed",
)
LOOK_EVERY_S = 0.5
"""Interval in s between looks at the rights of those who listen."""


class SharedStream:
    """A stream that is asked for, or runs."""

    def __init__(
        self, call_id: str, agent_id: str, ticket: str, allowed: Callable[[BrowserListener], bool]
    ) -> None:
        """`allowed`: whether somebody may still listen: the call may be another team's by now."""
        self.call_id = call_id
        self.agent_id = agent_id
        self.ticket = ticket
        self.listeners: dict[int, BrowserListener] = {}
        self.over = False
        self.taken = False
        """True after its agent came: a ticket opens one stream."""
        self._allowed = allowed
        self._socket: web.WebSocketResponse | None = None

    async def follow(self, socket: web.WebSocketResponse) -> None:
        """Pass on the messages of the agent until the end of the stream."""
        self._socket = socket
        keeping = asyncio.create_task(self._keep(socket), name="sound keep")
        reason = STREAM_LOST
        try:
            async for message in socket:
                if message.type is not WSMsgType.BINARY:
                    raise SoundFrameError("no sound")  # noqa: TRY301 - handled as any other wrong message
                await self._pass_on(message.data)
            if socket.close_code == WSCloseCode.OK:
                reason = CALL_OVER
        except SoundFrameError as error:
            log.warning("sound_frame_wrong", agent_id=self.agent_id, reason=str(error))
            reason = STREAM_BROKEN
            await socket.close(code=WSCloseCode.PROTOCOL_ERROR)
        finally:
            self.over = True
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            await self.end(reason)

    async def _pass_on(self, message: bytes) -> None:
        kind, number = checked(message)
        if kind is SoundFrameKind.LIVE:
            for listener in tuple(self.listeners.values()):
                await listener.give(kind, message)
        elif (asked := self.listeners.get(number)) is not None:
            await asked.give(kind, message)

    async def _keep(self, socket: web.WebSocketResponse) -> None:
        """Tell the agent that somebody listens, and end what is no longer allowed."""
        loop = asyncio.get_running_loop()
        kept_at = -KEEP_EVERY_S
        try:
            while True:
                for listener in tuple(self.listeners.values()):
                    if not self._allowed(listener):
                        await listener.end(NOT_ALLOWED)
                if self.listeners and loop.time() - kept_at >= KEEP_EVERY_S:
                    kept_at = loop.time()
                    await socket.send_str(KEEP)
                await asyncio.sleep(LOOK_EVERY_S)
        except (ClientConnectionError, ConnectionError):
            return

    async def end(self, reason: str) -> None:
        """End it for all who listen."""
        self.over = True
        await asyncio.gather(*(each.end(reason) for each in tuple(self.listeners.values())))

    async def close(self) -> None:
        """Close the agent's connection: nobody listens any more."""
        self.over = True
        if self._socket is not None:
            await self._socket.close(code=WSCloseCode.OK)
