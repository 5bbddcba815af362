"""HTTP routes of login, sessions and the own account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from kikimori_dashboard.access import cookies
from kikimori_dashboard.access.answering import answering
from kikimori_dashboard.access.bodies import FirstBody, LinkBody, LoginBody, PasswordBody, read_body
from kikimori_dashboard.access.first_account import make_first, use_link
from kikimori_dashboard.access.middleware import home_of, refusal
from kikimori_dashboard.access.open_session import SESSION
from kikimori_dashboard.access.rules import OPEN, OWN_ACCOUNT, RouteRule, add_route, pages_of
from kikimori_dashboard.access.who import WHO
from kikimori_records import people, sessions

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from kikimori_dashboard.access.access import Access
    from kikimori_dashboard.access.logins import SignedIn

ACCOUNT_PAGE_RULE = RouteRule(page=True, before_change=True)


class AccessRoutes:
    """Routes under `/api` by which somebody comes in, goes out and keeps their own account."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def add_to(self, app: web.Application) -> None:
        for method, path, handler, rule, body in (
            ("POST", "/api/login", self._login, OPEN, LoginBody),
            ("POST", "/api/first", self._first, OPEN, FirstBody),
            ("POST", "/api/link", self._link, OPEN, LinkBody),
            ("POST", "/api/logout", self._logout, OWN_ACCOUNT, None),
            ("POST", "/api/logout/everywhere", self._logout_everywhere, OWN_ACCOUNT, None),
            ("GET", "/api/me", self._me, OWN_ACCOUNT, None),
            ("POST", "/api/me/password", self._password, OWN_ACCOUNT, PasswordBody),
        ):
            add_route(app, method, path, answering(handler), rule, body)

    async def _login(self, request: web.Request) -> web.Response:
        """Sign in; sets the cookies of the session and of the device."""
        body = await read_body(request, LoginBody)
        return await self._let_in(
            request,
            await self._access.logins.sign_in(
                body.login, body.password, body.code, self._access.browser_of(request)
            ),
        )

    async def _first(self, request: web.Request) -> web.Response:
        """Make the first administrator's account by a one-time link, and sign in."""
        body = await read_body(request, FirstBody)
        person = await make_first(self._access, body)
        return await self._let_in(
            request, await self._access.logins.admit(person, self._access.browser_of(request), by="link")
        )

    async def _link(self, request: web.Request) -> web.Response:
        """Sign in by a one-time link."""
        body = await read_body(request, LinkBody)
        person = await use_link(self._access.store, body.token)
        return await self._let_in(
            request, await self._access.logins.admit(person, self._access.browser_of(request), by="link")
        )

    async def _logout(self, request: web.Request) -> web.Response:
        """End this session."""
        session = request[SESSION]
        self._access.trail.note(session.who, "session.end")
        return await self._out(request, self._access.desk.end(session.session_id, "signed_out"))

    async def _logout_everywhere(self, request: web.Request) -> web.Response:
        """End all sessions of the person, and forget their devices."""
        session = request[SESSION]
        self._access.trail.note(session.who, "session.end_all")
        if session.who.person_id is None:
            return await self._out(request, self._access.desk.end(session.session_id, "signed_out"))
        await sessions.forget_devices(self._access.store, session.who.person_id)
        return await self._out(
            request, self._access.desk.end_all(session.who.person_id, "signed_out_everywhere")
        )

    async def _out(self, request: web.Request, ending: Awaitable[object]) -> web.Response:
        answer = web.json_response({"signed_out": True})
        await cookies.clear_session(request, answer, self._access.desk)
        await ending
        return answer

    async def _me(self, request: web.Request) -> web.Response:
        """Return who is signed in, with roles, extensions and the pages that they may open."""
        who, session = request[WHO], request[SESSION]
        return web.json_response(
            {
                "name": who.name,
                "person_id": who.person_id,
                "kiosk_id": who.kiosk_id,
                "roles": sorted(who.roles),
                "extensions": sorted(who.extensions),
                "teams": sorted(who.teams),
                "must_change": who.must_change,
                "must_enroll": who.must_enroll,
                "pages": [] if who.must_change or who.must_enroll else pages_of(request.app, who),
                "home": home_of(who.roles, kiosk=who.kiosk_id is not None),
                "signed_in_at": session.created_at.isoformat(),
                "ends_at": session.expires_at.isoformat(),
            }
        )

    async def _password(self, request: web.Request) -> web.Response:
        """Change the own password; all other sessions end."""
        who = request[WHO]
        body = await read_body(request, PasswordBody)
        person = (
            None if who.person_id is None else await people.person_by_id(self._access.store, who.person_id)
        )
        if person is None or person.login is None:
            return refusal(403, "not_allowed")
        if not await self._access.logins.is_right(person, body.present, self._access.browser_of(request)):
            return refusal(403, "wrong_present")
        if fault := await self._access.passwords.fault_of(body.new, person.login):
            return refusal(422, fault)
        if body.new == body.present:
            return refusal(422, "password_same")
        made = await self._access.passwords.hash(body.new)
        await people.change(self._access.store, person.id, password_hash=made, must_change=False)
        await self._access.desk.end_all(person.id, "password_changed")
        await sessions.forget_devices(self._access.store, person.id)
        self._access.trail.note(who, "password.change", about=("person", person.id))
        # The browser in which it was changed goes on, with a session of its own.
        fresh = await people.person_by_id(self._access.store, person.id)
        return await self._let_in(
            request,
            await self._access.logins.admit(fresh or person, self._access.browser_of(request), by="password"),
        )

    async def _let_in(self, request: web.Request, signed_in: SignedIn) -> web.Response:
        person = signed_in.person
        view: dict[str, Any] = {
            "name": person.name,
            "home": home_of(person.roles),
            "must_change": person.must_change,
        }
        if signed_in.codes_left is not None:
            view["recovery_codes"] = signed_in.codes_left
        answer = web.json_response(view)
        await cookies.set_session(request, answer, signed_in.session, self._access.desk)
        if signed_in.device is not None:
            cookies.set_device(answer, signed_in.device)
        return answer
