"""Customers: files, joined numbers, contacts, erasure and retention."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from sqlalchemy import select, update
from tests.support.kept_calls import add_recorded
from tests.support.stores import audited, opened, settings_on

from kikimori_records.audit.entry import ActorKind
from kikimori_records.callers.changes import (
    NumberTakenError,
    add_customer,
    change_customer,
    import_customers,
    join_number,
    part_number,
)
from kikimori_records.callers.contacts import contacts_of, days_of, last_contacts, totals_of
from kikimori_records.callers.csv_file import read_customers, write_customers
from kikimori_records.callers.fields import NumberReader
from kikimori_records.callers.key import note_key, office_pseudonyms
from kikimori_records.callers.plan import plan_customers
from kikimori_records.callers.queries import customers_of, list_customers
from kikimori_records.callers.tables import customer_numbers, customers
from kikimori_records.calls.tables import recorded_calls
from kikimori_records.csv_table import BadCsvError
from kikimori_records.errors import StoreError
from kikimori_records.keeping.days import KeptDays
from kikimori_records.keeping.erasing import erase_due, name_callers
from kikimori_records.keeping.holds import hold
from kikimori_records.keeping.ledger import Ledger
from kikimori_records.keeping.orders import order
from kikimori_records.keeping.pseudonyms import Pseudonyms
from kikimori_records.keeping.retention import remove_aged
from kikimori_records.keeping.subject import caller
from kikimori_records.people.changes import Author

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from kikimori_records.callers.customer import Customer
    from kikimori_records.store import Store

BY = Author(ActorKind.PERSON, "高橋", "h")
FILE = (
    "電話番号,お客様名,契約,担当,お話しのしかた\r\n"
    "03-1234-5678、+81 90 1111 2222,山田 太郎,A-12,木村,結論から話す\r\n"
    "０３（９８７６）５４３２,株式会社 髙﨑,,佐藤,=要約して復唱\r\n"
)
READER = NumberReader(Pseudonyms(b"k" * 32))


@pytest_asyncio.fixture
async def lite(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    async with opened(settings_on("sqlite", request, tmp_path)) as found:
        yield found


async def listed(store: Store) -> list[Customer]:
    async with store.read() as connection:
        return await list_customers(connection)


async def taken_in(store: Store, content: bytes, reader: NumberReader = READER) -> tuple[int, int, int]:
    plan = plan_customers(await listed(store), read_customers(content), reader)
    await import_customers(store, plan, BY)
    return len(plan.add), len(plan.change), len(plan.confirmed)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp932", "utf-16"])
async def test_a_file_of_a_table_program_is_taken_in_and_written_as_it_is_read(
    lite: Store, encoding: str
) -> None:
    assert await taken_in(lite, FILE.encode(encoding)) == (2, 0, 0)
    yamada = next(each for each in await listed(lite) if each.name == "山田 太郎")
    assert [each.number for each in yamada.numbers] == ["03-1234-5678", "+81 90 1111 2222"]
    assert (yamada.contract, yamada.in_charge, yamada.manner) == ("A-12", "木村", "結論から話す")
    for language in ("ja", "en"):
        written = write_customers(await listed(lite), language, "cp932")
        assert await taken_in(lite, written) == (0, 0, 2)


@pytest.mark.parametrize("column", ["ID", "お客様名"])
async def test_a_number_whose_zero_a_table_program_took_is_the_one_on_the_list(
    lite: Store, column: str
) -> None:
    """Excel opens the written file, shows 9012345678, and saves that. By id, and by the number alone."""
    await taken_in(lite, "番号,氏名\n09012345678,山田\n0312345678,田中\n5551230000,外国\n".encode())
    written = write_customers(await listed(lite), "ja", "utf-8").decode()
    saved = written.replace("09012345678", "9012345678").replace("0312345678", "312345678")
    if column != "ID":
        saved = "\n".join(each.partition(",")[2] for each in saved.splitlines())
    before = [each.numbers for each in await listed(lite)]
    assert await taken_in(lite, saved.encode()) == (0, 0, 3)
    assert [each.numbers for each in await listed(lite)] == before
    # One that nobody has stays as it was given: some telephone systems send it so.
    assert await taken_in(lite, "番号,氏名\n8098765432,別の人\n".encode()) == (1, 0, 0)
    assert "8098765432" in [number.number for each in await listed(lite) for number in each.numbers]


async def test_spellings_of_a_number_are_one_customer_and_a_fault_imports_nothing(lite: Store) -> None:
    await taken_in(lite, FILE.encode())
    assert await taken_in(lite, "番号,担当\n+81312345678;０９０−１１１１−２２２２,鈴木\n".encode()) == (
        0,
        1,
        0,
    )
    yamada = next(each for each in await listed(lite) if each.name == "山田 太郎")
    assert (yamada.in_charge, yamada.manner, len(yamada.numbers)) == ("鈴木", "結論から話す", 2)
    before = await listed(lite)
    for content, said in (
        ("番号,氏名\n03-5555-0000,新しい人\n非通知,匿名\n", "line 3: number"),
        ("番号,氏名\n03-5555-0000,新しい人\n0355550000,別の人\n", "line 3: the same customer or number"),
        ("番号,氏名\n03-1234-5678;03-9876-5432,二人\n", "several customers"),
        ("番号,氏名\n03-5555-0000,\n", "empty"),
        (f"ID,番号\n{yamada.id},03-9876-5432\n", "another customer has the number"),
        ("番号,肩書\n03,x\n", "'肩書' is no column"),
    ):
        with pytest.raises(BadCsvError, match=said):
            await taken_in(lite, content.encode())
    assert await listed(lite) == before


async def test_numbers_are_joined_and_parted_and_the_audit_names_nobody(lite: Store) -> None:
    first, other = READER.one("03-1234-5678"), READER.one("090-1111-2222")
    one = await add_customer(lite, {"name": "山田"}, [first], BY)
    two = await add_customer(lite, {"name": "田中"}, [other], BY)
    with pytest.raises(NumberTakenError):
        await join_number(lite, one.id, other, BY)
    await part_number(lite, two.id, other.caller_key, BY)
    joined = await join_number(lite, one.id, other, BY)
    assert joined.keys == (first.caller_key, other.caller_key)
    await change_customer(lite, one.id, {"manner": "ゆっくり", "name": "山田"}, BY)
    entries = await audited(lite, "customer.")
    assert [each["action"].removeprefix("customer.") for each in entries] == [
        "add", "join", "add", "join", "part", "join", "change"
    ]  # fmt: skip
    assert entries[-1]["details"] == {"columns": ["manner"]}
    assert not [each for each in entries if "山田" in str(dict(each)) or "1234" in str(each["details"])]


async def test_contacts_of_several_numbers_are_one_caller_s(store: Store, tmp_path: Path) -> None:
    """Over all spellings and departments; withheld numbers are nobody's."""
    now = datetime.now(UTC)
    pseudonyms = Pseudonyms.load(tmp_path)
    key, other = pseudonyms.of("0312345678"), pseudonyms.of("09011112222")
    assert key is not None
    assert other is not None
    for at, number in enumerate(
        (
            "03-1234-5678",
            "+81312345678",
            "０３１２３４５６７８",
            "090-1111-2222",
            None,
            "anonymous",
            "anonymous",
        )
    ):
        ended_at = now - timedelta(days=at, minutes=1)
        await add_recorded(store, tmp_path, f"c{at}", number=number, ended_at=ended_at)
    await name_callers(store, pseudonyms)
    async with store.read() as connection:
        assert [each.uid for each in await contacts_of(connection, {key}, 9)] == ["c0.r1", "c1.r1", "c2.r1"]
        both = await contacts_of(connection, {key, other}, 2)
        rest = await contacts_of(connection, {key, other}, 9, (both[-1].started_at, both[-1].uid))
        assert [each.uid for each in (*both, *rest)] == ["c0.r1", "c1.r1", "c2.r1", "c3.r1"]
        totals = await totals_of(connection, {key, other})
        assert (totals.contacts, totals.seconds, totals.incidents) == (4, 2400.0, 4)
        last = await last_contacts(connection, {key, other}, 2)
        assert {each: [one.uid for one in found] for each, found in last.items()} == {
            key: ["c0.r1", "c1.r1"],
            other: ["c3.r1"],
        }
        days = await days_of(connection, [key], now, 2)
        assert [(each.days_ago, each.contacts, each.incidents) for each in days[key]] == [
            (0, 1, 1),
            (1, 1, 1),
        ]
        withheld = select(recorded_calls.c.caller_key).where(recorded_calls.c.uid.in_(("c4.r1", "c5.r1")))
        assert set((await connection.execute(withheld)).scalars()) == {None}


