"""HTTP routes of the dashboard."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, model_validator

from kikimori_core.wire.actions import FOR_HELP, OF_RECORDING, RING, TRANSFERS, WITHOUT_BUTTON
from kikimori_core.wire.messages import Action
from kikimori_dashboard.access.answering import answering
from kikimori_dashboard.access.audit_looks import AuditLooks
from kikimori_dashboard.access.bodies import read_body
from kikimori_dashboard.access.browser_address import is_from_here
from kikimori_dashboard.access.middleware import refusal
from kikimori_dashboard.access.roles import Right, may
from kikimori_dashboard.access.routes import ACCOUNT_PAGE_RULE
from kikimori_dashboard.access.rules import OPEN, SIGNED_IN, add_route, add_static, needs, page_for
from kikimori_dashboard.access.who import WHO
from kikimori_dashboard.actions.commands import CommandRequest, CommandSender, Page, RefusedError
from kikimori_dashboard.actions.reach import view_of
from kikimori_dashboard.pages.pages import STATIC, html_page
from kikimori_dashboard.pages.worded import worded_result
from kikimori_dashboard.people.reasons import choice_of, help_reasons

if TYPE_CHECKING:
    from kikimori_core.serving.connection_limiter import ConnectionLimiter
    from kikimori_dashboard.access.access import Access
    from kikimori_dashboard.access.roles import AccessTarget
    from kikimori_dashboard.access.who import Principal
    from kikimori_dashboard.actions.reach import ReachTry
    from kikimori_dashboard.broker.subscriber import Subscriber
    from kikimori_dashboard.live.live import Live
    from kikimori_dashboard.live.sights import Sights
    from kikimori_dashboard.pages.sentences import SentenceBook
    from kikimori_dashboard.site.state import SiteState
    from kikimori_dashboard.unanswered.desk import UnansweredDesk


class PressBody(BaseModel):
    """Body of `POST /api/calls/{call_id}/commands`."""

    model_config = ConfigDict(extra="forbid")

    action: Action
    target: Annotated[str, Field(max_length=64, pattern=r"^[0-9A-Za-z*#+._@-]+$")] | None = None
    """Target of a transfer, or the telephone on which somebody listens in."""
    keep_operator: bool | None = None
    announcement: Annotated[str, Field(max_length=64, pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]*$")] | None = None
    reason: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Reason; agents require it for hanging up, three-way calls, and transfers out of the house. For `escalate` an id of
    `GET /api/help-reasons`, if any."""
    comment: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """For `escalate`: the operator's own words about the help that they wish."""
    page: Page = "supervisor"

    @model_validator(mode="after")
    def _nothing_idle(self) -> Self:
        """Refuse parts that mean nothing for the action: a mistake of the sender, perhaps another's press."""
        if not self.action.known or self.action in WITHOUT_BUTTON:
            raise ValueError("no such action")
        if self.target is not None and self.action not in RING:
            raise ValueError("target is for transfers and listening in")
        if self.keep_operator is not None and self.action not in TRANSFERS:
            raise ValueError("keep_operator is for transfers")
        if self.announcement is not None and self.action is not Action.ANNOUNCE:
            raise ValueError("announcement is for announce")
        if self.comment is not None and self.action is not Action.ESCALATE:
            raise ValueError("comment is for escalate")
        if self.action is Action.ESCALATE and self.reason and choice_of(help_reasons(), self.reason) is None:
            raise ValueError("no such reason for help")
        return self

    def request(self) -> CommandRequest:
        return CommandRequest(
            self.action, self.target, self.keep_operator, self.announcement, self.reason, self.comment
        )


class SeenBody(BaseModel):
    """Body of `POST /api/missed/seen`: the numbers of the first and the last missed alert that a page has shown."""

    model_config = ConfigDict(extra="forbid")

    first: Annotated[int, Field(ge=1)]
    last: Annotated[int, Field(ge=1)]


