"""HTTP routes of the audit: read, filter and export it; and what is kept about oneself."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import structlog
from aiohttp import web

from kikimori_dashboard.access.answering import answering
from kikimori_dashboard.access.audit_looks import AuditLooks
from kikimori_dashboard.access.middleware import refusal
from kikimori_dashboard.access.roles import Right
from kikimori_dashboard.access.rules import add_route, needs, page_for
from kikimori_dashboard.access.who import WHO
from kikimori_dashboard.audit.questions import about, asked_before, asked_filter
from kikimori_dashboard.audit.worded_details import worded_details
from kikimori_dashboard.pages.pages import html_page
from kikimori_records import sessions
from kikimori_records.audit import csv_file
from kikimori_records.audit import log as audit_log
from kikimori_records.audit.queries import AuditFilter, newest, oldest_first
from kikimori_records.errors import StoreError

if TYPE_CHECKING:
    from kikimori_dashboard.access.access import Access
    from kikimori_dashboard.access.who import Principal
    from kikimori_records.audit.entry import AuditRow
    from kikimori_records.audit.queries import AuditFilter as Wanted
    from kikimori_records.sessions import Session

log = structlog.get_logger()

AT_ONCE = 100
LINES_AT_ONCE = 200


class AuditRoutes:
    """Routes of both pages."""

    def __init__(self, access: Access, zone: str) -> None:
        """`zone`: time zone of times that name none."""
        self._access = access
        self._zone = zone
        self._looks = AuditLooks(access.trail)
        """Of those whose first page was noted: a later page is no other look."""

    def add_to(self, app: web.Application) -> None:
        for path, handler, rule in (
            ("/audit", html_page("audit.html"), page_for(Right.AUDIT)),
            ("/api/audit", self._list, needs(Right.AUDIT)),
            ("/api/audit.csv", self._export, needs(Right.AUDIT)),
            ("/my-record", html_page("my_record.html"), page_for(Right.OWN_RECORD)),
            ("/api/my-record", self._own, needs(Right.OWN_RECORD)),
        ):
            add_route(app, "GET", path, answering(handler), rule)

    async def _list(self, request: web.Request) -> web.Response:
        """Return entries of the audit, the newest first: since, until, person, action, object, outcome, before."""
        wanted, before = asked_filter(request.query, self._zone), asked_before(request.query)
        rows = await newest(self._access.store, wanted, before=before, most=AT_ONCE)
        self._looks.note(
            request[WHO], "audit.open", thing=repr(wanted), always=before is None, asked=_asked(request)
        )
        return web.json_response(_view(rows))

    async def _export(self, request: web.Request) -> web.StreamResponse:
        """Write entries of the audit as a CSV file; the filter is that of the list, and language.

        The export is in the audit before the first line leaves.
        """
        wanted = asked_filter(request.query, self._zone)
        await self._note_export(request[WHO], wanted, request)
        answer = web.StreamResponse(
            headers={
                "Content-Type": "text/csv; charset=utf-8",
                "Content-Disposition": 'attachment; filename="kikimori-audit.csv"',
            }
        )
        try:
            await self._write(request, answer, wanted)
        except StoreError:
            if not answer.prepared:
                raise
            # A file that ends early would look whole: the browser is to see that it is not.
            log.warning("export_cut_off")
            if request.transport is not None:
                request.transport.abort()
        return answer

    async def _write(self, request: web.Request, answer: web.StreamResponse, wanted: Wanted) -> None:
        lines = [csv_file.header("en" if request.query.get("language") == "en" else "ja")]
        async for row in oldest_first(self._access.store, wanted):
            lines.append(csv_file.line(row))
            if len(lines) >= LINES_AT_ONCE:
                await _send(request, answer, lines)
                lines = []
        await _send(request, answer, lines)
        await answer.write_eof()

    async def _note_export(self, who: Principal, wanted: Wanted, request: web.Request) -> None:
        """Append the entry itself, not in the background: without it there is no export. Raises StoreAwayError."""
        # It queues where the database is away; the export does not.
        await newest(self._access.store, wanted, most=1)
        await audit_log.append(
            self._access.store, self._access.trail.entry(who, "audit.export", asked=_asked(request))
        )

    async def _own(self, request: web.Request) -> web.Response:
        """Return the own sessions, and the entries about oneself, the newest first: before."""
        who = request[WHO]
        if who.person_id is None:
            return refusal(403, "not_allowed")
        before = asked_before(request.query)
        rows = await newest(self._access.store, AuditFilter(about=about(who)), before=before, most=AT_ONCE)
        found = _view(rows)
        if before is None:
            kept = await sessions.sessions_of(self._access.store, who.person_id)
            found["sessions"] = [_session(each, who.session_id) for each in kept]
        return web.json_response(found)


def _view(rows: list[AuditRow]) -> dict[str, Any]:
    entries = [
        {
            "number": row.number,
            "hash": row.hash,
            **asdict(row.entry),
            "at": row.entry.at.isoformat(),
            "words": worded_details(row.entry),
        }
        for row in rows
    ]
    # More may follow where a page is full.
    return {"entries": entries, "before": rows[-1].number if len(rows) == AT_ONCE else None}


def _session(kept: Session, present: str) -> dict[str, Any]:
    """Return a session without the hash of its token, which is nobody's business."""
    return {
        "created_at": kept.created_at.isoformat(),
        "used_at": kept.used_at.isoformat(),
        "ended_at": None if kept.ended_at is None else kept.ended_at.isoformat(),
        "expires_at": kept.expires_at.isoformat(),
        "address": kept.address,
        "browser": kept.browser,
        "present": kept.token_hash == present,
    }


def _asked(request: web.Request) -> dict[str, str]:
    names = ("since", "until", "person", "action", "object", "outcome")
    return {name: request.query[name] for name in names if request.query.get(name)}


async def _send(request: web.Request, answer: web.StreamResponse, lines: list[str]) -> None:
    if not answer.prepared:
        await answer.prepare(request)
    await answer.write("".join(lines).encode())
