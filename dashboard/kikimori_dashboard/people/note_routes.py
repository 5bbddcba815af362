"""HTTP routes of supervisors' notes on running calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from kikimori_dashboard.access.answering import answering
from kikimori_dashboard.access.bodies import read_body
from kikimori_dashboard.access.middleware import refusal
from kikimori_dashboard.access.roles import Right, may
from kikimori_dashboard.access.rules import add_route, needs
from kikimori_dashboard.access.who import WHO
from kikimori_dashboard.people.mark_desk import NobodyError
from kikimori_records.call_notes import LONGEST_NOTE, TooManyNotesError

if TYPE_CHECKING:
    from kikimori_dashboard.access.audit_trail import AuditTrail
    from kikimori_dashboard.live.sights import Sights
    from kikimori_dashboard.people.note_desk import NoteDesk
    from kikimori_dashboard.site.state import SiteState


class NoteBody(BaseModel):
    """Body of `POST /api/calls/{call_id}/notes`."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[
        str, Field(min_length=1, max_length=LONGEST_NOTE, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")
    ]
    """One line."""


class NoteRoutes:
    """Routes under `/api/calls/{call_id}/notes`."""

    def __init__(self, notes: NoteDesk, state: SiteState, sights: Sights, trail: AuditTrail) -> None:
        self._notes = notes
        self._state = state
        self._sights = sights
        self._trail = trail

    def add_to(self, app: web.Application) -> None:
        rule = needs(Right.NOTE)
        add_route(app, "POST", "/api/calls/{call_id}/notes", answering(self._add), rule, NoteBody)
        path = "/api/calls/{call_id}/notes/{note_id}/remove"
        add_route(app, "POST", path, answering(self._remove), rule)

    async def _add(self, request: web.Request) -> web.Response:
        """Write a note on a running call."""
        if (refused := self._refused(request)) is not None:
            return refused
        body = await read_body(request, NoteBody)
        call_id = request.match_info["call_id"]
        try:
            note = await self._notes.add(call_id, body.text.strip(), request[WHO])
        except NobodyError:
            return refusal(403, "not_allowed")
        except TooManyNotesError:
            return refusal(409, "too_many_notes")
        self._note(request, "note.add")
        return web.json_response({"id": note.id, "at": note.at.isoformat()})

    async def _remove(self, request: web.Request) -> web.Response:
        """Remove an own note, with its text."""
        if (refused := self._refused(request)) is not None:
            return refused
        call_id, note_id = request.match_info["call_id"], request.match_info["note_id"]
        try:
            done = await self._notes.remove(call_id, note_id, request[WHO])
        except NobodyError:
            return refusal(403, "not_allowed")
        if done:
            self._note(request, "note.remove")
        return web.json_response({"removed": done})

    def _note(self, request: web.Request, action: str) -> None:
        call_id = request.match_info["call_id"]
        extension = self._sights.target_of_call(call_id).extension
        self._trail.note(request[WHO], action, about=("call", call_id), extension=extension)

    def _refused(self, request: web.Request) -> web.Response | None:
        """Return the refusal of somebody who may not write on this call, or of a call that is over."""
        call_id = request.match_info["call_id"]
        # For whom the calls of others do not exist, one that does not exist is the same.
        if not may(request[WHO], Right.NOTE, self._sights.target_of_call(call_id)):
            return refusal(403, "not_allowed")
        return None if call_id in self._state.calls else refusal(404, "no_such_call")
