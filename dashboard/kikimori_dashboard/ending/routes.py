"""HTTP routes of ending a call with two people: requests to stop, the proposal, the decision, the order to the PBX."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from kikimori_core.wire.evidence import Name
from kikimori_core.wire.messages import Action, EndingDecision
from kikimori_dashboard.access.answering import answering
from kikimori_dashboard.access.bodies import read_body
from kikimori_dashboard.access.middleware import refusal
from kikimori_dashboard.access.roles import Right, may
from kikimori_dashboard.access.rules import SIGNED_IN, add_route, needs
from kikimori_dashboard.access.who import WHO
from kikimori_dashboard.actions.commands import CommandRequest, RefusedError
from kikimori_dashboard.ending.reasons import reason_of
from kikimori_dashboard.pages.worded import worded_result

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from kikimori_core.wire.messages import CommandResult
    from kikimori_dashboard.access.audit_trail import AuditTrail
    from kikimori_dashboard.access.roles import AccessTarget
    from kikimori_dashboard.access.who import Principal
    from kikimori_dashboard.actions.commands import CommandSender
    from kikimori_dashboard.broker.subscriber import Subscriber
    from kikimori_dashboard.config import DashboardSettings
    from kikimori_dashboard.ending.desk import EndingDesk
    from kikimori_dashboard.live.sights import Sights
    from kikimori_dashboard.site.state import SiteState
    from kikimori_records.endings import EndingProposal


class EndingBody(BaseModel):
    """Body of `POST /api/calls/{call_id}/ending`."""

    model_config = ConfigDict(extra="forbid")

    reason: Name
    """Id of a reason of `GET /api/ending-reasons`."""
    words: (
        Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")]
        | None
    ) = None
    """The proposer's own words, one line."""


