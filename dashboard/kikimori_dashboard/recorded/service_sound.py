"""Files of recorded calls at a records service on another machine, asked for over HTTPS with this dashboard's key."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import quote

import aiohttp
import structlog
from aiohttp import hdrs
from yarl import URL

from kikimori_core.journal.signing import signed_headers, utc_now
from kikimori_core.wire.settings import context_for
from kikimori_records.folder import PEAKS, SOUND
from kikimori_records.sounds.serving import CALLS, STATE
from kikimori_records.sounds.sound_place import SoundState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from kikimori_core.wire.keys import SigningKey

log = structlog.get_logger()

ANSWERS_WITHIN_S = 3.0
"""Longest time in s until the service is connected, and until it answers: somebody waits for the page."""
SILENT_S = 60.0
"""Longest silence of the service in s in the middle of a file."""
AT_ONCE = 32
"""Files that are sent at a time; the service admits so many connections of one address."""
PASSED_ON = (hdrs.RANGE, hdrs.IF_RANGE, hdrs.IF_NONE_MATCH)
"""Headers of a browser that the service answers to."""
_NAMES = {SOUND: "sound", PEAKS: "peaks"}
_GIVEN = (200, 206, 304, 416)


class ServiceSound:
    """Way to the records service. `close` ends its connections."""

    def __init__(self, url: str, key: SigningKey, ca_file: Path | None = None) -> None:
        """Prepare; nothing is connected yet.

        Args:
            url: The service's address, e.g. `https://records.office.example:8770`.
            key: The dashboard's key.
            ca_file: Authority of its certificate; None = the system's.
        """
        self._url = url.rstrip("/")
        self._key = key
        self._ca_file = ca_file
        self._session: aiohttp.ClientSession | None = None
        self._is_silent = False
        """True = it did not answer the last time: said once in the log, as open pages ask again."""

    async def state_of(self, uid: str) -> SoundState:
        """Ask whether the sound of a call can be had."""
        found = await self.ask(hdrs.METH_HEAD, uid, SOUND, {})
        if isinstance(found, SoundState):
            return found
        found.close()
        return SoundState.KEPT

    async def ask(
        self, method: str, uid: str, name: str, headers: Mapping[str, str]
    ) -> aiohttp.ClientResponse | SoundState:
        """Ask for a file of a call; return the answer, which whoever takes it closes, or why there is none.

        Args:
            method: GET or HEAD.
            uid: The call.
            name: Name of the file.
            headers: The browser's; of them those that name a part are passed on.
        """
        path = f"{CALLS}/{quote(uid, safe='')}/{_NAMES[name]}"
        signed = await asyncio.to_thread(signed_headers, self._key, method, path, b"", utc_now())
        asked: dict[str, str] = {each: headers[each] for each in PASSED_ON if each in headers}
        asked |= signed
        asked[hdrs.ACCEPT_ENCODING] = "identity"
        try:
            async with asyncio.timeout(2 * ANSWERS_WITHIN_S):
                session = await self._opened()
                answer = await session.request(
                    method,
                    URL(self._url + path, encoded=True),
                    headers=asked,
                    allow_redirects=False,
                )
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            # Its certificate may be renewed, and so may the file of the authority: begin anew.
            await self.close()
            if not self._is_silent:
                log.warning("records_service_silent", error=type(error).__name__)
            self._is_silent = True
            return SoundState.AWAY
        self._is_silent = False
        if answer.status in _GIVEN:
            return answer
        answer.close()
        return _state(answer)

    async def close(self) -> None:
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            context = await context_for(self._url, self._ca_file)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=context, limit=AT_ONCE),
                timeout=aiohttp.ClientTimeout(
                    total=None, connect=ANSWERS_WITHIN_S, sock_connect=ANSWERS_WITHIN_S, sock_read=SILENT_S
                ),
                auto_decompress=False,
                trust_env=False,
            )
        return self._session


def _state(answer: aiohttp.ClientResponse) -> SoundState:
    """Return what an answer without the file says."""
    said = answer.headers.get(STATE, "")
    if answer.status == 404:
        # A service of an earlier version does not know the path, and names no state.
        return next((each for each in SoundState if each == said), SoundState.ELSEWHERE)
    log.warning("records_service_refuses", status=answer.status)
    return SoundState.NOT_TRUSTED if answer.status in (401, 403) else SoundState.AWAY
