"""Ports for programs that must be told one before they open it."""

from __future__ import annotations

import asyncio

from kikimori_lab.bench.ports import free_port, sound_ports

__all__ = ["answers", "free_port", "sound_ports"]


async def answers(port: int) -> bool:
    """Return whether a program takes connections on a port of loopback."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True
