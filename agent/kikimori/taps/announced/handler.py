"""`POST /v1/legs`: announcement by the dialplan of the voice that the next connection carries.

Form fields or JSON: `call` (required; anything both legs share, e.g. `${UNIQUEID}`), `role` (`customer`, `operator`
or `mixed`), `caller`, `caller_name`, `operator` (extension), `operator_name`, `queue`, `channel`, `rate`, `leg`.
Answer: 201 and, as plain text, the name under which the audio must come: `leg` where it was given (the unique id of a
WebSocket channel), else a UUID for AudioSocket. See `config/pbx/asterisk/`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog
from aiohttp import web
from pydantic import ValidationError

from kikimori.taps.announced.directory import AnnouncedLeg, DirectoryFullError, LegDirectory
from kikimori.taps.announced.fields import CallFields, Name
from kikimori.taps.streamed_leg import WIRE_RATES
from kikimori_core.model.call import Role  # noqa: TC001  (pydantic reads it)
from kikimori_core.wire.values import known_only

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from kikimori_core.wire.peers import AllowedPeers

log = structlog.get_logger()

MAX_REQUEST_BYTES = 16 * 1024
MOST_ANNOUNCING = 200
"""Connections at a time; each sends one request, which takes a millisecond."""
BODY_WITHIN_S = 5.0
"""Longest time in s that a body may take to arrive."""


class _Leg(CallFields):
    role: Role
    rate: int | None = None
    leg: Name = ""

    def announcement(self) -> AnnouncedLeg:
        if self.rate is not None and self.rate not in WIRE_RATES:
            raise ValueError(f"rate: {self.rate} is none of {sorted(WIRE_RATES)}")
        call = self.info("chan_websocket" if self.leg else "audiosocket")
        return AnnouncedLeg(call, self.role, self.rate)


def announce_app(directory: LegDirectory, peers: AllowedPeers) -> web.Application:
    """Make the HTTP side of `directory`; requests from other addresses than `peers` are refused."""
    app = web.Application(client_max_size=MAX_REQUEST_BYTES)
    app.router.add_post("/v1/legs", announce_handler(directory, peers))
    return app


def announce_handler(
    directory: LegDirectory, peers: AllowedPeers, *, body_within_s: float = BODY_WITHIN_S
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Make the handler of `POST /v1/legs`, for an application with `MAX_REQUEST_BYTES`."""

    def refuse(request: web.Request, reason: str, **fields: str) -> None:
        log.warning("announce_refused", peer=request.remote, reason=reason, **fields)

    async def post_leg(request: web.Request) -> web.Response:
        if not peers.allow(request.remote):
            refuse(request, "peer_not_allowed")
            raise web.HTTPForbidden(text="this address is not among the networks of `allow`\n")
        try:
            async with asyncio.timeout(body_within_s):
                leg = await _read(request)
            name = leg.leg
            if name:
                directory.announce_as(name, leg.announcement())
            else:
                name = str(directory.announce(leg.announcement()))
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "body"
            refuse(request, "invalid", field=where)
            raise web.HTTPBadRequest(text=f"{where}: {first['msg']}\n") from None
        except ValueError as error:
            refuse(request, "invalid")
            raise web.HTTPBadRequest(text=f"{error}\n") from None
        except DirectoryFullError:
            refuse(request, "too_many_unclaimed")
            raise web.HTTPServiceUnavailable(text="too many announced legs never connected\n") from None
        except TimeoutError:
            refuse(request, "body_never_ends")
            raise web.HTTPRequestTimeout(text="the body was not whole in time\n") from None
        return web.Response(status=201, text=name)

    return post_leg


async def _read(request: web.Request) -> _Leg:
    """Read the body; raises ValidationError, and ValueError for a form that is none."""
    if request.content_type == "application/json":
        body = await request.read()
        with known_only():
            return _Leg.model_validate_json(body)
    form = dict(await request.post())
    with known_only():
        return _Leg.model_validate(form)