async def test_an_erased_caller_is_on_the_list_no_more_also_after_a_restore(
    store: Store, tmp_path: Path
) -> None:
    folder = tmp_path / "records"
    pseudonyms = await office_pseudonyms(store, folder)
    reader = NumberReader(pseudonyms)
    await taken_in(store, FILE.encode(), reader)
    (gone,) = (await customers_with(store, reader, "0312345678")).values()
    await order(store, Ledger(folder), caller("0312345678", pseudonyms), "本人の求め", BY)
    assert [each.name for each in await listed(store)] == ["株式会社 髙﨑"]
    # A restored backup holds the entry again, as it was before the order.
    before = datetime.now(UTC) - timedelta(hours=1)
    again = await add_customer(store, {"name": gone.name}, gone.numbers, BY)
    async with store.begin() as connection:
        await connection.execute(update(customer_numbers).values(added_at=before))
    await erase_due(store, folder, pseudonyms)
    assert again.id not in {each.id for each in await listed(store)}
    # Who calls again after the order is a new entry.
    await add_customer(store, {"name": "山田"}, gone.numbers, BY)
    await erase_due(store, folder, pseudonyms)
    assert {each.name for each in await listed(store)} == {"株式会社 髙﨑", "山田"}


async def customers_with(store: Store, reader: NumberReader, number: str) -> dict[str, Customer]:
    async with store.read() as connection:
        return await customers_of(connection, [reader.one(number).caller_key])


