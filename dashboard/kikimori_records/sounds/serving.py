"""HTTP interface by which a dashboard on another machine hears recorded calls: `/v1/calls/{uid}/sound` and `…/peaks`.

Requests are signed as an agent's are, with a key that is trusted for this alone: what an agent may deliver with gives no
sound. `GET /v1/calls` answers who is trusted. The dashboard decides who may hear what, and notes it in the audit.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog
from aiohttp import web

from kikimori_core.journal.signing import BODY, KEY, body_hash, check_head, utc_now
from kikimori_core.journal.sink import RefusalCode
from kikimori_records.calls.queries import head_of
from kikimori_records.errors import StoreError
from kikimori_records.folder import PEAKS, SOUND
from kikimori_records.sounds.sound_answer import SoundAnswer
from kikimori_records.sounds.sound_place import SoundState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from kikimori_core.wire.key_store import TrustStore
    from kikimori_records.sounds.sound_place import SoundPlace
    from kikimori_records.store import Store

    Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = structlog.get_logger()

CALLS = "/v1/calls"
STATE = "Kikimori-Sound"
"""Header of an answer without sound: the `SoundState`, also where it has no body."""
_NO_BODY = body_hash(b"")


class SoundServing:
    """Routes of the interface."""

    def __init__(
        self, store: Store, place: SoundPlace, trust: TrustStore, now: Callable[[], datetime] = utc_now
    ) -> None:
        """`trust`: keys of the dashboards; `now`: clock with which the time of a request is compared."""
        self._store = store
        self._place = place
        self._trust = trust
        self._now = now

    def add_to(self, app: web.Application) -> None:
        app.router.add_get(CALLS, self._for_trusted(self._trusts), allow_head=False)
        app.router.add_get(f"{CALLS}/{{uid}}/sound", self._for_trusted(self._sound))
        app.router.add_get(f"{CALLS}/{{uid}}/peaks", self._for_trusted(self._peaks))

    def _for_trusted(self, answer: Answer) -> Answer:
        async def checked(request: web.Request) -> web.StreamResponse:
            # No name: any dashboard's key. The path is as it was sent, as it was signed.
            given = (request.headers, request.method, request.rel_url.raw_path, None)
            found = await asyncio.to_thread(check_head, *given, self._trust, self._now())
            if found is None and (request.can_read_body or request.headers.get(BODY) != _NO_BODY):
                found = RefusalCode.BODY_ALTERED
            if found is None and request.query_string:
                found = RefusalCode.REQUEST_WRONG
            if found is not None:
                log.warning("sound_request_refused", code=str(found), peer=request.remote)
                return web.json_response({"code": str(found)}, status=401)
            try:
                return await answer(request)
            except StoreError:
                return web.json_response({"code": str(RefusalCode.NOT_READY)}, status=503)

        return checked

    async def _trusts(self, request: web.Request) -> web.Response:
        """Say that the key of the request is trusted."""
        return web.json_response({"trusted": self._trust.named(request.headers[KEY])})

    async def _sound(self, request: web.Request) -> web.StreamResponse:
        """Send a call's sound, whole or in part."""
        return await self._file(request, SOUND)

    async def _peaks(self, request: web.Request) -> web.StreamResponse:
        """Send the file for the waveform of a call."""
        return await self._file(request, PEAKS)

    async def _file(self, request: web.Request, name: str) -> web.StreamResponse:
        call = await head_of(self._store, request.match_info["uid"])
        opened = (
            SoundState.NONE if call is None else await asyncio.to_thread(self._place.open_kept, call, name)
        )
        if isinstance(opened, SoundState):
            return web.Response(status=404, headers={STATE: str(opened)})
        return await SoundAnswer(request, opened, "application/octet-stream").send()
