"""HTTP routes of what people do with alerts: take one on, let it go, mark it as false or gone through, take that back."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from kikimori_dashboard.access.bodies import BadBodyError, read_body
from kikimori_dashboard.access.middleware import refusal
from kikimori_dashboard.access.roles import Right, may
from kikimori_dashboard.access.rules import SIGNED_IN, add_route, needs
from kikimori_dashboard.access.who import WHO
from kikimori_dashboard.people.mark_desk import NobodyError
from kikimori_dashboard.people.reasons import choice_of, false_reasons
from kikimori_records.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from kikimori_core.wire.messages import Alert
    from kikimori_dashboard.access.audit_trail import AuditTrail
    from kikimori_dashboard.live.sights import Sights
    from kikimori_dashboard.people.mark_desk import MarkDesk
    from kikimori_dashboard.people.review_desk import ReviewDesk
    from kikimori_dashboard.site.state import SiteState


class FalseBody(BaseModel):
    """Body of `POST /api/alerts/{alert_id}/false`."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(min_length=1, max_length=64)]
    """Id of a reason, see `config/false-alarms.toml`."""


class AlertRoutes:
    """Routes under `/api/alerts`."""

    def __init__(
        self, marks: MarkDesk, reviews: ReviewDesk, state: SiteState, sights: Sights, trail: AuditTrail
    ) -> None:
        self._marks = marks
        self._reviews = reviews
        self._state = state
        self._sights = sights
        self._trail = trail

    def add_to(self, app: web.Application) -> None:
        for path, right, act, body in (
            ("/api/alerts/{alert_id}/claim", Right.CLAIM, self._claim, None),
            ("/api/alerts/{alert_id}/release", Right.CLAIM, self._release, None),
            ("/api/alerts/{alert_id}/false", Right.FALSE_ALARM, self._false, FalseBody),
            ("/api/alerts/{alert_id}/false/undo", Right.FALSE_ALARM, self._undo, None),
            ("/api/alerts/{alert_id}/review", Right.CLAIM, self._review, None),
            ("/api/alerts/{alert_id}/review/undo", Right.CLAIM, self._undo_review, None),
        ):
            add_route(app, "POST", path, self._answering(right, act), needs(right), body)
        add_route(app, "GET", "/api/false-alarm-reasons", self._reasons, SIGNED_IN)

    def _answering(
        self, right: Right, act: Callable[[web.Request, Alert], Awaitable[web.Response]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            alert = self._marks.find(request.match_info["alert_id"])
            entry = None if alert is None else self._state.calls.get(alert.call_id)
            number = None if alert is None else alert.operator.number
            target = self._sights.target(entry.state.operator.number if entry else number)
            # For whom the alerts of others do not exist, one that does not exist is the same.
            if not may(request[WHO], right, target):
                return refusal(403, "not_allowed")
            if alert is None:
                return refusal(404, "no_such_alert")
            try:
                return await act(request, alert)
            except BadBodyError as error:
                return error.answer
            except NobodyError:
                return refusal(403, "not_allowed")
            except StoreError:
                return refusal(503, "store_away")

        answer.__doc__ = act.__doc__
        return answer

    async def _claim(self, request: web.Request, alert: Alert) -> web.Response:
        """Claim an alert; answers who has it now, whoever that is."""
        who = request[WHO]
        found = await self._marks.claim(alert, who)
        self._note(
            request, alert, "alert.claim", outcome="done" if found.own else "refused", owner=found.claim.name
        )
        return web.json_response(
            {"own": found.own, "name": found.claim.name, "at": found.claim.claimed_at.isoformat()}
        )

    async def _release(self, request: web.Request, alert: Alert) -> web.Response:
        """Release an own claim."""
        done = await self._marks.release(alert.alert_id, request[WHO])
        if done:
            self._note(request, alert, "alert.release")
        return web.json_response({"released": done})

    async def _false(self, request: web.Request, alert: Alert) -> web.Response:
        """Mark an alert as a false one; nothing of the judging changes."""
        body = await read_body(request, FalseBody)
        if choice_of(false_reasons(), body.reason) is None:
            return refusal(422, "bad_request")
        found = await self._marks.mark_false(alert, body.reason, request[WHO])
        self._note(request, alert, "alert.false", reason=found.reason, rule=alert.rule)
        return web.json_response({"reason": found.reason, "name": found.name, "at": found.at.isoformat()})

    async def _undo(self, request: web.Request, alert: Alert) -> web.Response:
        """Take the mark of a false alarm back."""
        done = await self._marks.undo_false(alert.alert_id)
        if done:
            self._note(request, alert, "alert.false_undo", rule=alert.rule)
        return web.json_response({"undone": done})

    async def _review(self, request: web.Request, alert: Alert) -> web.Response:
        """Mark an alert as gone through by whoever asks; others do not see it."""
        await self._reviews.mark(alert, request[WHO])
        self._note(request, alert, "alert.review")
        return web.json_response({"reviewed": True})

    async def _undo_review(self, request: web.Request, alert: Alert) -> web.Response:
        """Take the own mark of having gone through an alert back."""
        await self._reviews.take_back(alert, request[WHO])
        self._note(request, alert, "alert.review_undo")
        return web.json_response({"reviewed": False})

    @staticmethod
    async def _reasons(_request: web.Request) -> web.Response:
        """Return the reasons for false alarms, in the order of their buttons."""
        return web.json_response([asdict(each) for each in false_reasons()])

    def _note(
        self, request: web.Request, alert: Alert, action: str, *, outcome: str = "done", **details: str
    ) -> None:
        about = ("alert", alert.alert_id)
        self._trail.note(request[WHO], action, outcome=outcome, about=about, call_id=alert.call_id, **details)
