"""HTTP routes of kiosks: codes of administrators, binding of a PC, who sits there today, corrections."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog
from aiohttp import web

from kikimori_dashboard.access import cookies
from kikimori_dashboard.access.answering import answering, too_early
from kikimori_dashboard.access.audit_looks import AuditLooks
from kikimori_dashboard.access.audit_trail import author_of
from kikimori_dashboard.access.bodies import read_body
from kikimori_dashboard.access.delays import LoginDelays
from kikimori_dashboard.access.middleware import refusal
from kikimori_dashboard.access.people_book import who_of_kiosk
from kikimori_dashboard.access.roles import Right
from kikimori_dashboard.access.rules import OPEN, add_route, needs
from kikimori_dashboard.access.who import WHO
from kikimori_dashboard.pages.pages import html_page
from kikimori_dashboard.people.bodies import BindBody, CodeBody, CorrectionBody, HashBody, SeatBody
from kikimori_records.people import fields, list_people
from kikimori_records.people.fields import FieldError
from kikimori_records.people.kiosks import (
    code_hash,
    list_kiosks,
    make_code,
    open_codes,
    revoke_code,
    revoke_kiosk,
    use_code,
)
from kikimori_records.people.seatings import (
    SeatingSource,
    correct,
    person_at,
    seatings_of,
    sit_down,
    stand_up,
)

if TYPE_CHECKING:
    from kikimori_dashboard.access.access import Access
    from kikimori_dashboard.access.who import Principal
    from kikimori_records.people import Person
    from kikimori_records.people.seatings import Seating

MOST_CANDIDATES = 200

log = structlog.get_logger()


class KioskRoutes:
    """Routes under `/api/kiosk…`, `/api/seat` and `/api/seatings`."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._store = access.store
        self._looks = AuditLooks(access.trail)
        self._codes = LoginDelays()
        self._pins = LoginDelays()

    def add_to(self, app: web.Application) -> None:
        kiosks, people, own = needs(Right.KIOSKS), needs(Right.PEOPLE), needs(Right.OWN_PAGE)
        for method, path, handler, rule, body in (
            ("GET", "/api/kiosks", self._list, kiosks, None),
            ("POST", "/api/kiosk-codes", self._code, kiosks, CodeBody),
            ("POST", "/api/kiosk-codes/revoke", self._revoke_code, kiosks, HashBody),
            ("POST", "/api/kiosks/{id:[0-9a-f]{32}}/revoke", self._revoke, kiosks, None),
            ("POST", "/api/kiosk", self._bind, OPEN, BindBody),
            ("GET", "/api/seat", self._seat, own, None),
            ("POST", "/api/seat", self._sit, own, SeatBody),
            ("POST", "/api/seat/leave", self._leave, own, None),
            ("GET", "/api/seatings/{extension}", self._seatings, people, None),
            ("POST", "/api/seatings/{id:[0-9a-f]{32}}/correct", self._correct, people, CorrectionBody),
        ):
            add_route(app, method, path, answering(handler), rule, body)
        add_route(app, "GET", "/kiosk", html_page("kiosk.html"), OPEN)

    # --- of administrators

    async def _list(self, _request: web.Request) -> web.Response:
        """Return the bound PCs, and the codes that may still be used."""
        kiosks, codes = await list_kiosks(self._store), await open_codes(self._store, _now())
        return web.json_response(
            {
                "kiosks": [
                    {
                        "id": each.id,
                        "extension": each.extension,
                        "name": each.name,
                        "since": each.created_at.isoformat(),
                    }
                    for each in kiosks
                ],
                "codes": [
                    {
                        "code_hash": each.code_hash,
                        "extension": each.extension,
                        "expires_at": each.expires_at.isoformat(),
                    }
                    for each in codes
                ],
            }
        )

    async def _code(self, request: web.Request) -> web.Response:
        """Make a code that binds a PC to an extension."""
        extension = fields.telephone((await read_body(request, CodeBody)).extension, "extension")
        if extension is None:
            raise FieldError("extension", "empty")
        code, row = await make_code(self._store, extension, author_of(request[WHO]), _now())
        shown = f"{code[:4]}-{code[4:]}"
        return web.json_response(
            {"code": shown, "extension": extension, "expires_at": row.expires_at.isoformat()}
        )

    async def _revoke_code(self, request: web.Request) -> web.Response:
        """Make a code void."""
        body = await read_body(request, HashBody)
        done = await revoke_code(self._store, body.code_hash, author_of(request[WHO]), _now())
        return web.json_response({"revoked": done})

    async def _revoke(self, request: web.Request) -> web.Response:
        """Unbind a PC."""
        done = await revoke_kiosk(self._store, request.match_info["id"], author_of(request[WHO]), _now())
        return web.json_response({"revoked": done})

    async def _seatings(self, request: web.Request) -> web.Response:
        """Return who sat at an extension, the newest first, with what was corrected."""
        extension = request.match_info["extension"]
        found = await seatings_of(self._store, extension, replaced=True)
        self._looks.note(request[WHO], "seating.open", thing=extension, about=("extension", extension))
        return web.json_response({"seatings": [_seating(each) for each in reversed(found)]})

    async def _correct(self, request: web.Request) -> web.Response:
        """Say afterwards who sat there."""
        body = await read_body(request, CorrectionBody)
        await self._require_person(body.person_id)
        by = author_of(request[WHO])
        made = await correct(self._store, request.match_info["id"], body.person_id, by, _now())
        return web.json_response(_seating(made))

    # --- of the PC

    async def _bind(self, request: web.Request) -> web.Response:
        """Bind this PC to the extension of a code; sets the cookie of its session."""
        body = await read_body(request, BindBody)
        browser, now_s = self._access.browser_of(request), asyncio.get_running_loop().time()
        # A code has no user: wrong ones are counted by address, and each by itself.
        hashed = code_hash(body.code)
        if wait_s := self._codes.begin_try(hashed, browser.address, now_s):
            return too_early(wait_s)
        kiosk = await use_code(self._store, body.code, fields.label(body.name, "name") or "", _now())
        if kiosk is None:
            log.warning("login_refused", reason="kiosk_code", address=browser.address)
            return refusal(401, "code_over")
        self._codes.succeeded(hashed, browser.address)
        who = who_of_kiosk(kiosk.id, kiosk.name, kiosk.extension)
        token, _ = await self._access.desk.begin(who, address=browser.address, browser=browser.name)
        answer = web.json_response({"extension": kiosk.extension, "home": "/operator"})
        await cookies.set_session(request, answer, token, self._access.desk)
        return answer

    async def _seat(self, request: web.Request) -> web.Response:
        """Return who sits at this PC, and who may."""
        extension = _extension(request[WHO])
        if extension is None:
            return web.json_response({"kiosk": False})
        seating = await person_at(self._store, extension, _now())
        people = await self._candidates(extension)
        return web.json_response(
            {
                "kiosk": True,
                "extension": extension,
                "asked": seating is not None,
                "name": seating.name if seating else None,
                "candidates": [
                    {"id": each.id, "name": each.name, "pin": each.pin_hash is not None} for each in people
                ],
            }
        )

    async def _sit(self, request: web.Request) -> web.Response:
        """Note who sits at this PC from now on."""
        who = request[WHO]
        extension = _extension(who)
        if extension is None:
            return refusal(403, "not_allowed")
        body = await read_body(request, SeatBody)
        if body.person_id is not None and (refused := await self._pin_refusal(request, extension, body)):
            return refused
        by = author_of(who)
        seating = await sit_down(self._store, extension, body.person_id, SeatingSource.KIOSK, by, _now())
        return web.json_response({"name": seating.name, "since": seating.since.isoformat()})

    async def _leave(self, request: web.Request) -> web.Response:
        """Note that nobody sits at this PC any more."""
        who = request[WHO]
        extension = _extension(who)
        if extension is None:
            return refusal(403, "not_allowed")
        return web.json_response({"left": await stand_up(self._store, extension, author_of(who), _now())})

    async def _pin_refusal(self, request: web.Request, extension: str, body: SeatBody) -> web.Response | None:
        """Return the refusal of somebody who is no candidate here, or whose PIN is wrong; None for all others."""
        person = next((each for each in await self._candidates(extension) if each.id == body.person_id), None)
        if person is None:
            return refusal(403, "not_allowed")
        if person.pin_hash is None:
            return None
        address, now_s = self._access.browser_of(request).address, asyncio.get_running_loop().time()
        if wait_s := self._pins.begin_try(person.id, address, now_s):
            return too_early(wait_s)
        if not await self._access.passwords.check(person.pin_hash, body.pin):
            log.warning("login_refused", reason="wrong_pin", person_id=person.id, address=address)
            return refusal(403, "wrong_pin")
        self._pins.succeeded(person.id, address)
        return None

    async def _candidates(self, extension: str) -> list[Person]:
        """Return who may sit at an extension: those who have it, else every operator."""
        operators = [each for each in await list_people(self._store) if "operator" in each.roles]
        own = [each for each in operators if extension in each.extensions]
        return (own or operators)[:MOST_CANDIDATES]

    async def _require_person(self, person_id: str | None) -> None:
        people = {each.id for each in await list_people(self._store, disabled=True)}
        if person_id is not None and person_id not in people:
            raise FieldError("person_id", "empty")


def _extension(who: Principal) -> str | None:
    """Return the extension of a kiosk; None for a person."""
    return next(iter(who.extensions), None) if who.kiosk_id is not None else None


def _seating(seating: Seating) -> dict[str, Any]:
    return {
        "id": seating.id,
        "person_id": seating.person_id,
        "name": seating.name,
        "since": seating.since.isoformat(),
        "ends_at": seating.ends_at.isoformat(),
        "source": seating.source,
        "replaces": seating.replaces,
        "changed_at": seating.changed_at.isoformat(),
    }


def _now() -> datetime:
    return datetime.now(UTC)
