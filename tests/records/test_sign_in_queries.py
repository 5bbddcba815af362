"""Queries of the login on both engines: links and codes are good once, of two at the same time one gets it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.support.sign_in import add_session
from tests.support.stores import audited

from kikimori_dashboard.access.extension_teams import ExtensionTeams
from kikimori_dashboard.access.links import first_link, needs_first
from kikimori_dashboard.access.people_book import PeopleBook, who_of
from kikimori_dashboard.access.session_desk import SessionDesk
from kikimori_records.audit.entry import ActorKind
from kikimori_records.people import NewPerson, add, change, person_by_id
from kikimori_records.people.changes import Author
from kikimori_records.people.second_factor import (
    recovery_codes_left,
    remove_second_factor,
    set_second_factor,
    use_recovery_code,
    use_step,
)
from kikimori_records.sessions import add_device, device_of, sessions_of
from kikimori_records.sessions.confirmed import AT_A_TIME, confirm
from kikimori_records.sessions.links import FIRST, OneTimeLink, add_link, use_link_within

if TYPE_CHECKING:
    from kikimori_records.store import Store

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
DAY = timedelta(days=1)


async def use(store: Store, token_hash: str, at: datetime = NOON) -> OneTimeLink | None:
    async with store.begin() as connection:
        return await use_link_within(connection, token_hash, at)


async def test_a_link_is_used_once(store: Store) -> None:
    person = await add(store, NewPerson("佐藤"))
    until = NOON + timedelta(minutes=30)
    for name in ("a", "b"):
        await add_link(store, name, "demo", person.id, at=NOON, expires_at=until)
    both = await asyncio.gather(use(store, "a"), use(store, "a"))
    assert sorted(map(str, both)) == sorted(map(str, [None, OneTimeLink("demo", person.id)]))
    assert await use(store, "b", until) is None
    assert await use(store, "unknown") is None


async def test_a_new_link_for_the_first_account_replaces_the_one_before(store: Store) -> None:
    until = NOON + timedelta(minutes=30)
    for name in ("old", "new"):
        await add_link(store, name, FIRST, None, at=NOON, expires_at=until)
    assert await use(store, "old") is None
    assert await use(store, "new") == OneTimeLink(FIRST, None)


async def test_a_link_of_a_transaction_that_fails_stays_good(store: Store) -> None:
    await add_link(store, "a", FIRST, None, at=NOON, expires_at=NOON + timedelta(minutes=30))
    try:
        async with store.begin() as connection:
            assert await use_link_within(connection, "a", NOON) is not None
            raise ValueError("the account could not be made")  # noqa: TRY301
    except ValueError:
        pass
    assert await use(store, "a") is not None


async def test_the_first_account_is_needed_until_an_administrator_can_sign_in(store: Store) -> None:
    assert await needs_first(store)
    assert "#first." in await first_link(store)
    person = await add(store, NewPerson("山田", "yamada", frozenset({"admin"})))
    assert await needs_first(store)
    await change(store, person.id, password_hash="$argon2id$")
    assert not await needs_first(store)
    await change(store, person.id, disabled_at=NOON)
    assert await needs_first(store)


async def test_codes_are_good_once(store: Store) -> None:
    person = await add(store, NewPerson("佐藤", "sato"))
    await set_second_factor(store, person.id, "SECRET", 100, ["one", "two"])
    assert [await use_step(store, person.id, step) for step in (100, 101, 101, 99)] == [
        False,
        True,
        False,
        False,
    ]
    used = await asyncio.gather(*(use_recovery_code(store, person.id, "one") for _ in range(2)))
    assert sorted(used) == [False, True]
    assert not await use_recovery_code(store, person.id, "three")
    assert await recovery_codes_left(store, person.id) == 1
    await set_second_factor(store, person.id, None, None, ())
    assert await recovery_codes_left(store, person.id) == 0


async def test_of_two_who_remove_a_second_factor_one_does(store: Store) -> None:
    """With sessions, devices and codes of that person alone, and one entry."""
    person, other = [await add(store, NewPerson(name, name)) for name in ("sato", "suzuki")]
    for each in (person, other):
        await set_second_factor(store, each.id, "SECRET", 100, [f"code of {each.login}"])
        await add_session(store, each.id, f"session of {each.login}")
        await add_device(store, f"device of {each.login}", each.id, at=NOON, expires_at=NOON + DAY)
    by = Author(ActorKind.PROGRAM, "test")
    done = await asyncio.gather(*(remove_second_factor(store, person, by) for _ in range(2)))
    assert sorted(done) == [False, True]
    for each, kept in ((person, False), (other, True)):
        found = await person_by_id(store, each.id)
        assert found is not None
        assert (found.totp_secret, found.totp_used_step) == (("SECRET", 100) if kept else (None, None))
        assert await recovery_codes_left(store, each.id) == int(kept)
        assert [row.ended_at is None for row in await sessions_of(store, each.id)] == [kept]
        assert (await device_of(store, f"device of {each.login}", NOON) is not None) == kept
    assert [(each["action"], each["object_id"]) for each in await audited(store)] == [
        ("factor.remove", person.id)
    ]


async def test_a_look_confirms_many_sessions_and_sees_every_change_of_people(store: Store) -> None:
    person = await add(store, NewPerson("佐藤", "sato", frozenset({"supervisor"})))
    desk = SessionDesk(store, PeopleBook(ExtensionTeams()))
    _, session = await desk.begin(who_of(person), address="127.0.0.1", browser="b" * 500)
    asked = {session.session_id, *(f"unknown{number}" for number in range(AT_A_TIME + 5))}
    before = await confirm(store, asked)
    assert before.sessions == {session.session_id}
    assert (await confirm(store, asked)).rights == before.rights
    await change(store, person.id, roles={"operator"})
    assert (await confirm(store, asked)).rights != before.rights
    await desk.look()
    assert session.who.roles == {"operator"}
    await desk.end(session.session_id, "signed_out")
    assert (await confirm(store, asked)).sessions == frozenset()
