"""Answer with a file of a call that the records service sends: passed on piece by piece, and cut like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
from aiohttp import hdrs, web

from kikimori_records.sounds.sound_answer import PIECE

if TYPE_CHECKING:
    from aiohttp import ClientResponse

PASSED_BACK = (hdrs.ETAG, hdrs.ACCEPT_RANGES, hdrs.CONTENT_RANGE)


class PassedSound:
    """One answer; `cut` ends it from outside."""

    def __init__(self, request: web.Request, given: ClientResponse, content_type: str) -> None:
        """It closes the service's answer at its end."""
        self._request = request
        self._given = given
        self._content_type = content_type
        self._is_cut = False

    def cut(self) -> None:
        """Send nothing more; both connections end, and what waits in them is dropped."""
        self._is_cut = True
        self._given.close()
        if self._request.transport is not None:
            self._request.transport.abort()

    async def send(self) -> web.StreamResponse:
        """Send what the service sends: 200, 206, 304 or 416."""
        try:
            return await self._send()
        finally:
            self._given.close()

    async def _send(self) -> web.StreamResponse:
        given = self._given
        headers = {name: given.headers[name] for name in PASSED_BACK if name in given.headers}
        if given.status in (304, 416):
            return web.Response(status=given.status, headers=headers)
        answer = web.StreamResponse(status=given.status, headers=headers)
        answer.content_type = self._content_type
        answer.content_length = given.content_length
        await answer.prepare(self._request)
        if self._request.method != hdrs.METH_HEAD:
            await self._send_bytes(answer)
        return answer

    async def _send_bytes(self, answer: web.StreamResponse) -> None:
        try:
            async for piece in self._given.content.iter_chunked(PIECE):
                if self._is_cut:
                    return
                await answer.write(piece)
        except (aiohttp.ClientPayloadError, aiohttp.ClientConnectionError, TimeoutError):
            # The service is gone: the browser is to see that the answer is not whole.
            self.cut()
        if not self._is_cut:
            await answer.write_eof()
