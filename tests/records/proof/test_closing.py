"""Days are closed after midnight of the office, once; what comes later gets a tree of its own."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import text, update
from tests.support.recorded import TOKYO, call_row, keep_calls, tokyo

from kikimori_records.proof import queries
from kikimori_records.proof.closing import close_days
from kikimori_records.proof.merkle import EMPTY, root_of
from kikimori_records.proof.verify_alone import START, leaf_hash
from kikimori_records.schema import recorded_calls

if TYPE_CHECKING:
    from datetime import datetime

    from kikimori_records.proof.trees import ClosedTree
    from kikimori_records.store import Store


async def closed(store: Store, now: datetime) -> list[tuple[str, int, int]]:
    """Close what is due, and return day, part and number of calls of the new trees."""
    return [(each.day, each.part, each.count) for each in await close_days(store, now, TOKYO)]


async def trees(store: Store) -> list[ClosedTree]:
    async with store.read() as connection:
        return await queries.trees(connection)


async def test_a_day_is_closed_an_hour_after_its_midnight_in_the_office(store: Store) -> None:
    await keep_calls(
        store,
        call_row("b", tokyo(10, 23, 59)),
        call_row("a", tokyo(10, 0, 0)),
        call_row("c", tokyo(11, 0, 0)),
    )
    assert await closed(store, tokyo(11, 0, 59)) == []
    assert await closed(store, tokyo(11, 1, 0)) == [("2026-11-10", 0, 2)]
    assert await closed(store, tokyo(12, 0, 59)) == []
    assert await closed(store, tokyo(12, 1, 0)) == [("2026-11-11", 0, 1)]
    first, second = await trees(store)
    a, b = call_row("a", tokyo(10)), call_row("b", tokyo(10))
    leaves = [leaf_hash(bytes.fromhex(each["salt"]), bytes.fromhex(each["manifest_hash"])) for each in (a, b)]
    assert (first.root, first.previous_head) == (root_of(leaves).hex(), START.hex())
    assert second.previous_head == first.head
    assert [each.expected_head for each in (first, second)] == [first.head, second.head]
    async with store.read() as connection:
        assert [each.uid for each in await queries.leaves(connection, 1)] == ["a", "b"]


async def test_what_comes_later_never_changes_a_root(store: Store) -> None:
    await keep_calls(store, call_row("a", tokyo(10)))
    await closed(store, tokyo(11, 2))
    before = await trees(store)
    await keep_calls(store, call_row("late", tokyo(10, 18)), call_row("later", tokyo(9, 18)))
    assert await closed(store, tokyo(11, 3)) == [("2026-11-09", 0, 1), ("2026-11-10", 1, 1)]
    assert (await trees(store))[:1] == before
    await keep_calls(store, call_row("last", tokyo(10, 19)))
    assert await closed(store, tokyo(11, 4)) == [("2026-11-10", 2, 1)]
    assert await closed(store, tokyo(11, 5)) == []


async def test_a_day_without_calls_has_a_tree_too(store: Store) -> None:
    await keep_calls(store, call_row("a", tokyo(10)))
    assert await closed(store, tokyo(14, 9)) == [
        (f"2026-11-{day}", 0, int(day == 10)) for day in range(10, 14)
    ]
    assert (await trees(store))[-1].root == EMPTY.hex()


async def test_a_wrong_clock_makes_no_thousands_of_days(store: Store) -> None:
    await keep_calls(
        store, call_row("a", tokyo(10)), call_row("long-ago", tokyo(10) - timedelta(days=20_000))
    )
    assert len(await closed(store, tokyo(11, 9))) <= 402
    await keep_calls(store, call_row("future", tokyo(10) + timedelta(days=20_000)))
    assert await closed(store, tokyo(12, 9)) == [("2026-11-11", 0, 0)]


async def test_a_call_erased_before_the_day_was_closed_keeps_its_leaf(store: Store) -> None:
    row = call_row("erased", tokyo(10))
    leaf = leaf_hash(bytes.fromhex(row["salt"]), bytes.fromhex(row["manifest_hash"])).hex()
    gone = {"salt": None, "manifest_hash": None}
    await keep_calls(store, {**row, **gone, "leaf": leaf}, {**call_row("never", tokyo(10)), **gone})
    assert await closed(store, tokyo(11, 9)) == [("2026-11-10", 0, 1)]
    async with store.read() as connection:
        found = await queries.leaf_of_call(connection, "erased")
        assert found is not None
        assert found.leaf == leaf
        assert await queries.leaf_of_call(connection, "never") is None


async def test_a_call_erased_afterwards_is_in_no_second_tree(store: Store) -> None:
    await keep_calls(store, call_row("a", tokyo(10)))
    await closed(store, tokyo(11, 9))
    async with store.begin() as connection:
        await connection.execute(update(recorded_calls).values(salt=None, manifest_hash=None))
    assert await closed(store, tokyo(11, 10)) == []


async def test_two_programs_at_once_make_one_chain(store: Store) -> None:
    """The second is refused or finds nothing to do; the number of a tree is used once."""
    await keep_calls(store, call_row("a", tokyo(10)))
    other = await type(store).open(store.settings, beside=True)
    try:
        assert len(await close_days(other, tokyo(11, 9), TOKYO)) == 1
        assert await close_days(store, tokyo(11, 9), TOKYO) == []
    finally:
        await other.close()
    async with store.read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM record_trees"))).scalar_one() == 1