class SiteRoutes:
    """Routes of the pages, the live connection, commands, sentences and missed alerts."""

    def __init__(
        self,
        state: SiteState,
        subscriber: Subscriber,
        live: Live,
        commands: CommandSender,
        book: SentenceBook,
        limiter: ConnectionLimiter,
        access: Access,
        sights: Sights,
        reach: ReachTry,
        unanswered: UnansweredDesk,
    ) -> None:
        self._reach = reach
        self._unanswered = unanswered
        self._state = state
        self._subscriber = subscriber
        self._live = live
        self._commands = commands
        self._book = book
        self._limiter = limiter
        self._access = access
        self._sights = sights
        self._looks = AuditLooks(access.trail)

    def add_to(self, app: web.Application) -> None:
        for method, path, handler, rule, *body in (
            ("GET", "/", html_page("supervisor.html"), page_for(Right.WATCH)),
            ("GET", "/operator", html_page("operator.html"), page_for(Right.OWN_PAGE)),
            ("GET", "/login", html_page("login.html"), OPEN),
            ("GET", "/first", html_page("first.html"), OPEN),
            ("GET", "/account", html_page("account.html"), ACCOUNT_PAGE_RULE),
            ("GET", "/healthz", self._health, OPEN),
            ("GET", "/live", self._follow, needs(Right.WATCH, Right.OWN_PAGE)),
            ("GET", "/api/sentences/{language:ja|en}", self._sentences, SIGNED_IN),
            ("GET", "/api/help-reasons", self._help_reasons, SIGNED_IN),
            ("POST", "/api/reach", self._try_reach, needs(Right.OWN_PAGE)),
            (
                "POST",
                "/api/calls/{call_id}/commands",
                self._press,
                needs(Right.COMMAND, Right.ESCALATE, Right.HOLD_UNANSWERED, Right.STOP_RECORDING),
                PressBody,
            ),
            ("POST", "/api/missed/seen", self._seen, needs(Right.SEE_MISSED), SeenBody),
        ):
            add_route(app, method, path, answering(handler), rule, *body)
        add_static(app, "/static/", STATIC)

    async def _health(self, request: web.Request) -> web.Response:
        """Answer 200 once the site is known, 503 while there is no broker; `broker_problem` tells why."""
        ready = self._state.broker_connected
        status = 200 if ready else 503
        problem = self._state.broker.problem
        if not is_from_here(request):
            # Everybody may ask: figures, names of users and places of files are this machine's own.
            told = {"code": problem.code, "cause": problem.cause} if problem else None
            brief = {"ready": ready, "broker_connected": ready, "broker_problem": told}
            return web.json_response(brief, status=status)
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
        return web.json_response(figures, status=status)

    async def _sentences(self, request: web.Request) -> web.Response:
        """Return the sentences that the operator's page proposes."""
        language: Literal["ja", "en"] = "ja" if request.match_info["language"] == "ja" else "en"
        return web.json_response(self._book.view(language))

    async def _help_reasons(self, _request: web.Request) -> web.Response:
        """Return the reasons that an operator may add to a call for help, in the order of their buttons."""
        return web.json_response({"reasons": [asdict(each) for each in help_reasons()]})

    async def _try_reach(self, _request: web.Request) -> web.Response:
        """Try the way of the operator's button to every agent and back; it alarms nobody."""
        return web.json_response(view_of(await self._reach.run(self._subscriber)))

    async def _follow(self, request: web.Request) -> web.WebSocketResponse:
        """Push the picture by WebSocket; `page=supervisor` for the supervisor's page.

        That somebody can read the words of calls is in the audit, once an hour and session.
        """
        who = request[WHO]
        if request.query.get("page") == "supervisor" and may(who, Right.WATCH):
            details: dict[str, Any] = {"team": next(iter(who.teams))} if who.teams else {}
            self._looks.note(who, "live.open", about=("page", "supervisor"), **details)
        return await self._live.handle(request)

    async def _press(self, request: web.Request) -> web.Response:
        """Send a command to the call's agent and return its result."""
        body = await read_body(request, PressBody)
        who, call_id = request[WHO], request.match_info["call_id"]
        try:
            page = self._capacity(who, call_id, body)
            result = await self._commands.press(self._subscriber, call_id, body.request(), page, who)
        except RefusedError as error:
            self._note(who, call_id, body, "refused", error.reason)
            return refusal(error.status, error.reason)
        self._note(who, call_id, body, str(result.outcome), result.reason)
        return web.json_response(worded_result(result))

    def _capacity(self, who: Principal, call_id: str, body: PressBody) -> Page:
        """Return the capacity in which somebody presses.

        Raises:
            RefusedError: their roles do not allow it for this call. For whom no call is open but their own, a call of
                others and one that does not exist are the same.
        """
        target = self._sights.target_of_call(call_id)
        right = _right_for(body.action)
        if not may(who, right, target):
            if self._may_hold(who, call_id, body, target):
                return "operator"
            raise RefusedError(403, "not_allowed")
        if body.action is Action.HANG_UP:
            # People decide it together: see `EndingRoutes`.
            raise RefusedError(409, "ending_needed")
        return body.page if may(who, Right.COMMAND, target) else "operator"

    def _may_hold(self, who: Principal, call_id: str, body: PressBody, target: AccessTarget) -> bool:
        """Return whether an operator may put their own customer on hold now, or end such a hold."""
        if not may(who, Right.HOLD_UNANSWERED, target):
            return False
        if body.action is Action.HOLD:
            return self._unanswered.hold_offered(call_id)
        return body.action is Action.UNHOLD and self._unanswered.held_by_operator(call_id)

    def _note(self, who: Principal, call_id: str, body: PressBody, outcome: str, reason: str | None) -> None:
        self._access.trail.note(
            who,
            f"command.{body.action}",
            outcome=outcome,
            about=("call", call_id),
            extension=self._sights.target_of_call(call_id).extension,
            target=body.target,
            why=body.reason,
            reason=reason,
        )

    async def _seen(self, request: web.Request) -> web.Response:
        """Take missed alerts off the page."""
        body = await read_body(request, SeenBody)
        who = request[WHO]
        sees = self._sights.sees(who, Right.SEE_MISSED)
        seen = self._state.acknowledge_missed(body.first, body.last, lambda each: sees(each.operator.number))
        self._live.changed()
        for each in seen:
            self._access.trail.note(who, "alert.seen", about=("alert", each.alert_id), call_id=each.call_id)
        return web.json_response({"acknowledged": len(seen)})


def _right_for(action: Action) -> Right:
    """Return the right that a press of an action needs."""
    if action in FOR_HELP:
        return Right.ESCALATE
    return Right.STOP_RECORDING if action in OF_RECORDING else Right.COMMAND
