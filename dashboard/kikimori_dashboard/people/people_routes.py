"""HTTP routes by which administrators keep the people and the superiors."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aiohttp import web

from kikimori_core.wire.opening_hours import hours_text
from kikimori_dashboard.access.answering import answering
from kikimori_dashboard.access.audit_looks import AuditLooks
from kikimori_dashboard.access.audit_trail import author_of
from kikimori_dashboard.access.bodies import read_body
from kikimori_dashboard.access.middleware import refusal
from kikimori_dashboard.access.roles import Right
from kikimori_dashboard.access.rules import add_route, needs, page_for
from kikimori_dashboard.access.who import WHO
from kikimori_dashboard.pages.pages import html_page
from kikimori_dashboard.people.bodies import (
    DisabledBody,
    NewPasswordBody,
    OrderBody,
    PersonBody,
    PinBody,
    SuperiorBody,
)
from kikimori_records import sessions
from kikimori_records.people import NewPerson, UnknownPersonError, list_people, person_by_id
from kikimori_records.people import change as change_columns
from kikimori_records.people.changes import add_person, change_person
from kikimori_records.people.fields import FieldError
from kikimori_records.people.second_factor import remove_second_factor
from kikimori_records.people.superiors import (
    add_superior,
    change_superior,
    list_superiors,
    order_superiors,
    remove_superior,
)

if TYPE_CHECKING:
    from kikimori_dashboard.access.access import Access
    from kikimori_records.people import Person
    from kikimori_records.people.superiors import SuperiorRow

PEOPLE = needs(Right.PEOPLE)


class PeopleRoutes:
    """Routes under `/api/people` and `/api/superiors`."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._store = access.store
        self._looks = AuditLooks(access.trail)

    def add_to(self, app: web.Application) -> None:
        person, superior = "/api/people/{id:[0-9a-f]{32}}", "/api/superiors/{id:[0-9a-f]{32}}"
        for method, path, handler, body in (
            ("GET", "/api/people", self._list, None),
            ("POST", "/api/people", self._add, PersonBody),
            ("POST", person, self._change, PersonBody),
            ("POST", f"{person}/disable", self._disable, DisabledBody),
            ("POST", f"{person}/password", self._password, NewPasswordBody),
            ("POST", f"{person}/pin", self._pin, PinBody),
            ("POST", f"{person}/factor/remove", self._remove_factor, None),
            ("GET", "/api/superiors", self._superiors, None),
            ("POST", "/api/superiors", self._add_superior, SuperiorBody),
            ("POST", "/api/superiors/order", self._order, OrderBody),
            ("POST", superior, self._change_superior, SuperiorBody),
            ("POST", f"{superior}/remove", self._remove_superior, None),
        ):
            add_route(app, method, path, answering(handler), PEOPLE, body)
        add_route(app, "GET", "/people", html_page("people.html"), page_for(Right.PEOPLE))

    # --- people

    async def _list(self, request: web.Request) -> web.Response:
        """Return everybody, the disabled too."""
        people = await list_people(self._store, disabled=True)
        self._looks.note(request[WHO], "person.open", about=("page", "people"))
        return web.json_response({"people": [_person(each) for each in people]})

    async def _add(self, request: web.Request) -> web.Response:
        """Add a person."""
        values = (await read_body(request, PersonBody)).values()
        if "name" not in values:
            raise FieldError("name", "empty")
        person = await add_person(self._store, NewPerson(**values), author_of(request[WHO]))
        return web.json_response(_person(person))

    async def _change(self, request: web.Request) -> web.Response:
        """Change what is given of a person; "" clears."""
        values = (await read_body(request, PersonBody)).values()
        by = author_of(request[WHO])
        return web.json_response(_person(await change_person(self._store, _id(request), values, by)))

    async def _disable(self, request: web.Request) -> web.Response:
        """Disable a person, or enable them again; their sessions end."""
        body = await read_body(request, DisabledBody)
        by = author_of(request[WHO])
        person = await change_person(self._store, _id(request), {}, by, disabled=body.disabled)
        if body.disabled:
            await self._access.desk.end_all(person.id, "disabled")
        return web.json_response(_person(person))

    async def _password(self, request: web.Request) -> web.Response:
        """Set a temporary password; the sessions of the person end."""
        body = await read_body(request, NewPasswordBody)
        person = await self._found(request)
        if person.login is None:
            raise FieldError("login", "empty")
        if fault := await self._access.passwords.fault_of(body.password, person.login):
            return refusal(422, fault)
        made = await self._access.passwords.hash(body.password)
        await change_columns(self._store, person.id, password_hash=made, must_change=True)
        # Whoever knows the former one is out, on every browser.
        await self._access.desk.end_all(person.id, "password_changed")
        await sessions.forget_devices(self._store, person.id)
        self._access.trail.note(request[WHO], "password.set", about=("person", person.id), name=person.name)
        return web.json_response(_person(replace(person, password_hash=made)))

    async def _pin(self, request: web.Request) -> web.Response:
        """Set or take away the PIN for operators' PCs."""
        body = await read_body(request, PinBody)
        person = await self._found(request)
        made = await self._access.passwords.hash(body.pin) if body.pin else None
        await change_columns(self._store, person.id, pin_hash=made)
        self._access.trail.note(
            request[WHO],
            "pin.set" if body.pin else "pin.remove",
            about=("person", person.id),
            name=person.name,
        )
        return web.json_response(_person(replace(person, pin_hash=made)))

    async def _remove_factor(self, request: web.Request) -> web.Response:
        """Remove somebody else's second factor, of which telephone and recovery codes are lost; their sessions end."""
        who, person = request[WHO], await self._found(request)
        if person.id == who.person_id:
            # A browser that was left open is not to take it off: one's own goes by password and code.
            return refusal(403, "own_factor")
        if not await remove_second_factor(self._store, person, author_of(who)):
            return refusal(409, "factor_is_off")
        await self._access.desk.end_all(person.id, "factor_removed")
        return web.json_response(_person(replace(person, totp_secret=None)))

    async def _found(self, request: web.Request) -> Person:
        person = await person_by_id(self._store, _id(request))
        if person is None:
            raise UnknownPersonError.of("no_such_person")
        return person

    # --- superiors

    async def _superiors(self, _request: web.Request) -> web.Response:
        """Return the superiors in their order."""
        return _all(await list_superiors(self._store, disabled=True))

    async def _add_superior(self, request: web.Request) -> web.Response:
        """Add a superior behind the others."""
        values = (await read_body(request, SuperiorBody)).values()
        for needed in ("name", "number"):
            if needed not in values:
                raise FieldError(needed, "empty")
        by = author_of(request[WHO])
        hours = values.get("hours")
        await add_superior(self._store, values["name"], values["number"], by, hours=hours)
        return await self._superiors(request)

    async def _change_superior(self, request: web.Request) -> web.Response:
        """Change what is given of a superior."""
        values = (await read_body(request, SuperiorBody)).values()
        await change_superior(self._store, _id(request), author_of(request[WHO]), **values)
        return await self._superiors(request)

    async def _remove_superior(self, request: web.Request) -> web.Response:
        """Remove a superior."""
        await remove_superior(self._store, _id(request), author_of(request[WHO]))
        return await self._superiors(request)

    async def _order(self, request: web.Request) -> web.Response:
        """Put the superiors into an order."""
        body = await read_body(request, OrderBody)
        return _all(await order_superiors(self._store, body.ids, author_of(request[WHO])))


def _id(request: web.Request) -> str:
    return request.match_info["id"]


def _person(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.name,
        "login": person.login,
        "roles": sorted(person.roles),
        "extensions": sorted(person.extensions),
        "telephone": person.telephone,
        "team": person.team,
        "queue": person.queue,
        "seat_row": person.seat_row,
        "seat_column": person.seat_column,
        "disabled": person.disabled_at is not None,
        "has_password": person.password_hash is not None,
        "has_pin": person.pin_hash is not None,
        "has_factor": person.totp_secret is not None,
    }


def _all(superiors: list[SuperiorRow]) -> web.Response:
    rows = [
        {
            "id": each.id,
            "name": each.name,
            "number": each.number,
            "enabled": each.enabled,
            "hours": {language: hours_text(each.hours, language) for language in ("ja", "en")},
        }
        for each in superiors
    ]
    return web.json_response({"superiors": rows})
