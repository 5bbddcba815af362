"""Filters of the audit, its CSV file, and the upkeep of the store, on both engines."""

from __future__ import annotations

import asyncio
import csv
import io
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from tests.support.deadline import WITHIN_S
from tests.support.postgres import Postgres, in_thread
from tests.support.stores import opened

from kikimori_records import people, sessions
from kikimori_records.address import thread_engine
from kikimori_records.audit import csv_file, log
from kikimori_records.audit.entry import ActorKind, AuditEntry
from kikimori_records.audit.queries import AboutPerson, AuditFilter, latest, newest, oldest_first
from kikimori_records.people import NewPerson
from kikimori_records.sessions import Session
from kikimori_records.upkeep import StoreUpkeep, remove_too_old

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_records.store import Store

START = datetime(2026, 4, 1, 9, tzinfo=UTC)


async def fill(store: Store) -> None:
    """Seven entries, a minute apart."""
    rows: list[dict[str, Any]] = [
        {"action": "session.begin", "actor_name": "佐藤", "actor_id": "p1", "object_kind": "person", "object_id": "p1"},
        {"action": "session.begin", "actor_name": "鈴木100%", "actor_id": "p2", "outcome": "refused"},
        {"action": "command.hold", "actor_name": "佐藤", "actor_id": "p1", "object_kind": "call", "object_id": "c1", "details": {"extension": "204"}},
        {"action": "command.hang_up", "actor_name": "佐藤", "actor_id": "p1", "object_kind": "call", "object_id": "c2", "details": {"extension": "205"}},
        {"action": "transcript.open", "actor_name": "Sato", "actor_id": "p3", "object_kind": "call", "object_id": "c1", "details": {"extension": "204"}},
        {"action": "person.change", "actor_name": "admin", "actor_id": "p4", "object_kind": "person", "object_id": "p2"},
        {"action": "person.change", "actor_name": "admin", "actor_id": "p4", "object_kind": "kiosk", "object_id": "p2"},
    ]  # fmt: skip
    for minute, each in enumerate(rows):
        entry = AuditEntry(actor_kind=ActorKind.PERSON, at=START + timedelta(minutes=minute), **each)
        await log.append(store, entry)


FILTERS = [
    (AuditFilter(), {1, 2, 3, 4, 5, 6, 7}),
    (AuditFilter(since=START + timedelta(minutes=2), until=START + timedelta(minutes=4)), {3, 4}),
    (AuditFilter(actor="p1"), {1, 3, 4}),
    (AuditFilter(actor="佐"), {1, 3, 4}),
    (AuditFilter(actor="sAT"), {5}),
    (AuditFilter(actor="%"), {2}),
    (AuditFilter(actor="' OR 1=1 --"), set()),
    (AuditFilter(action="command."), {3, 4}),
    (AuditFilter(action="c_mmand"), set()),
    (AuditFilter(object_id="c1"), {3, 5}),
    (AuditFilter(outcome="refused"), {2}),
    (AuditFilter(actor="佐藤", action="command", object_id="c2"), {4}),
    # What p2 did, what was done to them, and to calls on 204: not the kiosk of the same id.
    (AuditFilter(about=AboutPerson("p2", frozenset({"204"}))), {2, 3, 5, 6}),
    (AuditFilter(about=AboutPerson("p2")), {2, 6}),
]


async def test_an_entry_meets_every_condition(store: Store) -> None:
    await fill(store)
    for wanted, numbers in FILTERS:
        assert {each.number for each in await newest(store, wanted)} == numbers, wanted
        assert [each.number async for each in oldest_first(store, wanted)] == sorted(numbers)


async def test_the_latest_are_those_of_the_latest_time(store: Store) -> None:
    """One that came late from the disk has a high number and an early time."""
    await fill(store)
    await log.append(
        store, AuditEntry("session.end", ActorKind.PERSON, "佐藤", at=START + timedelta(seconds=90))
    )
    assert [each.number for each in await latest(store, AuditFilter(), 3)] == [5, 6, 7]
    assert [each.number for each in await latest(store, AuditFilter(action="session"), 2)] == [2, 8]


