"""A WebSocket channel of Asterisk as chan_websocket drives it: announced over HTTP, then one connection with its leg.

Written from what a real one sent (`tests/integrations/chan_websocket/data/chan_websocket.json`, `tests/integrations/chan_websocket/test_real_chan_websocket.py`), not
from the agent's code. It offers the subprotocol `media`, says MEDIA_START, sends 20 ms a message, answers a close.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import struct
from pathlib import Path
from typing import Any

import aiohttp

CAPTURED: dict[str, Any] = json.loads(
    (
        Path(__file__).parents[1] / "integrations" / "chan_websocket" / "data" / "chan_websocket.json"
    ).read_text(encoding="utf-8")
)

_ACCEPT = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

TEXT, BINARY, CLOSE, PING = 0x1, 0x2, 0x8, 0x9


class WebSocketChannel:
    """Connected and upgraded. Frames are written by hand, so that broken ones can be sent too."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, channel_id: str) -> None:
        self.reader = reader
        self.writer = writer
        self.channel_id = channel_id

    @classmethod
    async def connect(
        cls, address: tuple[str, int], channel_id: str, *, path: str = "/media"
    ) -> WebSocketChannel:
        """Raises ConnectionRefusedError when the upgrade is refused."""
        reader, writer = await asyncio.open_connection(*address)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            line.replace("KEY", key).replace("HOST", f"{address[0]}:{address[1]}")
            for line in CAPTURED["upgrade"]
        ]
        lines[0] = lines[0].replace("/media", path)
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        if " 101 " not in head.splitlines()[0]:
            writer.close()
            raise ConnectionRefusedError(head.splitlines()[0])
        accept = base64.b64encode(hashlib.sha1((key + _ACCEPT).encode()).digest()).decode()  # noqa: S324  (RFC 6455)
        assert f"Sec-WebSocket-Accept: {accept}" in head
        assert "Sec-WebSocket-Protocol: media" in head
        return cls(reader, writer, channel_id)

    def start(self, format_: str = "slin", *, as_json: bool = False) -> None:
        """Say what every channel says first."""
        size = {"slin": 320, "slin16": 640, "ulaw": 160, "alaw": 160, "g722": 160}.get(format_, 320)
        text = CAPTURED["json" if as_json else "words"]["MEDIA_START"]
        self.text(
            text.replace("1763000000.4", self.channel_id).replace("slin16", format_).replace("640", str(size))
        )

    def key(self, digit: str, *, as_json: bool = False) -> None:
        text = CAPTURED["json" if as_json else "words"]["DTMF_END"]
        self.text(text.replace("1763000000.4", self.channel_id).replace("DIGIT", digit))

    def text(self, text: str) -> None:
        self.frame(TEXT, text.encode())

    def media(self, payload: bytes) -> None:
        self.frame(BINARY, payload)

    def goodbye(self) -> None:
        """Send what Asterisk sends when the channel hangs up."""
        self.frame(CLOSE, struct.pack(">H", 1000))

    def frame(self, opcode: int, payload: bytes) -> None:
        size = len(payload)
        mask = os.urandom(4)
        if size < 126:
            head = struct.pack(">BB", 0x80 | opcode, 0x80 | size)
        elif size < 65536:
            head = struct.pack(">BBH", 0x80 | opcode, 0x80 | 126, size)
        else:
            head = struct.pack(">BBQ", 0x80 | opcode, 0x80 | 127, size)
        key = (mask * (size // 4 + 1))[:size]
        masked = (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")
        self.writer.write(head + mask + masked)

    async def closed_with(self) -> int | None:
        """Read until the agent says goodbye and return its code; None when it only closes. Answers as Asterisk does."""
        try:
            while True:
                head, size = await self.reader.readexactly(2)
                payload = await self.reader.readexactly(size & 0x7F)
                if head & 0x0F == CLOSE:
                    self.frame(CLOSE, payload[:2])
                    return int.from_bytes(payload[:2], "big")
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        finally:
            self.writer.close()


async def announce(address: tuple[str, int], channel_id: str, **fields: str) -> int:
    """Say whose voice `channel_id` will carry, as the dialplan does; return the HTTP status."""
    url = f"http://{address[0]}:{address[1]}/v1/legs"
    async with aiohttp.ClientSession() as http, http.post(url, data={**fields, "leg": channel_id}) as answer:
        if answer.status == 201:
            assert await answer.text() == channel_id
        return answer.status
