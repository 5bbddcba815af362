"""Sessions of browsers: begun, found, confirmed by the database every second, ended.

While the database is away open sessions go on from memory for `AWAY` with the rights that they had.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from kikimori_dashboard.access.open_session import OpenSession, SessionEnd
from kikimori_dashboard.access.roles import PersonRole
from kikimori_dashboard.access.tokens import hash_of, new_token
from kikimori_records import sessions
from kikimori_records.errors import StoreAwayError, StoreError
from kikimori_records.sessions.confirmed import confirm

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_dashboard.access.people_book import PeopleBook
    from kikimori_dashboard.access.who import Principal
    from kikimori_records.store import Store

log = structlog.get_logger()

LOOK_EVERY_S = 1.0
"""Interval in s between looks at the database: a change of roles by a command reaches sockets after it."""
AWAY = timedelta(minutes=15)
USE_NOTED_EVERY = timedelta(minutes=1)
"""Age from which the use of a session is written down again."""
MOST_BROWSER = 200
"""Characters kept of the name that a browser gives itself."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """Limits on the life of a session."""

    idle: timedelta | None
    """Time without use, with no page open; None = for ever."""
    longest: timedelta


OF_PERSON = Lifetime(timedelta(hours=1), timedelta(hours=16))
OF_WALL = Lifetime(None, timedelta(days=365))


def lifetime_of(who: Principal) -> Lifetime:
    """Return how long the session of somebody lasts: a display on a wall and nothing else never idles out."""
    return OF_WALL if who.kiosk_id is not None or who.roles == {PersonRole.WALL} else OF_PERSON


class SessionDesk:
    """The sessions of one dashboard."""

    def __init__(
        self, store: Store, book: PeopleBook, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._store = store
        self._book = book
        self._now = now
        self._open: dict[str, OpenSession] = {}
        self._rights: tuple[object, ...] | None = None
        self._looking = asyncio.Lock()

    async def find(self, token: str) -> OpenSession | None:
        """Return the session of a token, and note its use; None where there is none, or it is over.

        Raises:
            StoreAwayError: the database is away, and the session is not known here, or was not confirmed for too long.
        """
        session_id = hash_of(token)
        session = self._open.get(session_id) or await self._read(session_id)
        if session is None:
            return None
        now = self._now()
        if session.over(now):
            await self._over(session, "idle" if now < session.expires_at else "expired")
            return None
        if now - session.confirmed_at > AWAY:
            await self.look()
        session.used_at = now
        return session

    async def begin(
        self, who: Principal, *, address: str, browser: str, lifetime: Lifetime | None = None
    ) -> tuple[str, OpenSession]:
        """Begin a session of a person or a kiosk; return its token, which is kept nowhere, and the session.

        Raises:
            StoreAwayError: the database is away.
        """
        token = new_token()
        now = self._now()
        lasting = lifetime or lifetime_of(who)
        row = sessions.Session(
            token_hash=hash_of(token),
            person_id=who.person_id,
            kiosk_id=who.kiosk_id,
            created_at=now,
            used_at=now,
            idle_s=None if lasting.idle is None else round(lasting.idle.total_seconds()),
            expires_at=now + lasting.longest,
            address=address,
            browser=browser[:MOST_BROWSER],
        )
        await sessions.add_session(self._store, row)
        # Who signs in was perhaps added or changed just now.
        await self._book.read(self._store)
        session = await self._read(row.token_hash)
        if session is None:
            raise StoreAwayError.of("session_gone")
        return token, session

    async def end(self, session_id: str, reason: str) -> None:
        """End a session, its sockets too. Raises StoreAwayError; in this process it is over all the same."""
        self._forget(session_id)
        await sessions.end_session(self._store, session_id, reason, self._now())

    async def end_all(self, person_id: str, reason: str) -> int:
        """End all sessions of a person, in other dashboards too within a second or two; return their number."""
        for session in [each for each in self._open.values() if each.who.person_id == person_id]:
            self._forget(session.session_id)
        return len(await sessions.end_sessions_of(self._store, person_id, reason, self._now()))

    async def keep(self) -> None:
        """Look every second, until cancelled."""
        while True:
            try:
                await self.look()
            except StoreError as error:
                if not isinstance(error, StoreAwayError):
                    log.error("store_fault", error=error.message, next=error.next_step)
                self._while_away()
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Confirm the open sessions and their rights, and note their use.

        Raises:
            StoreAwayError: the database is away.
        """
        async with self._looking:
            now = self._now()
            for session in list(self._open.values()):
                if session.live:
                    session.used_at = now
                elif session.over(now):
                    await self._over(session, "idle" if now < session.expires_at else "expired")
                if session.live and now >= session.expires_at:
                    await self._over(session, "expired")
            asked = set(self._open)
            found = await confirm(self._store, asked)
            if found.rights != self._rights:
                await self._book.read(self._store)
                self._rights = found.rights
            for session_id in asked - found.sessions:
                self._forget(session_id)
            for session in list(self._open.values()):
                if session.session_id in found.sessions:
                    session.confirmed_at = now
                await self._renew(session)
            await self._note_use(now)

    # --- inside

    async def _read(self, session_id: str) -> OpenSession | None:
        row = await sessions.session_by_hash(self._store, session_id)
        now = self._now()
        if row is None or not row.is_open(now):
            return None
        if self._rights is None or self._book.who_has(row) is None:
            await self._book.read(self._store)
            self._rights = self._rights or ()
        who = self._book.who_has(row)
        if who is None:
            return None
        # Another request of the same browser may have read it meanwhile.
        return self._open.setdefault(
            session_id,
            OpenSession(
                session_id=session_id,
                who=who,
                created_at=row.created_at,
                expires_at=row.expires_at,
                idle_s=row.idle_s,
                used_at=row.used_at,
                kept_at=row.used_at,
                confirmed_at=now,
            ),
        )

    async def _renew(self, session: OpenSession) -> None:
        who = self._book.who(session.who.person_id, session.who.kiosk_id, session.session_id)
        if who is None:
            await self._over(session, "disabled")
            return
        before, session.who = session.who, who
        if _rights_of(before) != _rights_of(who):
            session.close_sockets(SessionEnd.RIGHTS_CHANGED)

    async def _over(self, session: OpenSession, reason: str) -> None:
        log.info("session_over", reason=reason)
        self._forget(session.session_id)
        await sessions.end_session(self._store, session.session_id, reason, self._now())

    def _forget(self, session_id: str) -> None:
        session = self._open.pop(session_id, None)
        if session is not None:
            session.close_sockets(SessionEnd.OVER)

    async def _note_use(self, now: datetime) -> None:
        used = {
            each.session_id: each
            for each in self._open.values()
            if each.used_at - each.kept_at > USE_NOTED_EVERY
        }
        await sessions.touch_sessions(self._store, {name: each.used_at for name, each in used.items()})
        for session in used.values():
            session.kept_at = now

    def _while_away(self) -> None:
        now = self._now()
        for session in list(self._open.values()):
            if session.live:
                session.used_at = now
            if now - session.confirmed_at > AWAY:
                session.close_sockets(SessionEnd.STORE_AWAY)
            elif now >= session.expires_at:
                self._forget(session.session_id)


def _rights_of(who: Principal) -> tuple[object, ...]:
    return (who.roles, who.extensions, who.teams, who.must_change, who.must_enroll)
