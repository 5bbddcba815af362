"""Way from an agent to the pages of a dashboard: address, authority of its certificate, signature."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from kikimori_core.journal.signing import signed_headers
from kikimori_core.wire.listening import stream_origin
from kikimori_core.wire.settings import context_for
from kikimori_core.wire.sound_frames import STREAM_PATH

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kikimori_core.wire.keys import SigningKey

CONNECT_S = 5.0
MOST_FROM_DASHBOARD = 1024
"""Largest message from a dashboard in bytes."""


@dataclass(frozen=True, slots=True)
class PagesInside:
    """Pages that are served by the same process."""

    url: Callable[[], str | None]
    """Returns their address; None = they are not served yet."""
    host: str
    """Address on which they listen: the name in `url` need not be known on this machine."""
    ca_file: Path | None
    """Authority of their certificate."""


class FixedResolver(AbstractResolver):
    """Gives one address for every name; the name is still the one that the certificate must have."""

    def __init__(self, host: str) -> None:
        self._host = host

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        return [
            {
                "hostname": host,
                "host": self._host,
                "port": port,
                "family": family,
                "proto": 0,
                "flags": socket.AI_NUMERICHOST,
            }
        ]

    async def close(self) -> None: ...


class PagesWay:
    """Opens streams to a dashboard. Use each session once."""

    def __init__(
        self, agent_id: str, key: SigningKey, ca_file: Path | None, inside: PagesInside | None = None
    ) -> None:
        """`key`: the agent's; `ca_file`: None = the system's authorities; `inside`: the pages of this process."""
        self._agent_id = agent_id
        self._key = key
        self._inside = inside
        self._ca_file = ca_file if inside is None else inside.ca_file or ca_file

    def origin(self, asked: str) -> str | None:
        """Return the address to which sound may be sent; None where there is none. `asked`: by the dashboard."""
        url = asked if self._inside is None else self._inside.url()
        return None if url is None else stream_origin(url)

    async def session(self, origin: str) -> aiohttp.ClientSession:
        """Return a session for one stream; raises OSError when the authority cannot be read."""
        context = await context_for(origin, self._ca_file)
        resolver = None if self._inside is None else FixedResolver(self._inside.host)
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context, limit=1, resolver=resolver),
            timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_S, sock_connect=CONNECT_S),
            trust_env=False,
        )

    async def connect(
        self, session: aiohttp.ClientSession, origin: str, ticket: str
    ) -> aiohttp.ClientWebSocketResponse:
        """Open a stream.

        Raises:
            aiohttp.ClientError: the dashboard refuses, or is no dashboard.
            OSError: it cannot be reached.
            TimeoutError: it does not answer.
        """
        path = STREAM_PATH.format(agent_id=self._agent_id, ticket=ticket)
        headers = await asyncio.to_thread(signed_headers, self._key, "GET", path, b"", datetime.now(UTC))
        async with asyncio.timeout(CONNECT_S):
            # A redirect would lead the signature elsewhere.
            return await session.ws_connect(
                origin + path, headers=headers, origin=origin, max_msg_size=MOST_FROM_DASHBOARD
            )


def host_of(origin: str) -> str:
    """Return the name in an address, for a log."""
    return urlsplit(origin).hostname or ""
