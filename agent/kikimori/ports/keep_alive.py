"""TCP keep-alive: the loss of a silent peer is found in two minutes, not in the kernel's two hours."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

IDLE_S, AGAIN_S, TIMES = 60, 15, 4
"""Seconds without a byte before the kernel asks, seconds between questions, and their number before it gives
up."""


def keep_alive(transport: asyncio.BaseTransport) -> None:
    """Have the kernel check a silent TCP peer."""
    sock = transport.get_extra_info("socket")
    if sock is None:
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, IDLE_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, AGAIN_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, TIMES)
