"""Routes of people's marks on a recorded call: gone through, notes, false alarms."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aiohttp import web

from kikimori_dashboard.access.answering import answering
from kikimori_dashboard.access.bodies import read_body
from kikimori_dashboard.access.middleware import refusal
from kikimori_dashboard.access.roles import Right
from kikimori_dashboard.access.rules import add_route, needs
from kikimori_dashboard.access.who import WHO
from kikimori_dashboard.people.alert_routes import FalseBody
from kikimori_dashboard.people.mark_desk import NobodyError, person_of
from kikimori_dashboard.people.note_routes import NoteBody
from kikimori_dashboard.people.reasons import choice_of, false_reasons
from kikimori_dashboard.recorded.target import whose
from kikimori_records import call_notes, reviews
from kikimori_records.alerts import false_alarms
from kikimori_records.calls.queries import rule_of_alert
from kikimori_records.reviews import ReviewedKind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp.typedefs import Handler

    from kikimori_dashboard.access.access import Access
    from kikimori_dashboard.access.who import Principal
    from kikimori_records.calls.queries import RecordedCall

    Find = Callable[[web.Request, Right], Awaitable[RecordedCall | web.Response]]
    Act = Callable[[web.Request, RecordedCall], Awaitable[web.Response]]


class MarksRoutes:
    """Routes below `/api/history/{uid}` that write; whoever may open a call may mark it and note on it."""

    def __init__(self, access: Access, find: Find, opened: Callable[[Principal, RecordedCall], None]) -> None:
        """Prepare the routes.

        Args:
            access: People, sessions and the audit.
            find: Returns the call of a request for somebody with this right, or the refusal.
            opened: Called when somebody reads what stands on a call.
        """
        self._access = access
        self._find = find
        self._opened = opened

    def add_to(self, app: web.Application, prefix: str) -> None:
        words, false = Right.TRANSCRIPT, Right.FALSE_ALARM
        for method, path, right, act, *body in (
            ("GET", "/marks", words, self._marks),
            ("POST", "/review", words, self._review),
            ("POST", "/review/undo", words, self._undo_review),
            ("POST", "/notes", words, self._add_note, NoteBody),
            ("POST", "/notes/{note_id}/remove", words, self._remove_note),
            ("POST", "/alerts/{alert_id}/false", false, self._false, FalseBody),
            ("POST", "/alerts/{alert_id}/false/undo", false, self._undo_false),
        ):
            add_route(app, method, prefix + path, answering(self._found(right, act)), needs(right), *body)

    def _found(self, right: Right, act: Act) -> Handler:
        async def answer(request: web.Request) -> web.StreamResponse:
            call = await self._find(request, right)
            if isinstance(call, web.Response):
                return call
            if call.erased_at is not None:
                return refusal(404, "no_such_call")
            try:
                return await act(request, call)
            except NobodyError:
                return refusal(403, "not_allowed")

        answer.__doc__ = act.__doc__
        return answer

    async def _marks(self, request: web.Request, call: RecordedCall) -> web.Response:
        """Return who has gone through a recorded call, the notes on it, and its alerts that are marked as false."""
        self._opened(request[WHO], call)
        store = self._access.store
        notes = await call_notes.notes_of(store, call.call_id)
        reviewed = await reviews.marks_on(store, ReviewedKind.CALL, call.uid)
        false = await false_alarms.marks_of_call(store, call.call_id)
        return web.json_response(
            {
                "reviewed": [
                    {"person_id": each.person_id, "name": each.name, "at": each.at.isoformat()}
                    for each in reviewed
                ],
                "notes": [
                    {
                        "id": each.id,
                        "text": each.text,
                        "person_id": each.person_id,
                        "name": each.name,
                        "at": each.at.isoformat(),
                    }
                    for each in notes
                ],
                "false_alarms": {
                    alert_id: {"reason": each.reason, "name": each.name, "at": each.at.isoformat()}
                    for alert_id, each in false.items()
                },
            }
        )

    async def _review(self, request: web.Request, call: RecordedCall) -> web.Response:
        """Mark a recorded call as gone through by whoever asks."""
        who = request[WHO]
        await reviews.mark_reviewed(
            self._access.store,
            ReviewedKind.CALL,
            call.uid,
            call_id=call.call_id,
            person_id=person_of(who),
            at=datetime.now(UTC),
        )
        self._access.trail.note(who, "recording.review", about=("call", call.uid), **whose(call))
        return web.json_response({"reviewed": True})

    async def _undo_review(self, request: web.Request, call: RecordedCall) -> web.Response:
        """Take the own mark of having gone through a recorded call back."""
        who = request[WHO]
        done = await reviews.take_back(self._access.store, ReviewedKind.CALL, call.uid, person_of(who))
        if done:
            self._access.trail.note(who, "recording.review_undo", about=("call", call.uid), **whose(call))
        return web.json_response({"reviewed": False})

    async def _add_note(self, request: web.Request, call: RecordedCall) -> web.Response:
        """Write a note on a recorded call; it stands beside those of the time when it ran."""
        body = await read_body(request, NoteBody)
        who = request[WHO]
        try:
            note = await call_notes.add_note(
                self._access.store, call.call_id, body.text.strip(), person_of(who), datetime.now(UTC)
            )
        except call_notes.TooManyNotesError:
            return refusal(409, "too_many_notes")
        self._access.trail.note(who, "note.add", about=("call", call.uid), **whose(call))
        return web.json_response({"id": note.id, "at": note.at.isoformat()})

    async def _remove_note(self, request: web.Request, call: RecordedCall) -> web.Response:
        """Remove an own note of a recorded call, with its text."""
        who, note_id = request[WHO], request.match_info["note_id"]
        done = await call_notes.remove_note(self._access.store, call.call_id, note_id, person_of(who))
        if done:
            self._access.trail.note(who, "note.remove", about=("call", call.uid), **whose(call))
        return web.json_response({"removed": done})

    async def _false(self, request: web.Request, call: RecordedCall) -> web.Response:
        """Mark an alert of a recorded call as a false one; nothing of the judging changes."""
        body = await read_body(request, FalseBody)
        if choice_of(false_reasons(), body.reason) is None:
            return refusal(422, "bad_request")
        store, alert_id = self._access.store, request.match_info["alert_id"]
        rule = await rule_of_alert(store, call.uid, alert_id)
        if rule is None:
            return refusal(404, "no_such_alert")
        who = request[WHO]
        found = await false_alarms.mark(
            store,
            alert_id=alert_id,
            call_id=call.call_id,
            rule=rule,
            reason=body.reason,
            person_id=person_of(who),
            at=datetime.now(UTC),
        )
        about = ("alert", alert_id)
        self._access.trail.note(
            who, "alert.false", about=about, call_id=call.uid, reason=found.reason, rule=rule
        )
        return web.json_response({"reason": found.reason, "name": found.name, "at": found.at.isoformat()})

    async def _undo_false(self, request: web.Request, call: RecordedCall) -> web.Response:
        """Take the mark of a false alarm of a recorded call back."""
        store, alert_id = self._access.store, request.match_info["alert_id"]
        rule = await rule_of_alert(store, call.uid, alert_id)
        done = rule is not None and await false_alarms.undo(store, alert_id, datetime.now(UTC))
        if done:
            about = ("alert", alert_id)
            self._access.trail.note(
                request[WHO], "alert.false_undo", about=about, call_id=call.uid, rule=rule
            )
        return web.json_response({"undone": bool(done)})
