"""Login: name and password, the second factor where a person has one, delays after wrong ones."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

import structlog

from kikimori_dashboard.access.cookies import DEVICE_DAYS
from kikimori_dashboard.access.delays import LoginDelays
from kikimori_dashboard.access.people_book import who_of
from kikimori_dashboard.access.tokens import hash_of, new_token
from kikimori_dashboard.access.totp import recovery_hash, step_of
from kikimori_records import people, sessions
from kikimori_records.people.person import plain_login
from kikimori_records.people.second_factor import recovery_codes_left, use_recovery_code, use_step

if TYPE_CHECKING:
    from kikimori_dashboard.access.audit_trail import AuditTrail
    from kikimori_dashboard.access.passwords import Passwords
    from kikimori_dashboard.access.session_desk import SessionDesk
    from kikimori_records.people import Person
    from kikimori_records.store import Store

log = structlog.get_logger()

DEVICE_LASTS = timedelta(days=DEVICE_DAYS)
TEMPORARY_LASTS = timedelta(days=7)
"""Time after the last change of a person for which a password that another set lets them in, to change it."""


@dataclass(frozen=True, slots=True)
class Browser:
    """Browser that asks: its address, what it says of itself, the device cookie that it has."""

    address: str
    name: str
    device: str | None = None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Good login: the tokens for the browser."""

    person: Person
    session: str
    device: str | None
    """None = it has a valid one already."""
    codes_left: int | None = None
    """Recovery codes left after one was used; None = none was used."""


@dataclass(frozen=True, slots=True)
class UsedCode:
    """Right code of the second factor, which is used up."""

    codes_left: int | None
    """Recovery codes left; None = it was a code of the app."""

    @property
    def by(self) -> str:
        """Name of the proof in the audit."""
        return "password_and_code" if self.codes_left is None else "password_and_recovery_code"


