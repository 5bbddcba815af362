"""Answer with a file of a call, whole or in part, that is cut when the listener may not hear it any more."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import hdrs, web

from kikimori_records.sounds.byte_range import UnsatisfiableRangeError, asked_range

if TYPE_CHECKING:
    from kikimori_records.sounds.sound_place import OpenFile

PIECE = 128 * 1024
"""Bytes that are read at a time: eight seconds of sound."""


class SoundAnswer:
    """One answer; `cut` ends it from outside."""

    def __init__(self, request: web.Request, opened: OpenFile, content_type: str) -> None:
        """It closes the file at its end."""
        self._request = request
        self._opened = opened
        self._content_type = content_type
        self._is_cut = False

    def cut(self) -> None:
        """Send nothing more; the connection ends, and what waits in it is dropped."""
        self._is_cut = True
        if self._request.transport is not None:
            self._request.transport.abort()

    async def send(self) -> web.StreamResponse:
        """Send what the request asks for: 200, 206, 304 or 416."""
        with self._opened.file:
            return await self._send()

    async def _send(self) -> web.StreamResponse:
        request, size, etag = self._request, self._opened.size, self._opened.etag
        headers = {hdrs.ETAG: etag, hdrs.ACCEPT_RANGES: "bytes", hdrs.CONTENT_TYPE: self._content_type}
        if any(
            each.strip() in (etag, "*") for each in request.headers.get(hdrs.IF_NONE_MATCH, "").split(",")
        ):
            return web.Response(status=304, headers=headers)
        try:
            part = asked_range(
                request.headers.get(hdrs.RANGE), request.headers.get(hdrs.IF_RANGE), etag, size
            )
        except UnsatisfiableRangeError:
            return web.Response(status=416, headers={**headers, hdrs.CONTENT_RANGE: f"bytes */{size}"})
        start, stop = (0, size) if part is None else (part.start, part.stop)
        if part is not None:
            headers[hdrs.CONTENT_RANGE] = part.content_range(size)
        answer = web.StreamResponse(status=200 if part is None else 206, headers=headers)
        answer.content_length = stop - start
        await answer.prepare(request)
        if request.method != hdrs.METH_HEAD:
            await self._send_bytes(answer, start, stop)
        return answer

    async def _send_bytes(self, answer: web.StreamResponse, at: int, stop: int) -> None:
        while at < stop and not self._is_cut:
            piece = await asyncio.to_thread(self._read, at, min(PIECE, stop - at))
            if not piece:
                # The file became shorter: the browser is to see that the answer is not whole.
                self.cut()
            elif not self._is_cut:
                await answer.write(piece)
                at += len(piece)
        if not self._is_cut:
            await answer.write_eof()

    def _read(self, at: int, count: int) -> bytes:
        self._opened.file.seek(at)
        return self._opened.file.read(count)
