"""HTTP interface by which agents deliver their journals: `/v1/journals/{agent}/{run}`.

`GET` answers `{"acknowledged": N}`, the number of the next record wanted; `POST …/{first}` with whole frames keeps them and
answers likewise. `GET …/erased` answers `{"erased": [keys]}`, the calls of the run that are erased here. Every refusal is JSON with a `code` of `RefusalCode`; nothing of a refused request is kept.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog
from aiohttp import hdrs, web

from kikimori_core.journal.signing import BODY, body_hash, check_head, utc_now
from kikimori_core.journal.sink import MAX_DELIVERY, RefusalCode, SinkRefusal
from kikimori_core.serving.disconnects import tolerate_disconnects
from kikimori_core.wire.topics import is_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from aiohttp.typedefs import Handler, Middleware

    from kikimori_core.journal.sink import JournalSink
    from kikimori_core.wire.key_store import TrustStore

log = structlog.get_logger()

AT_ONCE = 2
"""Requests of one agent at a time: it sends one after another, and an interrupted one may hang on for a while."""
RETRY_AFTER_S = 5

STATUS = {
    RefusalCode.GAP: 409,
    RefusalCode.OTHER_RUN: 409,
    RefusalCode.DAMAGED: 422,
    RefusalCode.TOO_LARGE: 413,
    RefusalCode.DISK_FULL: 507,
    RefusalCode.DISK_FAILED: 500,
    RefusalCode.NOT_READY: 503,
    RefusalCode.KEY_UNKNOWN: 401,
    RefusalCode.KEY_REVOKED: 401,
    RefusalCode.KEY_OTHER_AGENT: 403,
    RefusalCode.SIGNATURE_WRONG: 401,
    RefusalCode.TIME_WRONG: 401,
    RefusalCode.BODY_ALTERED: 400,
    RefusalCode.REQUEST_WRONG: 400,
}

_NUMBER = re.compile(r"[0-9]{1,15}")


class JournalIngest:
    """Routes of the interface, over a receiver in this process."""

    def __init__(self, sink: JournalSink, trust: TrustStore, now: Callable[[], datetime] = utc_now) -> None:
        """`trust`: keys of the agents; `now`: clock with which the time of a request is compared."""
        self.refused: Counter[RefusalCode] = Counter()
        self._sink = sink
        self._trust = trust
        self._now = now
        self._open: Counter[str] = Counter()

    def app(self) -> web.Application:
        """Make the application; other interfaces may be added to it."""
        made = web.Application(
            middlewares=[tolerate_disconnects, self._answer_refusals], client_max_size=MAX_DELIVERY
        )
        run, signed = "/v1/journals/{agent}/{run}", self._signed
        made.router.add_get(run, signed(self._position), allow_head=False)
        made.router.add_get(f"{run}/erased", signed(self._erased), allow_head=False)
        made.router.add_post(f"{run}/{{first}}", signed(self._deliver))
        return made

    # --- before the body is read

    @property
    def _answer_refusals(self) -> Middleware:
        @web.middleware
        async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
            try:
                return await handler(request)
            except SinkRefusal as error:
                return self._refusal(request, error)
            except web.HTTPRequestEntityTooLarge:
                return self._refusal(request, SinkRefusal(RefusalCode.TOO_LARGE))
            except web.HTTPException as error:
                found = SinkRefusal(RefusalCode.REQUEST_WRONG, detail=error.reason)
                return self._refusal(request, found, error.status)

        return answer

    def _signed(self, handler: Handler) -> Handler:
        """Return a handler of requests that an agent has signed."""

        async def check(request: web.Request) -> web.StreamResponse:
            agent, run = request.match_info["agent"], request.match_info["run"]
            if not (is_name(agent) and is_name(run)) or request.query_string:
                raise SinkRefusal(RefusalCode.REQUEST_WRONG)
            found = await asyncio.to_thread(
                check_head,
                request.headers,
                request.method,
                request.rel_url.raw_path,
                agent,
                self._trust,
                self._now(),
            )
            if found is not None:
                raise SinkRefusal(found)
            if (request.content_length or 0) > MAX_DELIVERY:
                raise SinkRefusal(RefusalCode.TOO_LARGE)
            with self._counted(agent):
                return await handler(request)

        return check

    @contextmanager
    def _counted(self, agent: str) -> Iterator[None]:
        if self._open[agent] >= AT_ONCE:
            raise SinkRefusal(RefusalCode.NOT_READY, detail="an earlier request of this agent is open")
        self._open[agent] += 1
        try:
            yield
        finally:
            self._open[agent] -= 1
            if not self._open[agent]:
                del self._open[agent]

    # --- requests

    async def _position(self, request: web.Request) -> web.Response:
        """Answer the number of the next record wanted."""
        match = request.match_info
        await self._body(request)
        return _acknowledged(await self._sink.position(match["agent"], match["run"]))

    async def _erased(self, request: web.Request) -> web.Response:
        """Answer the keys of the run's calls that are erased."""
        match = request.match_info
        await self._body(request)
        return web.json_response({"erased": await self._sink.erased(match["agent"], match["run"])})

    async def _deliver(self, request: web.Request) -> web.Response:
        """Keep the frames of the body."""
        match = request.match_info
        if not _NUMBER.fullmatch(match["first"]):
            raise SinkRefusal(RefusalCode.REQUEST_WRONG)
        body = await self._body(request)
        if not body:
            raise SinkRefusal(RefusalCode.DAMAGED, detail="no frames")
        return _acknowledged(
            await self._sink.deliver(match["agent"], match["run"], int(match["first"]), body)
        )

    async def _body(self, request: web.Request) -> bytes:
        """Return the body; raises SinkRefusal when it is not the one that was signed."""
        body = await request.read()
        if await asyncio.to_thread(body_hash, body) != request.headers.get(BODY):
            raise SinkRefusal(RefusalCode.BODY_ALTERED)
        return body

    def _refusal(self, request: web.Request, error: SinkRefusal, status: int | None = None) -> web.Response:
        self.refused[error.code] += 1
        peer = request.remote
        # Neither path nor header: both are a stranger's.
        log.warning("journal_delivery_refused", code=str(error.code), peer=peer, detail=error.detail)
        said: dict[str, object] = {"code": str(error.code)}
        if error.detail:
            said["detail"] = error.detail
        if error.wanted is not None:
            said["wanted"] = error.wanted
        if error.code is RefusalCode.TIME_WRONG:
            said["time"] = int(self._now().timestamp())
        answer = web.json_response(said, status=status or STATUS[error.code])
        if answer.status == 503:
            answer.headers[hdrs.RETRY_AFTER] = str(RETRY_AFTER_S)
        if request.can_read_body:
            # Nobody reads what is left of it.
            answer.force_close()
        return answer


def _acknowledged(number: int) -> web.Response:
    return web.json_response({"acknowledged": number})
