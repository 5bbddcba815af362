"""The first administrator's account, made by a one-time link, and login by such a link."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kikimori_dashboard.access.bodies import BadBodyError
from kikimori_dashboard.access.links import needs_first
from kikimori_dashboard.access.logins import LoginRefusedError
from kikimori_dashboard.access.middleware import refusal
from kikimori_dashboard.access.people_book import who_of
from kikimori_dashboard.access.tokens import hash_of
from kikimori_records.people import NewPerson
from kikimori_records.people.queries import add_within, within_by_id
from kikimori_records.sessions.links import FIRST, use_link_within

if TYPE_CHECKING:
    from kikimori_dashboard.access.access import Access
    from kikimori_dashboard.access.bodies import FirstBody
    from kikimori_records.people import Person
    from kikimori_records.store import Store


async def make_first(access: Access, body: FirstBody) -> Person:
    """Use the link up and make the account, both or neither.

    Raises:
        LoginRefusedError: the link is used, too old or of another kind, or there is an administrator already.
        BadBodyError: the password is refused.
        DuplicateLoginError: somebody has this login.
        StoreAwayError: the database is away.
    """
    if not await needs_first(access.store):
        raise LoginRefusedError("link_over")
    if fault := await access.passwords.fault_of(body.password, body.login):
        raise BadBodyError(refusal(422, fault))
    roles = {"admin", "supervisor"} if body.supervisor else {"admin"}
    made = await access.passwords.hash(body.password)
    new = NewPerson(body.name, body.login, frozenset(roles), password_hash=made)
    async with access.store.begin() as connection:
        link = await use_link_within(connection, hash_of(body.token), datetime.now(UTC))
        if link is None or link.kind != FIRST:
            raise LoginRefusedError("link_over")
        person = await add_within(connection, new)
    access.trail.note(who_of(person), "person.first", about=("person", person.id), roles=sorted(roles))
    return person


async def use_link(store: Store, token: str) -> Person:
    """Use a link up that signs a person in.

    Raises:
        LoginRefusedError: the link is used, too old or of another kind, or its person was disabled.
        StoreAwayError: the database is away.
    """
    async with store.begin() as connection:
        link = await use_link_within(connection, hash_of(token), datetime.now(UTC))
        if link is None or link.kind == FIRST or link.person_id is None:
            raise LoginRefusedError("link_over")
        person = await within_by_id(connection, link.person_id)
    if person is None or person.disabled_at is not None:
        raise LoginRefusedError("link_over")
    return person
