"""The audit: a chain of hashes in the database, and on the disk while that is away."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from tests.support.deadline import WITHIN_S
from tests.support.postgres import Postgres, in_thread
from tests.support.stores import opened

from kikimori_records.audit import log
from kikimori_records.audit.entry import ActorKind, AuditEntry
from kikimori_records.audit.retention import remove_old
from kikimori_records.audit.verify import verify
from kikimori_records.audit.waiting import FILE, WaitingEntries
from kikimori_records.schema import audit

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_records.store import Store


def entry(action: str = "session.begin", **more: object) -> AuditEntry:
    return AuditEntry(action, ActorKind.PERSON, "佐藤", "person-1", **more)  # type: ignore[arg-type]


async def actions(store: Store) -> list[tuple[int, str]]:
    async with store.read() as connection:
        rows = await connection.execute(select(audit.c.number, audit.c.action).order_by(audit.c.number))
        return [(number, action) for number, action in rows]


async def drained(store: Store) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not await log.drain(store):  # noqa: ASYNC110  (what it waits for is another process)
            await asyncio.sleep(0.1)


async def meddle(store: Store, *statements: str) -> None:
    """Change the table as somebody with the database's password can."""
    async with store.begin() as connection:
        if store.settings.is_sqlite:
            await connection.execute(text("DROP TRIGGER audit_unchanged"))
            await connection.execute(text("DROP TRIGGER audit_kept"))
        else:
            await connection.execute(text("ALTER TABLE audit DISABLE TRIGGER ALL"))
        for each in statements:
            await connection.execute(text(each))


async def test_entries_follow_each_other(store: Store) -> None:
    assert (await verify(store)).count == 0
    odd = {
        "why": "'; DROP TABLE audit;--<b>",
        "half": "\ud800",
        "nul": "a\0b",
        "n": 1.5,
        "when": datetime.now(UTC),
    }
    for number in range(5):
        await log.append(store, entry(f"command.{number}", object_kind="call", object_id="c1", details=odd))
    found = await verify(store)
    assert (found.count, found.last_number, found.broken_at) == (5, 5, None)
    assert [number for number, _ in await actions(store)] == [1, 2, 3, 4, 5]


async def test_programs_at_once_make_one_chain(store: Store) -> None:
    other = await type(store).open(store.settings, beside=True)
    await asyncio.gather(*(log.append(each, entry(f"a{n}")) for n in range(8) for each in (store, other)))
    await other.close()
    found = await verify(store)
    assert (found.count, found.broken_at) == (16, None)


@pytest.mark.parametrize(
    ("statement", "broken_at"),
    [
        ("UPDATE audit SET actor_name = '別人' WHERE number = 3", 3),
        ("UPDATE audit SET details = '{}' WHERE number = 2", 2),
        ("UPDATE audit SET at = '2020-01-01T00:00:00.000000+00:00' WHERE number = 2", 2),
        ("UPDATE audit SET at = 'never' WHERE number = 2", 2),
        ("DELETE FROM audit WHERE number = 4", 4),
        ("DELETE FROM audit WHERE number = 1", 1),
    ],
)
async def test_every_change_is_found(store: Store, statement: str, broken_at: int) -> None:
    for number in range(5):
        await log.append(store, entry(f"a{number}", details={"x": number}))
    await meddle(store, statement)
    found = await verify(store)
    assert (found.broken_at, found.count) == (broken_at, broken_at - 1)


@pytest.mark.parametrize(
    "statement", ["UPDATE audit SET actor_name = 'x'", "DELETE FROM audit", "TRUNCATE audit"]
)
async def test_the_database_itself_refuses_changes(store: Store, statement: str) -> None:
    if store.settings.is_sqlite and statement.startswith("TRUNCATE"):
        pytest.skip("SQLite has no TRUNCATE")
    await log.append(store, entry())
    with pytest.raises(DBAPIError, match="only added to"):
        async with store.begin() as connection:
            await connection.execute(text(statement))
    assert (await verify(store)).count == 1


async def test_old_entries_are_removed_and_the_chain_holds(store: Store) -> None:
    now = datetime.now(UTC)
    for days in (1200, 1100, 10, 1):
        await log.append(store, entry(f"d{days}", at=now - timedelta(days=days)))
    assert await remove_old(store, now) == 2
    assert await actions(store) == [(3, "d10"), (4, "d1"), (5, "audit.trim")]
    found = await verify(store)
    assert (found.count, found.last_number, found.broken_at) == (3, 5, None)
    assert await remove_old(store, now) == 0
    assert await remove_old(store, now + timedelta(days=2000)) == 3
    assert await actions(store) == [(6, "audit.trim")]
    await log.append(store, entry("after"))
    assert (await verify(store)).broken_at is None


async def test_entries_wait_on_the_disk_in_order_while_the_database_is_away(
    tmp_path: Path, postgres: Postgres
) -> None:
    settings = postgres.settings(tmp_path, migrated=True)
    async with opened(settings) as store:
        await log.append(store, entry("before"))
        await in_thread(postgres, "stop")
        for number in range(3):
            await log.append(store, entry(f"away{number}"))
        assert len(store.waiting) == 3
        assert not await log.drain(store)
    # The dashboard is started again meanwhile.
    async with opened(settings) as store:
        assert len(store.waiting) == 3
        await log.append(store, entry("away3"))
        await in_thread(postgres, "start")
        await drained(store)
        await log.append(store, entry("after"))
        names = ["before", "away0", "away1", "away2", "away3", "after"]
        assert [action for _, action in await actions(store)] == names
        assert (await verify(store)).broken_at is None
        assert store.waiting.empty
        assert (tmp_path / FILE).read_bytes() == b""


async def test_what_was_written_before_a_crash_is_not_written_twice(store: Store, tmp_path: Path) -> None:
    """It came into the database, and the program ended before the file on the disk was cut."""
    some = [entry(f"a{number}") for number in range(3)]
    for each in some:
        await store.waiting.put(each)
    file = (tmp_path / FILE).read_bytes()
    await drained(store)
    (tmp_path / FILE).write_bytes(file + b'{"torn')
    await store.waiting.load()
    assert len(store.waiting) == 3
    await drained(store)
    assert [action for _, action in await actions(store)] == ["a0", "a1", "a2"]


async def test_beyond_the_bound_the_number_is_kept(store: Store, tmp_path: Path) -> None:
    store.waiting = WaitingEntries(tmp_path, most=3)
    for number in range(5):
        await store.waiting.put(entry(f"a{number}"))
    again = WaitingEntries(tmp_path, most=3)
    await again.load()
    assert len(again) == 3
    store.waiting = again
    await drained(store)
    async with store.read() as connection:
        last = (
            (await connection.execute(select(audit).order_by(audit.c.number.desc()).limit(1)))
            .mappings()
            .one()
        )
    assert (last["number"], last["action"], last["details"]["count"]) == (4, "audit.left_out", 2)
    assert again.empty
    await log.append(store, entry("after"))
    assert (await actions(store))[-1] == (5, "after")


async def test_what_the_disk_refuses_waits_in_memory(store: Store, tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    for number in range(2):
        await store.waiting.put(entry(f"a{number}"))
    assert len(store.waiting) == 2
    await log.append(store, entry("after"))
    assert [action for _, action in await actions(store)] == ["a0", "a1", "after"]