class LoginRefusedError(Exception):
    """The login was refused. `reason` is a stable code; `wait_s` tells the seconds until the next try."""

    def __init__(self, reason: str, wait_s: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait_s = wait_s


class Logins:
    """Signs people in."""

    def __init__(
        self, store: Store, desk: SessionDesk, passwords: Passwords, delays: LoginDelays, trail: AuditTrail
    ) -> None:
        self._store = store
        self._desk = desk
        self._passwords = passwords
        self._delays = delays
        self._code_delays = LoginDelays()
        """Of wrong codes: whoever knows the password is not to take them back with it."""
        self._trail = trail

    async def sign_in(self, login: str, password: str, code: str, browser: Browser) -> SignedIn:
        """Check what was typed and begin a session.

        Raises:
            LoginRefusedError: wrong, too early, or the second factor is missing. An unknown login takes the same time
                and gets the same answer as a wrong password.
            TooManyPasswordsError: too many logins at once.
            StoreAwayError: the database is away.
        """
        name = plain_login(login)
        person = await people.person_by_login(self._store, name)
        known = await self._known_device(browser, person)
        now = asyncio.get_running_loop().time()
        counted = _counted(name, browser, known=known)
        if wait_s := self._delays.begin_try(*counted, now):
            log.warning("login_refused", reason="wait", known=person is not None, address=browser.address)
            raise LoginRefusedError("wait", wait_s)
        usable = person if person is not None and person.disabled_at is None else None
        right = await self._passwords.check(usable.password_hash if usable else None, password)
        if usable is None or not right:
            self._wrong(person, browser)
        self._delays.succeeded(*counted)
        if usable.must_change and datetime.now(UTC) - usable.changed_at > TEMPORARY_LASTS:
            # Before the second factor: no code is used up for a login that is refused anyway.
            self._wrong(usable, browser, reason="password_over")
        used = None
        if usable.totp_secret is not None:
            if not code.strip():
                raise LoginRefusedError("code_needed")
            used = await self.right_code(usable, code, browser)
            if used is None:
                self._wrong(usable, browser, reason="wrong_code")
        by, left = ("password", None) if used is None else (used.by, used.codes_left)
        return await self.admit(usable, browser, by=by, known=known, password=password, codes_left=left)

    async def is_right(self, person: Person, password: str, browser: Browser) -> bool:
        """Return whether this is a signed-in person's password, with the same delays as at a login.

        Raises:
            LoginRefusedError: too early after wrong ones.
            TooManyPasswordsError: too many logins at once.
        """
        name, now = person.login or "", asyncio.get_running_loop().time()
        if wait_s := self._delays.begin_try(name, browser.address, now):
            raise LoginRefusedError("wait", wait_s)
        right = await self._passwords.check(person.password_hash, password)
        if right:
            self._delays.succeeded(name, browser.address)
        else:
            log.warning("login_refused", reason="wrong_present", person_id=person.id, address=browser.address)
        return right

    async def admit(
        self,
        person: Person,
        browser: Browser,
        *,
        by: str,
        known: bool = False,
        password: str | None = None,
        codes_left: int | None = None,
    ) -> SignedIn:
        """Begin a session for somebody who has proved `by` something to be this person; see `sign_in`."""
        token, session = await self._desk.begin(who_of(person), address=browser.address, browser=browser.name)
        device = None if known else await self._new_device(person)
        more: dict[str, Any] = {} if codes_left is None else {"codes_left": codes_left}
        self._trail.note(
            session.who, "session.begin", about=("person", person.id), address=browser.address, by=by, **more
        )
        if password is not None and person.password_hash and self._passwords.outdated(person.password_hash):
            await people.change(self._store, person.id, password_hash=await self._passwords.hash(password))
        return SignedIn(person, token, device, codes_left)

    async def _known_device(self, browser: Browser, person: Person | None) -> bool:
        if browser.device is None or person is None:
            return False
        found = await sessions.device_of(self._store, hash_of(browser.device), datetime.now(UTC))
        return found == person.id

    async def _new_device(self, person: Person) -> str:
        token, now = new_token(), datetime.now(UTC)
        await sessions.add_device(
            self._store, hash_of(token), person.id, at=now, expires_at=now + DEVICE_LASTS
        )
        return token

    async def right_code(self, person: Person, code: str, browser: Browser) -> UsedCode | None:
        """Use a code of the app, or a recovery code; None where it is wrong.

        Raises:
            LoginRefusedError: too early after wrong ones.
        """
        now = asyncio.get_running_loop().time()
        user, _ = _counted(person.id, browser, known=await self._known_device(browser, person))
        if wait_s := self._code_delays.begin_try(user, None, now):
            log.warning("login_refused", reason="wait", known=True, address=browser.address)
            raise LoginRefusedError("wait", wait_s)
        used = await self._use_code(person, code)
        if used is not None:
            self._code_delays.succeeded(user, None)
        return used

    async def _use_code(self, person: Person, code: str) -> UsedCode | None:
        step = step_of(person.totp_secret or "", code, datetime.now(UTC), person.totp_used_step)
        if step is not None:
            return UsedCode(None) if await use_step(self._store, person.id, step) else None
        if not await use_recovery_code(self._store, person.id, recovery_hash(person.id, code)):
            return None
        return UsedCode(await recovery_codes_left(self._store, person.id))

    def _wrong(self, person: Person | None, browser: Browser, reason: str = "wrong") -> NoReturn:
        log.warning("login_refused", reason=reason, known=person is not None, address=browser.address)
        about = None if person is None else ("person", person.id)
        self._trail.note(
            None, "session.begin", outcome="refused", about=about, address=browser.address, reason=reason
        )
        raise LoginRefusedError(reason)


def _counted(user: str, browser: Browser, *, known: bool) -> tuple[str, str | None]:
    """Return under which user and address a try counts: a browser that the user has used before counts by itself."""
    if known and browser.device is not None:
        return hash_of(browser.device), None
    return user, browser.address
