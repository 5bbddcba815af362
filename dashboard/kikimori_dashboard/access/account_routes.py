"""HTTP routes of the own account: second factor, list of sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from kikimori_dashboard.access import totp
from kikimori_dashboard.access.answering import answering
from kikimori_dashboard.access.bodies import Secret, read_body
from kikimori_dashboard.access.middleware import refusal
from kikimori_dashboard.access.rules import OWN_ACCOUNT, add_route
from kikimori_dashboard.access.who import WHO
from kikimori_records import people, sessions
from kikimori_records.people.second_factor import recovery_codes_left, set_second_factor

if TYPE_CHECKING:
    from kikimori_dashboard.access.access import Access
    from kikimori_dashboard.access.who import Principal
    from kikimori_records.people import Person

SET_UP_WITHIN = timedelta(minutes=10)
MOST_BEGUN = 200
"""Second factors that are being set up at a time; beyond them the oldest is forgotten."""


class FactorBody(BaseModel):
    """Body of `POST /api/me/factor/confirm` and `/off`: the password, and a code of the app."""

    model_config = ConfigDict(extra="forbid")

    password: Secret
    code: Annotated[str, Field(min_length=1, max_length=32)]


class SessionBody(BaseModel):
    """Body of `POST /api/me/sessions/end`."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


@dataclass(frozen=True, slots=True)
class _Begun:
    secret: str
    at: datetime


class AccountRoutes:
    """Routes under `/api/me`."""

    def __init__(self, access: Access, site: str) -> None:
        self._access = access
        self._site = site
        self._begun: dict[str, _Begun] = {}
        """Secrets that no code has confirmed yet, by person."""

    def add_to(self, app: web.Application) -> None:
        for method, path, handler, body in (
            ("GET", "/api/me/factor", self._factor, None),
            ("POST", "/api/me/factor/begin", self._begin, None),
            ("GET", "/api/me/factor/picture", self._picture, None),
            ("POST", "/api/me/factor/confirm", self._confirm, FactorBody),
            ("POST", "/api/me/factor/off", self._off, FactorBody),
            ("GET", "/api/me/sessions", self._sessions, None),
            ("POST", "/api/me/sessions/end", self._end, SessionBody),
        ):
            add_route(app, method, path, answering(handler), OWN_ACCOUNT, body)

    async def _factor(self, request: web.Request) -> web.Response:
        """Return whether there is a second factor, and how many recovery codes are left."""
        person = await self._person(request[WHO])
        if person is None:
            return refusal(403, "not_allowed")
        left = await recovery_codes_left(self._access.store, person.id)
        return web.json_response(
            {"on": person.totp_secret is not None, "recovery_codes": left, "needed": request[WHO].must_enroll}
        )

    async def _begin(self, request: web.Request) -> web.Response:
        """Make a secret for an authenticator app; it counts once a code of it was confirmed."""
        person = await self._person(request[WHO])
        if person is None or person.login is None:
            return refusal(403, "not_allowed")
        if person.totp_secret is not None:
            return refusal(409, "factor_is_on")
        secret = totp.new_secret()
        self._begun.pop(person.id, None)
        self._begun[person.id] = _Begun(secret, datetime.now(UTC))
        if len(self._begun) > MOST_BEGUN:
            del self._begun[next(iter(self._begun))]
        return web.json_response({"secret": secret, "uri": totp.uri_of(secret, person.login, self._site)})

    async def _picture(self, request: web.Request) -> web.Response:
        """Return the QR code of the secret that is being set up, as SVG."""
        person = await self._person(request[WHO])
        secret = None if person is None else self._secret(person)
        if person is None or person.login is None or secret is None:
            return refusal(404, "factor_not_begun")
        drawn = totp.picture_of(totp.uri_of(secret, person.login, self._site))
        return web.Response(text=drawn, content_type="image/svg+xml")

    async def _confirm(self, request: web.Request) -> web.Response:
        """Turn the second factor on by a code of it; returns the recovery codes, this once."""
        body = await read_body(request, FactorBody)
        person = await self._person(request[WHO])
        secret = None if person is None else self._secret(person)
        if person is None or secret is None:
            return refusal(409, "factor_not_begun")
        if not await self._right(person, body.password, request):
            return refusal(403, "wrong_present")
        step = totp.step_of(secret, body.code, datetime.now(UTC), None)
        if step is None:
            return refusal(403, "wrong_code")
        codes = totp.new_recovery_codes()
        hashes = [totp.recovery_hash(person.id, each) for each in codes]
        await set_second_factor(self._access.store, person.id, secret, step, hashes)
        del self._begun[person.id]
        await self._access.desk.look()
        self._access.trail.note(request[WHO], "factor.on", about=("person", person.id))
        return web.json_response({"recovery_codes": codes})

    async def _off(self, request: web.Request) -> web.Response:
        """Turn the second factor off, by the password and a code."""
        body = await read_body(request, FactorBody)
        person = await self._person(request[WHO])
        if person is None or person.totp_secret is None:
            return refusal(409, "factor_is_off")
        if not await self._right(person, body.password, request):
            return refusal(403, "wrong_present")
        browser = self._access.browser_of(request)
        used = await self._access.logins.right_code(person, body.code, browser)
        if used is None:
            about = ("person", person.id)
            self._access.trail.note(
                request[WHO], "factor.off", outcome="refused", about=about, reason="wrong_code"
            )
            return refusal(403, "wrong_code")
        await set_second_factor(self._access.store, person.id, None, None, ())
        await self._access.desk.look()
        self._access.trail.note(request[WHO], "factor.off", about=("person", person.id), by=used.by)
        return web.json_response({"on": False})

    async def _sessions(self, request: web.Request) -> web.Response:
        """Return the open sessions of the person, the latest first."""
        who, now = request[WHO], datetime.now(UTC)
        found = [] if who.person_id is None else await sessions.sessions_of(self._access.store, who.person_id)
        view = [
            {
                "id": each.token_hash,
                "this": each.token_hash == who.session_id,
                "browser": each.browser,
                "address": each.address,
                "created_at": each.created_at.isoformat(),
                "used_at": each.used_at.isoformat(),
            }
            for each in found
            if each.is_open(now)
        ]
        return web.json_response({"sessions": view})

    async def _end(self, request: web.Request) -> web.Response:
        """End one of the own sessions."""
        body = await read_body(request, SessionBody)
        who = request[WHO]
        found = await sessions.session_by_hash(self._access.store, body.id)
        if found is None or who.person_id is None or found.person_id != who.person_id:
            return refusal(404, "no_such_session")
        await self._access.desk.end(body.id, "signed_out")
        self._access.trail.note(who, "session.end", about=("session", body.id[:12]))
        return web.json_response({"signed_out": True})

    async def _person(self, who: Principal) -> Person | None:
        return None if who.person_id is None else await people.person_by_id(self._access.store, who.person_id)

    async def _right(self, person: Person, password: str, request: web.Request) -> bool:
        return await self._access.logins.is_right(person, password, self._access.browser_of(request))

    def _secret(self, person: Person) -> str | None:
        begun = self._begun.get(person.id)
        if begun is None or datetime.now(UTC) - begun.at > SET_UP_WITHIN:
            return None
        return begun.secret