async def test_what_a_database_cannot_give_back_does_not_get_in(store: Store) -> None:
    """PostgreSQL takes some of it, and fails at the first question about it."""
    odd = {"extension": "2\x0004", "a\0b": ["\ud800", float("nan"), {"x": "\0"}]}
    await log.append(
        store, AuditEntry("command.hold", ActorKind.PERSON, "佐藤", None, "call", "c", details=odd)
    )
    found = await newest(store, AuditFilter(about=AboutPerson("p", frozenset({"204"}))))
    assert found == []
    assert store.waiting.empty
    (row,) = await newest(store, AuditFilter())
    mark = "\N{REPLACEMENT CHARACTER}"
    assert row.entry.details == {"extension": f"2{mark}04", f"a{mark}b": [mark, "nan", {"x": mark}]}


async def test_an_entry_that_the_database_refuses_is_not_lost(store: Store) -> None:
    """A fault of ours must not stop the audit: what was done waits on the disk, in order."""
    await log.append(store, AuditEntry("before", ActorKind.SYSTEM, "x"))
    async with store.begin() as connection:
        await connection.execute(text("ALTER TABLE audit RENAME COLUMN outcome TO result"))
    try:
        for each in ("a", "b"):
            await log.append(store, AuditEntry(each, ActorKind.SYSTEM, "x"))
        assert len(store.waiting) == 2
    finally:  # other tests use the same tables
        # SQLite reports it as it reports a database that is away, which is tried again a second later.
        with thread_engine(store.settings).begin() as direct:
            direct.execute(text("ALTER TABLE audit RENAME COLUMN result TO outcome"))
    async with asyncio.timeout(WITHIN_S):
        while not await log.drain(store):  # noqa: ASYNC110  (nothing tells when it may be tried again)
            await asyncio.sleep(0.1)
    await log.append(store, AuditEntry("c", ActorKind.SYSTEM, "x"))
    assert [each.entry.action for each in await newest(store, AuditFilter())] == ["c", "b", "a", "before"]


async def test_pages_follow_each_other(store: Store) -> None:
    await fill(store)
    first = await newest(store, AuditFilter(), most=3)
    assert [each.number for each in first] == [7, 6, 5]
    second = await newest(store, AuditFilter(), before=5, most=3)
    assert [each.number for each in second] == [4, 3, 2]


async def test_a_csv_file_calculates_nothing(store: Store) -> None:
    await log.append(
        store, AuditEntry("=1+1", ActorKind.PERSON, '=HYPERLINK("x")', "@p", details={"q": '",\n\ud800'})
    )
    (row,) = [each async for each in oldest_first(store, AuditFilter())]
    text = csv_file.header("ja") + csv_file.line(row)
    assert text.startswith("\N{ZERO WIDTH NO-BREAK SPACE}番号")
    header, cells = csv.reader(io.StringIO(text))
    assert len(header) == len(cells) == len(csv_file.HEADERS["en"])
    assert cells[3:6] == ['\'=HYPERLINK("x")', "'@p", "'=1+1"]


async def test_what_is_too_old_goes(store: Store) -> None:
    sato = await people.add(store, NewPerson("佐藤"))
    now = datetime.now(UTC)
    for token, days in (("old", 200), ("new", 1)):
        at = now - timedelta(days=days)
        await sessions.add_session(
            store, Session(token, sato.id, None, at, at, None, at + timedelta(1), "192.0.2.1", "")
        )
    await log.append(store, AuditEntry("old", ActorKind.SYSTEM, "x", at=now - timedelta(days=1200)))
    await remove_too_old(store, now)
    assert [each.token_hash for each in await sessions.sessions_of(store, sato.id)] == ["new"]
    assert [each.entry.action for each in await newest(store, AuditFilter())] == ["audit.trim"]


@pytest.mark.usefixtures("no_task_left")
async def test_waiting_entries_come_in_without_another_entry(tmp_path: Path, postgres: Postgres) -> None:
    async with opened(postgres.settings(tmp_path, migrated=True)) as store:
        keeping = asyncio.create_task(StoreUpkeep(store).run())
        await in_thread(postgres, "stop")
        await log.append(store, AuditEntry("away", ActorKind.SYSTEM, "x"))
        await in_thread(postgres, "start")
        async with asyncio.timeout(WITHIN_S):
            while not store.waiting.empty:  # noqa: ASYNC110  (what it waits for is another process)
                await asyncio.sleep(0.1)
        keeping.cancel()
        assert [each.entry.action for each in await newest(store, AuditFilter())] == ["away"]
