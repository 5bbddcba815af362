"""Ports for programs that must be told one before they open it."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from contextlib import suppress
from itertools import cycle
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_RANGE = range(10_000, 20_000)
"""Opened seconds later, so none of those that the kernel gives to others meanwhile (`net.ipv4.ip_local_port_range`)."""


def _candidates() -> Iterator[int]:
    """Give ports of this worker alone: another one may have got the same and not opened it yet."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    own = _RANGE[worker :: int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))]
    start = secrets.randbelow(len(own))
    return cycle((*own[start:], *own[:start]))


_CANDIDATES = _candidates()


def free_port() -> int:
    """Return a port of loopback that nobody has, for UDP and TCP; not the same twice."""
    while True:
        port = next(_CANDIDATES)
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
            suppress(OSError),
        ):
            udp.bind(("127.0.0.1", port))
            tcp.bind(("127.0.0.1", port))
            return port


async def answers(port: int) -> bool:
    """Return whether a program takes connections on a port of loopback."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True
