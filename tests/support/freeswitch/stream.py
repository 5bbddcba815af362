"""A channel's audio on its way to a media server, as mod_audio_fork and mod_audio_stream send it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import aiohttp
import numpy as np

FRAME_S = 0.02


class AudioStream:
    """One WebSocket: metadata as text if there is any, then s16le in binary messages of 20 ms.

    mod_audio_fork asks for the subprotocol. Whether mod_audio_stream asks for compression hangs on a variable that it
    never sets (audio_streamer_glue.cpp, `deflate`); the real one did not, this one does. `connected` fails when refused.
    """

    def __init__(self, url: str, mix: str, rate: int, *, subprotocol: bool, metadata: str = "") -> None:
        self.url = url
        self.mix = mix
        self.rate = rate
        self._subprotocol = subprotocol
        self._metadata = metadata
        self._session: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self.connected = asyncio.Event()
        self.refused = False

    @property
    def socket(self) -> aiohttp.ClientWebSocketResponse:
        assert self._socket is not None
        return self._socket

    async def connect(self) -> None:
        self._session = aiohttp.ClientSession()
        try:
            self._socket = await self._session.ws_connect(
                self.url,
                protocols=("audio.drachtio.org",) if self._subprotocol else (),
                compress=0 if self._subprotocol else 15,
                timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
            )
        except aiohttp.ClientError:
            self.refused = True
            await self._session.close()
            return
        if self._metadata:
            await self._socket.send_str(self._metadata)
        self.connected.set()

    async def send(self, first: bytes, second: bytes = b"") -> None:
        """Send what the channel says and, for stereo, what it hears."""
        await self.connected.wait()
        pcm = first
        channels = 1
        if self.mix == "stereo":
            channels = 2
            pcm = np.column_stack((np.frombuffer(first, "<i2"), np.frombuffer(second, "<i2"))).tobytes()
        size = round(self.rate * FRAME_S) * 2 * channels
        with suppress(ConnectionError, aiohttp.ClientError):
            for at in range(0, len(pcm), size):
                await self.socket.send_bytes(pcm[at : at + size])

    async def close(self) -> None:
        """End it as the modules do at the end of a call."""
        if self._socket is not None:
            await self._socket.close(code=1000)
        if self._session is not None:
            await self._session.close()

    def abort(self) -> None:
        """Cut the network: the connection is aborted without a close."""
        connection = self.socket._response.connection
        if connection is not None and connection.transport is not None:
            connection.transport.abort()
