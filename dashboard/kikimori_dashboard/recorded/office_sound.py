"""Sound of recorded calls: from the folder of the records on this machine, else from the records service elsewhere."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from kikimori_dashboard.recorded.passed_sound import PassedSound
from kikimori_dashboard.recorded.service_sound import ServiceSound
from kikimori_records.folder import SOUND
from kikimori_records.sounds.sound_answer import SoundAnswer
from kikimori_records.sounds.sound_place import SoundPlace, SoundState

if TYPE_CHECKING:
    from aiohttp import web

    from kikimori_core.journal.settings import RecordsTable
    from kikimori_core.wire.keys import SigningKey
    from kikimori_records.calls.queries import RecordedCall
    from kikimori_records.settings import StoreSettings

NOT_HERE = (SoundState.ELSEWHERE, SoundState.NOT_READABLE)
"""States in which the records service is asked, where there is one."""
AUDIO, BYTES = "audio/flac", "application/octet-stream"


class CutAnswer(Protocol):
    """Answer with a file that can be ended from outside."""

    def cut(self) -> None:
        """Send nothing more."""
        ...

    async def send(self) -> web.StreamResponse:
        """Send what the request asks for."""
        ...


class OfficeSound:
    """Files of recorded calls as this dashboard can have them. `close` ends connections to the records service."""

    def __init__(self, records: RecordsTable, store: StoreSettings, key: SigningKey) -> None:
        """`key`: this dashboard's, for the records service of `[records] url`."""
        self._place = SoundPlace(records, store)
        self._service = None if records.url is None else ServiceSound(records.url, key, records.ca_file)

    async def state_of(self, call: RecordedCall) -> SoundState:
        """Return whether a call's sound can be heard, or why not."""
        found = await asyncio.to_thread(self._place.state_of, call)
        if found in NOT_HERE and self._service is not None:
            return await self._service.state_of(call.uid)
        return found

    async def open(self, request: web.Request, call: RecordedCall, name: str) -> CutAnswer | SoundState:
        """Return the answer with a file of a call that has sound, or why there is none."""
        content_type = AUDIO if name == SOUND else BYTES
        found = await asyncio.to_thread(self._place.open_kept, call, name)
        if not isinstance(found, SoundState):
            return SoundAnswer(request, found, content_type)
        if found not in NOT_HERE or self._service is None:
            return found
        given = await self._service.ask(request.method, call.uid, name, request.headers)
        return given if isinstance(given, SoundState) else PassedSound(request, given, content_type)

    async def close(self) -> None:
        if self._service is not None:
            await self._service.close()
