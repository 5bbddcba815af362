"""HTTP routes of a caller's page: contacts over all departments, the customer, numbers joined and parted."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aiohttp import web

from kikimori_dashboard.access.answering import answering
from kikimori_dashboard.access.audit_looks import AuditLooks
from kikimori_dashboard.access.audit_trail import author_of
from kikimori_dashboard.access.bodies import read_body
from kikimori_dashboard.access.middleware import refusal
from kikimori_dashboard.access.roles import Right, may
from kikimori_dashboard.access.rules import add_route, needs, page_for
from kikimori_dashboard.access.who import WHO
from kikimori_dashboard.callers.bodies import CustomerBody, NumberBody, PartBody
from kikimori_dashboard.callers.customer_view import customer_view
from kikimori_dashboard.pages.pages import html_page
from kikimori_dashboard.recorded.target import target_of
from kikimori_records.callers.changes import (
    add_customer,
    change_customer,
    join_number,
    part_number,
    remove_customer,
)
from kikimori_records.callers.contacts import contacts_of, number_of, totals_by_team, totals_of
from kikimori_records.callers.customer import CustomerNumber
from kikimori_records.callers.queries import UnknownCustomerError, customers_of
from kikimori_records.calls.queries import reasons_of
from kikimori_records.people.fields import FieldError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kikimori_dashboard.access.access import Access
    from kikimori_dashboard.access.who import Principal
    from kikimori_dashboard.callers.caller_desk import CallerDesk
    from kikimori_dashboard.callers.customer_numbers import CustomerNumbers
    from kikimori_records.callers.contacts import CallerTotals, Contact
    from kikimori_records.callers.customer import Customer
    from kikimori_records.calls.queries import AlertReason

KEY = "{key:[0-9a-f]{24}}"
_OF_CONTACT = ("uid", "operator", "worst", "alerts", "outcome", "end_reason")
AT_ONCE = 100


class CallerRoutes:
    """Routes under `/callers` and `/api/callers`."""

    def __init__(self, access: Access, desk: CallerDesk, numbers: CustomerNumbers) -> None:
        self._access = access
        self._store = access.store
        self._desk = desk
        self._numbers = numbers
        self._looks = AuditLooks(access.trail)

    def add_to(self, app: web.Application) -> None:
        read, change = needs(Right.TRANSCRIPT), needs(Right.CUSTOMERS)
        path = f"/api/callers/{KEY}"
        add_route(app, "GET", f"/callers/{KEY}", html_page("caller.html"), page_for(Right.TRANSCRIPT))
        for method, below, handler, rule, body in (
            ("GET", "", self._view, read, None),
            ("POST", "/customer", self._customer, change, CustomerBody),
            ("POST", "/remove", self._remove, change, None),
            ("POST", "/join", self._join, change, NumberBody),
            ("POST", "/part", self._part, change, PartBody),
        ):
            add_route(app, method, path + below, answering(handler), rule, body)

    async def _view(self, request: web.Request) -> web.Response:
        """Return a caller's contacts, newest first, with their sums and the customer: before."""
        who, key = request[WHO], request.match_info["key"]
        try:
            before = _before(request.query.get("before"))
        except ValueError:
            return refusal(422, "bad_request")
        async with self._store.read() as connection:
            customer = (await customers_of(connection, [key])).get(key)
            keys = (key,) if customer is None else customer.keys
            contacts = await contacts_of(connection, keys, AT_ONCE, before)
            totals = await totals_of(connection, keys)
            teams = await totals_by_team(connection, keys)
            number = None if customer else await number_of(connection, key)
            reasons = await reasons_of(connection, [each.uid for each in contacts if each.alerts])
        if customer is None and not totals.contacts:
            return refusal(404, "no_such_caller")
        self._note_look(who, key)
        last = contacts[-1] if len(contacts) == AT_ONCE else None
        return web.json_response(
            {
                "key": key,
                "number": number,
                "customer": None if customer is None else customer_view(customer),
                "may_change": may(who, Right.CUSTOMERS),
                "totals": _totals(totals),
                "teams": [{"team": team, **_totals(each)} for team, each in teams],
                "contacts": [self._contact(each, reasons.get(each.uid, ()), who) for each in contacts],
                "before": last and f"{last.started_at.isoformat()}/{last.uid}",
            }
        )

    async def _customer(self, request: web.Request) -> web.Response:
        """Put the caller on the list of customers, or change the entry; "" clears."""
        body = await read_body(request, CustomerBody)
        values, by, key = body.values(), author_of(request[WHO]), request.match_info["key"]
        customer = await self._found(key)
        if customer is not None:
            return self._changed(request, await change_customer(self._store, customer.id, values, by))
        if not values.get("name"):
            raise FieldError("name", "empty")
        async with self._store.read() as connection:
            number = await number_of(connection, key)
        own = CustomerNumber(key, number or "")
        return self._changed(request, await add_customer(self._store, values, [own], by))

    async def _remove(self, request: web.Request) -> web.Response:
        """Remove the customer from the list; recorded calls stay."""
        customer = await self._required(request)
        await remove_customer(self._store, customer.id, author_of(request[WHO]))
        self._desk.read_again()
        return web.json_response({"customer": None})

    async def _join(self, request: web.Request) -> web.Response:
        """Join a number to the caller's customer; a caller of no customer is joined to the one that has the number."""
        body = await read_body(request, NumberBody)
        key, by = request.match_info["key"], author_of(request[WHO])
        reader = await self._numbers.reader()
        number = reader.one(body.number)
        customer = await self._found(key)
        if customer is not None:
            return self._changed(request, await join_number(self._store, customer.id, number, by))
        other = await self._found(number.caller_key)
        if other is None:
            raise UnknownCustomerError.of("no_such_customer")
        async with self._store.read() as connection:
            own = CustomerNumber(key, await number_of(connection, key) or "")
        return self._changed(request, await join_number(self._store, other.id, own, by))

    async def _part(self, request: web.Request) -> web.Response:
        """Part a number, by its caller's key, from the customer."""
        body = await read_body(request, PartBody)
        customer = await self._required(request)
        by = author_of(request[WHO])
        return self._changed(request, await part_number(self._store, customer.id, body.caller, by))

    def _changed(self, request: web.Request, customer: Customer) -> web.Response:
        """Return the customer; whoever changes nothing has read the entry all the same."""
        self._note_look(request[WHO], request.match_info["key"])
        self._desk.read_again()
        return web.json_response({"customer": customer_view(customer)})

    async def _required(self, request: web.Request) -> Customer:
        customer = await self._found(request.match_info["key"])
        if customer is None:
            raise UnknownCustomerError.of("no_such_customer")
        return customer

    async def _found(self, key: str) -> Customer | None:
        async with self._store.read() as connection:
            return (await customers_of(connection, [key])).get(key)

    def _note_look(self, who: Principal, key: str) -> None:
        self._looks.note(who, "caller.open", thing=key, about=("caller", key))

    def _contact(self, contact: Contact, reasons: Sequence[AlertReason], who: Principal) -> dict[str, Any]:
        """Return a contact; of those whose words somebody may not read, when, for how long and where alone."""
        view: dict[str, Any] = {
            "at": contact.started_at.isoformat(),
            "seconds": contact.seconds,
            "team": contact.team,
            "queue": contact.queue,
        }
        if not may(who, Right.TRANSCRIPT, target_of(contact, self._access.teams)):
            return {**view, "uid": None}
        more = {name: getattr(contact, name) for name in _OF_CONTACT}
        return {**view, **more, "reasons": [asdict(each) for each in reasons]}


def _totals(totals: CallerTotals) -> dict[str, Any]:
    return {
        "contacts": totals.contacts,
        "seconds": totals.seconds,
        "alerts": totals.alerts,
        "incidents": totals.incidents,
        "first_at": totals.first_at and totals.first_at.isoformat(),
    }


def _before(asked: str | None) -> tuple[datetime, str] | None:
    """Return begin and uid of the last contact of the page before; raises ValueError."""
    if asked is None:
        return None
    at, _, uid = asked.partition("/")
    found = datetime.fromisoformat(at)
    if found.tzinfo is None or not uid:
        raise ValueError(asked)
    return found, uid