class EndingRoutes:
    """Routes under `/api/calls/{call_id}/ending`."""

    def __init__(
        self,
        desk: EndingDesk,
        state: SiteState,
        sights: Sights,
        commands: CommandSender,
        subscriber: Subscriber,
        trail: AuditTrail,
        settings: DashboardSettings,
    ) -> None:
        self._desk = desk
        self._state = state
        self._sights = sights
        self._commands = commands
        self._subscriber = subscriber
        self._trail = trail
        self._settings = settings

    def add_to(self, app: web.Application) -> None:
        call, rule = "/api/calls/{call_id}", needs(Right.END_CALL)
        one = call + "/ending/{ending_id}"
        for path, handler, *body in (
            (f"{call}/stop-requests", self._warn),
            (f"{call}/ending", self._propose, EndingBody),
            (f"{one}/agree", self._agree),
            (f"{one}/refuse", self._refuse),
            (f"{one}/withdraw", self._withdraw),
            (f"{one}/end", self._end),
        ):
            add_route(app, "POST", path, self._answering(handler), rule, *body)
        add_route(app, "GET", "/api/ending-reasons", self._reasons, SIGNED_IN)

    def _answering(
        self, handler: Callable[[web.Request], Awaitable[web.Response]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            # For whom the calls of others do not exist, one that does not exist is the same.
            if not may(request[WHO], Right.END_CALL, self._target(request.match_info["call_id"])):
                return refusal(403, "not_allowed")
            try:
                return await handler(request)
            except RefusedError as error:
                return refusal(error.status, error.reason)

        answer.__doc__ = handler.__doc__
        return answering(answer)

    def _target(self, call_id: str) -> AccessTarget:
        return self._sights.target_of_call(call_id)

    async def _reasons(self, _request: web.Request) -> web.Response:
        """Return the reasons for ending a call, in the order of their buttons, and what the office needs."""
        table = self._settings.ending
        listed = [each.view(table.warnings) for each in self._desk.reasons]
        return web.json_response({"reasons": listed, "announcement": table.announcement})

    async def _warn(self, request: web.Request) -> web.Response:
        """Note that the customer was asked to stop, where recognition has not heard it."""
        who, call_id = request[WHO], request.match_info["call_id"]
        count = await self._desk.note_request(call_id, who)
        self._note(who, call_id, "ending.warn", warnings=count)
        return web.json_response({"count": count})

    async def _propose(self, request: web.Request) -> web.Response:
        """Propose to end a call."""
        body = await read_body(request, EndingBody)
        who, call_id = request[WHO], request.match_info["call_id"]
        words = None if body.words is None else body.words.strip()
        try:
            found = await self._desk.propose(call_id, body.reason, words, who)
        except RefusedError as error:
            self._note(
                who, call_id, "ending.propose", outcome="refused", why=body.reason, reason=error.reason
            )
            raise
        warned = self._desk.warned(call_id)
        self._note(who, call_id, "ending.propose", why=found.reason, warnings=warned, people=found.people)
        return web.json_response({"id": found.id, "state": found.state.value, "people": found.people})

    async def _agree(self, request: web.Request) -> web.Response:
        """Agree to a proposal as the second person; or confirm one's own, where one person decides."""
        return await self._decide(request, "ending.agree", self._desk.agree)

    async def _refuse(self, request: web.Request) -> web.Response:
        """Refuse a proposal."""
        return await self._decide(request, "ending.refuse", self._desk.refuse)

    async def _withdraw(self, request: web.Request) -> web.Response:
        """Withdraw one's own proposal, or one's agreement."""
        return await self._decide(request, "ending.withdraw", self._desk.withdraw)

    async def _decide(
        self,
        request: web.Request,
        action: str,
        act: Callable[[str, str, Principal], Awaitable[EndingProposal]],
    ) -> web.Response:
        who, call_id = request[WHO], request.match_info["call_id"]
        try:
            found = await act(call_id, request.match_info["ending_id"], who)
        except RefusedError as error:
            self._note(who, call_id, action, outcome="refused", reason=error.reason)
            raise
        self._note(who, call_id, action, **self._names(found))
        return web.json_response({"id": found.id, "state": found.state.value, "people": found.people})

    async def _end(self, request: web.Request) -> web.Response:
        """Have the PBX end a call that two people have agreed to end; return its result."""
        who, call_id = request[WHO], request.match_info["call_id"]
        try:
            found = await self._desk.begin_end(call_id, request.match_info["ending_id"])
        except RefusedError as error:
            self._note(who, call_id, "ending.end", outcome="refused", reason=error.reason)
            raise
        result: CommandResult | None = None
        try:
            result = await self._order(found, who)
        except RefusedError as error:
            self._note(
                who, call_id, "ending.end", outcome="refused", reason=error.reason, **self._names(found)
            )
            raise
        finally:
            await self._desk.finish_end(found, done=result is not None and result.outcome.carried_out)
        self._note(
            who,
            call_id,
            "ending.end",
            outcome=str(result.outcome),
            reason=result.reason,
            **self._names(found),
        )
        return web.json_response(worded_result(result))

    async def _order(self, found: EndingProposal, who: Principal) -> CommandResult:
        """Send the order with the names of those who decided; raises RefusedError."""
        second_id, second_name = found.second_id, found.second_name
        if second_id is None or second_name is None:
            raise RefusedError(409, "not_agreed")
        title = reason_of(self._desk.reasons, found.reason).title(self._settings.language)
        decision = EndingDecision(
            proposed_by=found.name[:128],
            proposed_person_id=found.person_id,
            agreed_by=second_name[:128],
            agreed_person_id=second_id,
            warnings=self._desk.warned(found.call_id),
            words=found.words,
        )
        supervises = may(who, Right.COMMAND, self._target(found.call_id))
        return await self._commands.press(
            self._subscriber,
            found.call_id,
            CommandRequest(Action.HANG_UP, reason=title, ending=decision),
            "supervisor" if supervises else "operator",
            who,
        )

    def _names(self, found: EndingProposal) -> dict[str, Any]:
        """Return reason and names of a decision for the audit."""
        calls = self._state.calls
        details: dict[str, Any] = {"why": found.reason, "proposed_by": found.name}
        if found.second_name is not None:
            details["agreed_by"] = found.second_name
        if found.call_id in calls:
            details["warnings"] = self._desk.warned(found.call_id)
        return details

    def _note(
        self,
        who: Principal,
        call_id: str,
        action: str,
        *,
        outcome: str = "done",
        **details: Any,
    ) -> None:
        details["extension"] = self._target(call_id).extension
        told = {name: value for name, value in details.items() if value is not None}
        self._trail.note(who, action, outcome=outcome, about=("call", call_id), **told)