async def test_a_customer_whom_nobody_needs_goes_after_the_days(store: Store, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    pseudonyms = Pseudonyms.load(tmp_path)
    reader = NumberReader(pseudonyms)
    numbers = {"alt": "03-1", "called": "03-2", "held": "03-3", "young": "03-4"}
    numbers = {name: f"{number}111-1111" for name, number in numbers.items()}
    for name, number in numbers.items():
        await add_customer(store, {"name": name}, [reader.one(number)], BY)
    old = {"changed_at": now - timedelta(days=101)}
    async with store.begin() as connection:
        await connection.execute(update(customers).where(customers.c.name != "young").values(**old))
    await add_recorded(store, tmp_path, "c1", number=numbers["called"], ended_at=now - timedelta(days=1))
    await name_callers(store, pseudonyms)
    await hold(store, Ledger(tmp_path), caller(numbers["held"], pseudonyms), "係争中", BY)
    await remove_aged(store, tmp_path, KeptDays.of(90, customer=100), now)
    assert [each.name for each in await listed(store)] == ["called", "held", "young"]
    assert (await audited(store, "records.retention"))[-1]["details"]["customers"] == 1


async def test_a_program_with_another_key_is_refused(lite: Store, tmp_path: Path) -> None:
    await note_key(lite, await office_pseudonyms(lite, tmp_path / "records"))
    await office_pseudonyms(lite, tmp_path / "records")
    with pytest.raises(StoreError, match="caller-key"):
        await office_pseudonyms(lite, tmp_path / "elsewhere")


async def test_masked_numbers_stay_masked_and_are_met_again(lite: Store) -> None:
    reader = NumberReader(Pseudonyms(b"k" * 32), mask=True)
    await taken_in(lite, FILE.encode(), reader)
    assert all("*" in number.number for each in await listed(lite) for number in each.numbers)
    written = write_customers(await listed(lite), "ja")
    assert await taken_in(lite, written, reader) == (0, 0, 2)
