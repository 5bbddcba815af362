"""The directory's rows, on both engines."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from kikimori_records import people
from kikimori_records.people import DuplicateLoginError, NewPerson, UnknownPersonError

if TYPE_CHECKING:
    from kikimori_records.store import Store

NAMES = [
    "佐藤 花子",
    "'; DROP TABLE people; --",
    "<script>alert(1)</script>",
    'O"Neil & Söhne',
    "%_\\",
    "𠮷野家👩‍👩‍👧",
    "a" * 5000,
]


async def test_every_name_comes_back_as_it_went_in(store: Store) -> None:
    for name in NAMES:
        new = NewPerson(name, name, frozenset({"operator"}), frozenset({"204", name}), team=name, queue=name)
        added = await people.add(store, new)
        assert (added.name, added.team, added.queue) == (name, name, name)
        assert added.extensions == {"204", name}
        assert await people.person_by_id(store, added.id) == added
        assert await people.person_by_login(store, name) == added
    assert {each.name for each in await people.list_people(store)} == set(NAMES)


async def test_what_no_database_holds_is_replaced(store: Store) -> None:
    for number, name in enumerate(["a\0b", "a\ud800b"]):
        added = await people.add(store, NewPerson(name, login=f"{name}{number}"))
        assert added.name == "a\N{REPLACEMENT CHARACTER}b"
        assert await people.person_by_login(store, f"{name}{number}") == added


async def test_a_login_is_somebodys_alone(store: Store) -> None:
    added = await people.add(store, NewPerson("佐藤", login="Ｓato"))
    assert added.login == "sato"
    assert await people.person_by_login(store, " SATO ") == added
    with pytest.raises(DuplicateLoginError):
        await people.add(store, NewPerson("佐藤二", login="satO"))
    other = await people.add(store, NewPerson("鈴木"))
    with pytest.raises(DuplicateLoginError):
        await people.change(store, other.id, login="sato")
    assert [each.login for each in await people.list_people(store)] == ["sato", None]


async def test_columns_change_and_others_stay(store: Store) -> None:
    added = await people.add(store, NewPerson("佐藤", "sato", frozenset({"operator"}), frozenset({"204"})))
    changed = await people.change(store, added.id, roles={"supervisor", "admin"}, extensions={"205", "206"})
    assert changed.roles == {"supervisor", "admin"}
    assert changed.extensions == {"205", "206"}
    assert (changed.name, changed.login, changed.created_at) == ("佐藤", "sato", added.created_at)
    assert changed.changed_at > added.changed_at
    now = datetime.now(UTC)
    await people.change(store, added.id, disabled_at=now)
    assert await people.list_people(store) == []
    (disabled,) = await people.list_people(store, disabled=True)
    assert disabled.disabled_at == now


async def test_what_does_not_exist_is_refused(store: Store) -> None:
    added = await people.add(store, NewPerson("佐藤"))
    with pytest.raises(UnknownPersonError):
        await people.change(store, "nobody", name="x")
    with pytest.raises(ValueError, match="shoe_size"):
        await people.change(store, added.id, shoe_size=27)
    with pytest.raises(ValueError, match="king"):
        await people.add(store, NewPerson("王", roles=frozenset({"king"})))
