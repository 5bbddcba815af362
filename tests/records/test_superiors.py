"""Superiors with an order and hours, and the directory that agents are told, on both engines."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert
from tests.records.test_people_csv import person
from tests.support.stores import audited

from kikimori_core.wire.messages import MAX_PAYLOAD
from kikimori_core.wire.opening_hours import read_hours
from kikimori_records.audit.entry import ActorKind
from kikimori_records.people import NewPerson
from kikimori_records.people.changes import Author, add_person
from kikimori_records.people.for_agents import NUMBER, directory_of, next_number, read_directory
from kikimori_records.people.superiors import (
    UnknownSuperiorError,
    add_superior,
    change_superior,
    import_former,
    list_superiors,
    order_superiors,
    remove_superior,
    was_imported,
)
from kikimori_records.schema import notes_of_store

if TYPE_CHECKING:
    from kikimori_records.store import Store

BY = Author(ActorKind.PROGRAM, "test")
WEEK = read_hours("mon-fri 09:00-18:00")


async def test_they_have_an_order_and_hours(store: Store) -> None:
    kimura = await add_superior(store, "課長 木村", "210", BY, hours=WEEK)
    takahashi = await add_superior(store, "部長 高橋", "220", BY)
    assert [(each.position, each.number, each.hours) for each in await list_superiors(store)] == [
        (1, "210", WEEK),
        (2, "220", {}),
    ]
    found = await order_superiors(store, [takahashi.id], BY)
    assert [each.number for each in found] == ["220", "210"]
    changed = await change_superior(store, kimura.id, BY, number="211", enabled=False)
    assert (changed.number, changed.hours, changed.position) == ("211", WEEK, 2)
    assert [each.number for each in await list_superiors(store)] == ["220"]
    await remove_superior(store, takahashi.id, BY)
    assert [(each.position, each.number) for each in await list_superiors(store, disabled=True)] == [
        (1, "211")
    ]
    found_entries = await audited(store)
    assert [each["action"] for each in found_entries] == [
        "superior.add", "superior.add", "superior.order", "superior.change", "superior.remove",
    ]  # fmt: skip
    assert found_entries[3]["details"]["changed"] == {"number": ["210", "211"], "enabled": [True, False]}
    with pytest.raises(UnknownSuperiorError):
        await change_superior(store, takahashi.id, BY, name="x")


async def test_nothing_is_audited_that_changes_nothing(store: Store) -> None:
    kimura = await add_superior(store, "木村", "210", BY, hours=WEEK)
    await change_superior(store, kimura.id, BY, hours=WEEK, name="木村")
    await order_superiors(store, [kimura.id], BY)
    assert len(await audited(store)) == 1


async def test_the_former_setting_becomes_the_first_superior_once(store: Store) -> None:
    assert not await was_imported(store)
    assert await import_former(store, "200", "課長 木村")
    (found,) = await list_superiors(store)
    assert (found.name, found.number, found.hours) == ("課長 木村", "200", {})
    await remove_superior(store, found.id, BY)
    # Removed by a person: it does not come back at the next start.
    assert not await import_former(store, "200", "課長 木村")
    assert await list_superiors(store) == []
    assert await was_imported(store)


async def test_superiors_that_were_there_before_stay_alone(store: Store) -> None:
    await add_superior(store, "高橋", "220", BY)
    assert not await import_former(store, "200", None)
    assert [each.number for each in await list_superiors(store)] == ["220"]


async def test_agents_are_told_names_superiors_and_telephones(store: Store) -> None:
    await add_superior(store, "課長 木村", "210", BY, hours=WEEK)
    for new in (
        NewPerson("佐藤", roles=frozenset({"operator"}), extensions=frozenset({"204", "299"})),
        NewPerson("田中", roles=frozenset({"operator"}), extensions=frozenset({"205", "299"})),
        NewPerson("木村", roles=frozenset({"supervisor"}), telephone="211", extensions=frozenset({"210"})),
        NewPerson("相談", roles=frozenset({"records"}), telephone="240"),
    ):
        await add_person(store, new, BY)
    found = await read_directory(store, "main", "Asia/Tokyo", {"206": "鈴木", "205": None})
    # 299 is shared, and at 205 sits nobody knows who.
    assert {each.extension: each.name for each in found.operators} == {"204": "佐藤", "206": "鈴木"}
    assert found.telephones == ("210", "211")
    (superior,) = found.superiors
    assert superior.is_open(datetime(2026, 11, 27, 10, tzinfo=UTC))
    assert not superior.is_open(datetime(2026, 11, 28, 10, tzinfo=UTC))


def test_a_large_office_fits_one_message() -> None:
    many = [
        person(
            f'"{number}" ' + "鬱" * 100, roles=frozenset({"operator"}), extensions=frozenset({str(number)})
        )
        for number in range(1000, 4000)
    ]
    made = directory_of(many, [], "main", "Asia/Tokyo", {})
    assert len(made.operators) + made.left_out == 3000
    assert made.left_out > 0
    assert len(made.to_bytes()) < MAX_PAYLOAD
    usual = [
        person(
            "佐藤 美咲", id=f"{number}", roles=frozenset({"operator"}), extensions=frozenset({str(number)})
        )
        for number in range(1000, 3000)
    ]
    assert directory_of(usual, [], "main", "Asia/Tokyo", {}).left_out == 0


async def test_numbers_only_grow(store: Store) -> None:
    at = datetime(2026, 11, 28, tzinfo=UTC)
    first = await next_number(store, at)
    assert await next_number(store, at) == first + 1
    assert await next_number(store, at.replace(year=2020)) == first + 2
    assert await next_number(store, at.replace(year=2027)) > first + 2


async def test_a_number_from_the_future_is_gone_on_from(store: Store) -> None:
    async with store.begin() as connection:
        await connection.execute(insert(notes_of_store).values(key=NUMBER, value=str(2**52)))
    assert await next_number(store) == 2**52 + 1
