"""Somebody with the right to write who floods the broker: MQTT packets made by hand, as fast as the socket takes them."""

from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kikimori_core.wire.settings import BrokerSettings

BATCH = 1000


def publish(topic: str, payload: bytes, *, retain: bool) -> bytes:
    """PUBLISH with QoS 0 (MQTT 3.1.1, section 3.3)."""
    name = topic.encode()
    body = struct.pack(">H", len(name)) + name + payload
    length, left = b"", len(body)
    while True:
        left, digit = divmod(left, 128)
        length += bytes([digit | (0x80 if left else 0)])
        if not left:
            break
    return bytes([0x30 | retain]) + length + body


async def flood(
    settings: BrokerSettings, messages: Iterable[tuple[str, bytes]], *, retain: bool = False
) -> None:
    """Publish all, and leave when the broker has read them."""
    reader, writer = await asyncio.open_connection(settings.host, settings.port)
    client_id = b"flood"
    hello = b"\x00\x04MQTT\x04\x02\x00\x00" + struct.pack(">H", len(client_id)) + client_id
    writer.write(bytes([0x10, len(hello)]) + hello)
    assert await reader.readexactly(4) == b"\x20\x02\x00\x00"
    batch = bytearray()
    for number, (topic, payload) in enumerate(messages, start=1):
        batch += publish(topic, payload, retain=retain)
        if number % BATCH == 0:
            writer.write(bytes(batch))
            batch.clear()
            await writer.drain()
    writer.write(bytes(batch) + b"\xc0\x00")
    # The answer to a ping: everything before it was read.
    assert await reader.readexactly(2) == b"\xd0\x00"
    writer.close()
    await writer.wait_closed()
