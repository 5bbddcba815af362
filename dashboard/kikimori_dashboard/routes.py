"""HTTP routes of the dashboard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from kikimori_core.wire.actions import RING, TRANSFERS
from kikimori_core.wire.messages import Action
from kikimori_dashboard.commands import CommandDesk, Page, RefusedError, Wish

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from kikimori_dashboard.connection_limiter import ConnectionLimiter
    from kikimori_dashboard.live import Live
    from kikimori_dashboard.sentences import SentenceBook
    from kikimori_dashboard.state import SiteState
    from kikimori_dashboard.subscriber import Subscriber

STATIC = Path(__file__).parent / "static"
MAX_BODY = 4096


class PressBody(BaseModel):
    """Body of `POST /api/calls/{call_id}/commands`."""

    model_config = ConfigDict(extra="forbid")

    action: Action
    target: Annotated[str, Field(max_length=64, pattern=r"^[0-9A-Za-z*#+._@-]+$")] | None = None
    """Target of a transfer, or the telephone on which somebody listens in."""
    keep_operator: bool | None = None
    announcement: Annotated[str, Field(max_length=64, pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]*$")] | None = None
    reason: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Reason; agents require it for hanging up, three-way calls, and transfers out of the house."""
    page: Page = "supervisor"

    @model_validator(mode="after")
    def _nothing_idle(self) -> Self:
        """Refuse parts that mean nothing for the action: a mistake of the sender, perhaps another's press."""
        if not self.action.known:
            raise ValueError("no such action")
        if self.target is not None and self.action not in RING:
            raise ValueError("target is for transfers and listening in")
        if self.keep_operator is not None and self.action not in TRANSFERS:
            raise ValueError("keep_operator is for transfers")
        if self.announcement is not None and self.action is not Action.ANNOUNCE:
            raise ValueError("announcement is for announce")
        return self

    def wish(self) -> Wish:
        return Wish(self.action, self.target, self.keep_operator, self.announcement, self.reason)


class SeenBody(BaseModel):
    """Body of `POST /api/missed/seen`: the numbers of the first and the last missed alert that a page has shown."""

    model_config = ConfigDict(extra="forbid")

    first: Annotated[int, Field(ge=1)]
    last: Annotated[int, Field(ge=1)]


class Routes:
    def __init__(
        self,
        state: SiteState,
        subscriber: Subscriber,
        live: Live,
        commands: CommandDesk,
        book: SentenceBook,
        limiter: ConnectionLimiter,
    ) -> None:
        self._state = state
        self._subscriber = subscriber
        self._live = live
        self._commands = commands
        self._book = book
        self._limiter = limiter

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/", self._page("supervisor.html"))
        app.router.add_get("/operator", self._page("operator.html"))
        app.router.add_get("/healthz", self._health)
        app.router.add_get("/live", self._live.handle)
        app.router.add_get("/api/sentences/{language:ja|en}", self._sentences)
        app.router.add_post("/api/calls/{call_id}/commands", self._press)
        app.router.add_post("/api/missed/seen", self._seen)
        app.router.add_static("/static/", STATIC)

    @staticmethod
    def _page(name: str) -> Handler:
        async def answer(_request: web.Request) -> web.FileResponse:
            return web.FileResponse(STATIC / name)

        return answer

    async def _health(self, _request: web.Request) -> web.Response:
        """Answer 200 once the site is known, 503 while there is no broker; `broker_problem` tells why."""
        ready = self._state.broker_connected
        problem = self._state.broker.problem
        figures = {
            "ready": ready,
            "broker_connected": ready,
            "broker_problem": problem.model_dump(mode="json") if problem else None,
            "calls": len(self._state.calls),
            "alerts": len(self._state.alerts),
            "agents": len(self._state.agents),
            "browsers": len(self._live.sockets),
            "missed_alerts": len(self._state.alert_book.missed),
            "missed_alerts_dropped": self._state.alert_book.missed.dropped,
            "connections": self._limiter.open,
            "connections_refused": self._limiter.refused.total(),
            "bad_messages": self._subscriber.bad_messages,
            "ignored_messages": self._state.left_out.messages,
        }
        return web.json_response(figures, status=200 if ready else 503)

    async def _sentences(self, request: web.Request) -> web.Response:
        language: Literal["ja", "en"] = "ja" if request.match_info["language"] == "ja" else "en"
        return web.json_response(self._book.view(language))

    async def _press(self, request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            return _refused(415, "bad_request")
        try:
            body = PressBody.model_validate_json(await request.read())
        except ValidationError:
            return _refused(422, "bad_request")
        try:
            result = await self._commands.press(
                self._subscriber, request.match_info["call_id"], body.wish(), body.page
            )
        except RefusedError as error:
            return _refused(error.status, error.reason)
        return web.json_response(text=result.model_dump_json(exclude={"v"}))

    async def _seen(self, request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            return _refused(415, "bad_request")
        try:
            body = SeenBody.model_validate_json(await request.read())
        except ValidationError:
            return _refused(422, "bad_request")
        seen = self._state.acknowledge_missed(body.first, body.last)
        self._live.changed()
        return web.json_response({"acknowledged": seen})


def _refused(status: int, reason: str) -> web.Response:
    return web.json_response(
        {"outcome": "not_sent" if status != 504 else "unanswered", "reason": reason}, status=status
    )
