"""Records service behind HTTPS, as a receiver of journals."""

from __future__ import annotations

import asyncio
import io
import json
from typing import TYPE_CHECKING, Any

import aiohttp

from kikimori_core.journal.signing import signed_headers, utc_now
from kikimori_core.journal.sink import RefusalCode, SinkAwayError, SinkRefusal
from kikimori_core.wire.settings import context_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from kikimori_core.wire.keys import SigningKey

CONNECT_S = 10.0
ANSWER_S = 60.0
"""Longest silence of the service in s."""
REQUEST_S = 180.0
"""Longest time of a whole request in s."""
MOST_ANSWER = 64 * 1024
"""Most bytes of an answer that are read."""


class HttpsSink:
    """A `kikimori_core.journal.sink.JournalSink`. `close` ends its connection."""

    def __init__(
        self,
        url: str,
        key: SigningKey,
        ca_file: Path | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Prepare; nothing is connected yet.

        Args:
            url: The service's address, e.g. `https://records.office.example:8770`.
            key: The agent's key.
            ca_file: Authority of its certificate; None = the system's.
            now: Clock.
        """
        self._url = url.rstrip("/")
        self._key = key
        self._ca_file = ca_file
        self._now = now
        self._session: aiohttp.ClientSession | None = None

    async def position(self, agent_id: str, run: str) -> int:
        """Ask for the number of the next record wanted; see `JournalSink`."""
        return _acknowledged(await self._ask("GET", f"/v1/journals/{agent_id}/{run}", b""))

    async def deliver(self, agent_id: str, run: str, first: int, frames: bytes) -> int:
        """Send frames; see `JournalSink`."""
        return _acknowledged(await self._ask("POST", f"/v1/journals/{agent_id}/{run}/{first}", frames))

    async def erased(self, agent_id: str, run: str) -> tuple[int, ...]:
        """Ask which calls are erased; see `JournalSink`. A service of an earlier version does not say: none."""
        try:
            said = await self._ask("GET", f"/v1/journals/{agent_id}/{run}/erased", b"")
        except SinkRefusal as error:
            if error.code is RefusalCode.REQUEST_WRONG:
                return ()
            raise
        keys = said.get("erased")
        return tuple(each for each in keys if type(each) is int) if isinstance(keys, list) else ()

    async def close(self) -> None:
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def _ask(self, method: str, path: str, body: bytes) -> dict[str, Any]:
        """Return what the service answers; raises SinkRefusal for a problem, SinkAwayError for what is no answer."""
        headers = await asyncio.to_thread(signed_headers, self._key, method, path, body, self._now())
        if body:
            headers["Content-Type"] = "application/octet-stream"
        try:
            session = await self._opened()
            async with session.request(
                method,
                self._url + path,
                data=io.BytesIO(body) if body else None,
                headers=headers,
                allow_redirects=False,
            ) as answer:
                said = await answer.content.read(MOST_ANSWER)
                status = answer.status
        # The service's certificate may be renewed, and so may the file of the authority: begin anew each time.
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            await self.close()
            raise SinkAwayError(_reason(error)) from error
        return _answered(status, said)

    async def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            context = await context_for(self._url, self._ca_file)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=context, limit=1),
                timeout=aiohttp.ClientTimeout(
                    total=REQUEST_S, sock_connect=CONNECT_S, connect=CONNECT_S, sock_read=ANSWER_S
                ),
                trust_env=False,
            )
        return self._session


def _acknowledged(said: dict[str, Any]) -> int:
    number = said.get("acknowledged")
    if type(number) is int and number >= 0:
        return number
    raise SinkAwayError("no number in the answer")


def _answered(status: int, body: bytes) -> dict[str, Any]:
    said = _said(body)
    if status == 200:
        return said
    try:
        code = RefusalCode(said.get("code", ""))
    except ValueError:
        raise SinkAwayError(f"HTTP {status}") from None
    wanted = said.get("wanted")
    raise SinkRefusal(
        code, wanted=wanted if type(wanted) is int else None, detail=str(said.get("detail", ""))[:200]
    )


def _said(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _reason(error: Exception) -> str:
    """Return an error in words for people; some carry none."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(error) or type(error).__name__
