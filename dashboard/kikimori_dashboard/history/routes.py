"""HTTP routes of the history: find calls, count them, write them as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from aiohttp import web

from kikimori_dashboard.access.answering import answering
from kikimori_dashboard.access.audit_looks import AuditLooks
from kikimori_dashboard.access.bodies import read_body
from kikimori_dashboard.access.roles import Right, Scope, may, widest
from kikimori_dashboard.access.rules import add_route, needs, page_for
from kikimori_dashboard.access.who import WHO
from kikimori_dashboard.history.answers import call_view
from kikimori_dashboard.history.bodies import ExportBody, FindBody, HistoryBody
from kikimori_dashboard.pages.pages import html_page
from kikimori_records.audit import log as audit_log
from kikimori_records.errors import StoreError
from kikimori_records.reviews import ReviewedKind, reviewed_by
from kikimori_records.search import csv_file
from kikimori_records.search.choices import choices_of
from kikimori_records.search.finding import count, find

if TYPE_CHECKING:
    from kikimori_dashboard.access.access import Access
    from kikimori_dashboard.access.who import Principal
    from kikimori_records.search.finding import FoundCalls
    from kikimori_records.search.question import HistoryQuestion

log = structlog.get_logger()

AT_ONCE = 50
LINES_AT_ONCE = 200


class HistoryRoutes:
    """Page of the history and what it asks."""

    def __init__(self, access: Access, zone: str) -> None:
        """`zone`: time zone of times that name none."""
        self._access = access
        self._zone = zone
        self._looks = AuditLooks(access.trail)

    def add_to(self, app: web.Application) -> None:
        for method, path, handler, rule, *body in (
            ("GET", "/history", html_page("history.html"), page_for(Right.TRANSCRIPT)),
            ("GET", "/api/history/choices", self._choices, needs(Right.TRANSCRIPT)),
            ("POST", "/api/history/find", self._find, needs(Right.TRANSCRIPT), FindBody),
            ("POST", "/api/history/count", self._count, needs(Right.TRANSCRIPT), HistoryBody),
            ("POST", "/api/history/export", self._export, needs(Right.EXPORT), ExportBody),
        ):
            add_route(app, method, path, answering(handler), rule, *body)

    async def _choices(self, request: web.Request) -> web.Response:
        """Return what conditions can be chosen: operators, kinds of alerts, outcomes; and whether the own file may be written."""
        who = request[WHO]
        teams = None if widest(who, Right.TRANSCRIPT) is Scope.ALL else who.teams
        found = await choices_of(self._access.store, teams)
        return web.json_response(
            {
                "operators": found.operators,
                "kinds": found.kinds,
                "outcomes": found.outcomes,
                "may_export": may(who, Right.EXPORT),
            }
        )

    async def _find(self, request: web.Request) -> web.Response:
        """Return calls, the newest first, with the lines in which the words were said."""
        body = await read_body(request, FindBody)
        who = request[WHO]
        store = self._access.store
        question = body.question(who, self._zone, self._access.teams)
        found = await find(store, question, body.found_group, before=body.before, most=AT_ONCE)
        uids = [each.call.uid for each in found.calls]
        marks = await reviewed_by(store, ReviewedKind.CALL, uids)
        self._note(who, body)
        mine = marks.get(who.person_id or "", set())
        return web.json_response(
            {
                "calls": [call_view(each, mine) for each in found.calls],
                "before": found.before,
                "complete": found.complete,
            }
        )

    async def _count(self, request: web.Request) -> web.Response:
        """Return how many calls meet the conditions, a thousand at most; `more`: there are more."""
        body = await read_body(request, HistoryBody)
        question = body.question(request[WHO], self._zone, self._access.teams)
        found = await count(self._access.store, question, body.found_group)
        self._note(request[WHO], body)
        return web.json_response({"count": found.count, "more": found.more})

    def _note(self, who: Principal, body: HistoryBody) -> None:
        """Note that somebody asked, whatever page of the answer or number alone; each question once an hour and session."""
        about, conditions = ("page", "history"), body.conditions()
        self._looks.note(who, "history.find", thing=conditions, about=about, asked=body.noted())

    async def _export(self, request: web.Request) -> web.StreamResponse:
        """Write the calls as a CSV file, the newest first; the export is in the audit before the first line leaves."""
        body = await read_body(request, ExportBody)
        store = self._access.store
        question = body.question(request[WHO], self._zone, self._access.teams)
        page = await find(store, question, body.found_group, most=LINES_AT_ONCE)
        entry = self._access.trail.entry(request[WHO], "history.export", asked=body.noted())
        await audit_log.append(store, entry)
        answer = web.StreamResponse(
            headers={
                "Content-Type": "text/csv; charset=utf-8",
                "Content-Disposition": 'attachment; filename="kikimori-history.csv"',
            }
        )
        await answer.prepare(request)
        try:
            await self._write(answer, page, question, body)
        except StoreError:
            # A file that ends early would look whole: the browser is to see that it is not.
            log.warning("export_cut_off")
            if request.transport is not None:
                request.transport.abort()
        return answer

    async def _write(
        self, answer: web.StreamResponse, page: FoundCalls, question: HistoryQuestion, body: ExportBody
    ) -> None:
        await answer.write(csv_file.header(body.language).encode())
        while True:
            lines = [csv_file.line(each, self._zone, body.language) for each in page.calls]
            await answer.write("".join(lines).encode())
            if page.before is None:
                break
            page = await find(
                self._access.store, question, body.found_group, before=page.before, most=LINES_AT_ONCE
            )
        await answer.write_eof()
