"""Ports of loopback for programs that are told one before they open it, or that are killed and open it again.

A port that is free now may be another's a second later: the kernel gives it to an outgoing connection, or a bench or
test beside this one takes it. So each process takes ports below those that the kernel gives away by itself
(`net.ipv4.ip_local_port_range`), of a block that it alone has on this machine: as long as it lives it holds a name that
the kernel gives once.
"""

from __future__ import annotations

import secrets
import socket
import sys
from contextlib import suppress
from functools import cache
from itertools import chain, cycle

_RANGE = range(10_000, 20_000)
_BLOCK, _SOUND = 250, 100
"""Ports of one process, and how many of them are for sound."""


class _PortBlock:
    """Ports of this process alone."""

    def __init__(self) -> None:
        first = _claimed()
        self.sound = range(first, first + _SOUND)
        self.single = cycle(range(first + _SOUND, first + _BLOCK))


def _claimed() -> int:
    blocks = _RANGE[::_BLOCK]
    start = secrets.randbelow(len(blocks))
    if sys.platform == "linux":
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        for first in chain(blocks[start:], blocks[:start]):
            with suppress(OSError):
                # An abstract name: no file, and the kernel forgets it with the process.
                claim.bind(f"\0kikimori-ports-{first}")
                claim.detach()
                return first
        claim.close()
    return blocks[start]


_block = cache(_PortBlock)


def free_port() -> int:
    """Return a port that nobody has, for UDP and TCP; the same again after 150 others at the earliest."""
    while True:
        port = next(_block().single)
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
            suppress(OSError),
        ):
            udp.bind(("127.0.0.1", port))
            tcp.bind(("127.0.0.1", port))
            return port


def free_ports(count: int) -> list[int]:
    """Return ports that nobody has, none of them twice; `count`: at most 150."""
    return [free_port() for _ in range(count)]


def sound_ports() -> range:
    """Return UDP ports for the sound of a PBX. What another's telephones still send reaches none of them."""
    return _block().sound
