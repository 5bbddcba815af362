"""HTTP routes of the customers' list: read, import and export it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Literal

from aiohttp import web

from kikimori_core.errors import KikimoriError
from kikimori_core.messages import in_language
from kikimori_dashboard.access.answering import answering
from kikimori_dashboard.access.audit_looks import AuditLooks
from kikimori_dashboard.access.audit_trail import author_of
from kikimori_dashboard.access.middleware import refusal
from kikimori_dashboard.access.roles import Right
from kikimori_dashboard.access.rules import add_route, needs, page_for
from kikimori_dashboard.access.who import WHO
from kikimori_dashboard.callers.customer_view import customer_view
from kikimori_dashboard.pages.pages import html_page
from kikimori_dashboard.pages.worded import LANGUAGES
from kikimori_records.audit import log as audit_log
from kikimori_records.callers.changes import import_customers
from kikimori_records.callers.csv_file import read_customers, write_customers
from kikimori_records.callers.plan import plan_customers
from kikimori_records.callers.queries import list_customers
from kikimori_records.csv_table import MOST_FAULTS, BadCsvError

if TYPE_CHECKING:
    from kikimori_dashboard.access.access import Access
    from kikimori_dashboard.access.who import Principal
    from kikimori_dashboard.callers.caller_desk import CallerDesk
    from kikimori_dashboard.callers.customer_numbers import CustomerNumbers
    from kikimori_records.callers.customer import Customer
    from kikimori_records.callers.fields import NumberReader
    from kikimori_records.callers.plan import CustomerImport
    from kikimori_records.csv_table import Encoding

IMPORT_PATH = "/api/customers/import"
SHOWN = 200
"""Most changes of an import that a page gets."""
ENCODINGS: dict[str, Encoding] = {"utf-8": "utf-8-sig", "shift_jis": "cp932"}


class CustomerRoutes:
    """Routes under `/customers` and `/api/customers`."""

    def __init__(self, access: Access, desk: CallerDesk, numbers: CustomerNumbers) -> None:
        self._access = access
        self._store = access.store
        self._desk = desk
        self._numbers = numbers
        self._looks = AuditLooks(access.trail)

    def add_to(self, app: web.Application) -> None:
        path = "/api/customers"
        add_route(app, "GET", "/customers", html_page("customers.html"), page_for(Right.CUSTOMERS))
        add_route(app, "GET", path, answering(self._list), needs(Right.CUSTOMERS))
        add_route(app, "GET", f"{path}.csv", answering(self._export), needs(Right.EXPORT))
        add_route(app, "POST", IMPORT_PATH, answering(self._import), needs(Right.CUSTOMERS))

    async def _list(self, request: web.Request) -> web.Response:
        """Return the list of customers, by name."""
        customers = await self._customers()
        self._note_look(request[WHO])
        return web.json_response({"customers": [customer_view(each) for each in customers]})

    def _note_look(self, who: Principal) -> None:
        self._looks.note(who, "customer.open", about=("customer", ""))

    async def _export(self, request: web.Request) -> web.Response:
        """Write the list as a CSV file: language, encoding (utf-8, shift_jis). It is in the audit before it leaves."""
        encoding = ENCODINGS.get(request.query.get("encoding", "utf-8"))
        if encoding is None:
            return refusal(422, "bad_request")
        language: Literal["ja", "en"] = "en" if request.query.get("language") == "en" else "ja"
        customers = await self._customers()
        try:
            content = await asyncio.to_thread(write_customers, customers, language, encoding)
        except KikimoriError as error:
            return refusal(422, "bad_csv", faults=[{"line": 0, "words": _words(error.message)}])
        entry = self._access.trail.entry(
            request[WHO], "customer.export", about=("customer", ""), count=len(customers)
        )
        await audit_log.append(self._store, entry)
        return web.Response(
            body=content,
            headers={
                "Content-Type": f"text/csv; charset={'utf-8' if encoding == 'utf-8-sig' else 'shift_jis'}",
                "Content-Disposition": 'attachment; filename="kikimori-customers.csv"',
            },
        )

    async def _import(self, request: web.Request) -> web.Response:
        """Take in a CSV file, all lines or none; with `dry_run=1` only say what would change. The body is the file."""
        if request.content_type not in ("text/csv", "application/octet-stream"):
            return refusal(415, "bad_request")
        content = await request.read()
        reader = await self._numbers.reader()
        known = await self._customers()
        try:
            plan = await asyncio.to_thread(_planned, content, known, reader)
        except BadCsvError as error:
            faults = [
                {"line": each.line, "words": _words(each.reason)} for each in error.faults[:MOST_FAULTS]
            ]
            return refusal(422, "bad_csv", faults=faults, more=max(0, len(error.faults) - MOST_FAULTS))
        dry = request.query.get("dry_run") == "1"
        if dry:
            # What would change shows what stands there.
            self._note_look(request[WHO])
        else:
            await import_customers(self._store, plan, author_of(request[WHO]))
            self._desk.read_again()
        return web.json_response({"dry_run": dry, **_view(plan)})

    async def _customers(self) -> list[Customer]:
        async with self._store.read() as connection:
            return await list_customers(connection)


def _planned(content: bytes, known: list[Customer], reader: NumberReader) -> CustomerImport:
    return plan_customers(known, read_customers(content), reader)


def _view(plan: CustomerImport) -> dict[str, Any]:
    return {
        "added": len(plan.add),
        "changed": len(plan.change),
        "unchanged": len(plan.confirmed),
        "add": [each.values["name"] for each in plan.add[:SHOWN]],
        "change": [{"name": each.customer.name, "changed": each.differences} for each in plan.change[:SHOWN]],
    }


def _words(reason: str) -> dict[str, str]:
    return {each: in_language(reason, each) for each in LANGUAGES}
