"""`verify` names each file and row that was altered, removed or added, and knows erasures from losses."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, insert, select, text, update
from tests.support.records_office import RecordsOffice, delivered
from tests.support.told_calls import NOON, ToldRun, told_call

from kikimori_core.journal.anchor_settings import AnchorTable
from kikimori_records.keeping.days import DataKind
from kikimori_records.keeping.removal import RemovalCause, remove
from kikimori_records.proof import queries
from kikimori_records.proof.anchor_file import NAME, FileAnchor
from kikimori_records.proof.chain_check import stretches
from kikimori_records.proof.checking import check_record
from kikimori_records.proof.closing import close_days
from kikimori_records.proof.findings import RecordFault, RecordReport, Standing
from kikimori_records.proof.trees import ClosedTree
from kikimori_records.schema import (
    record_leaves,
    record_trees,
    recorded_calls,
    recorded_legs,
    recorded_lines,
)

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_records.store import Store

TOKYO = ZoneInfo("Asia/Tokyo")
DAY = "2026-11-29"
NEXT = NOON + timedelta(days=1)


@dataclass
class Record:
    """A day with three calls that is closed."""

    store: Store
    folder: Path
    outside: AnchorTable

    @classmethod
    async def made(cls, store: Store, tmp_path: Path) -> Record:
        folder = tmp_path / "records"
        told = ToldRun([told_call(0, 1.0), told_call(1, 1.0), told_call(2, 1.0)])
        async with RecordsOffice.opened(store, folder) as office:
            await delivered(office.incoming, told)
            await office.finishing.finish_ended()
        await close_days(store, NEXT, TOKYO)
        (tmp_path / "outside").mkdir()
        return cls(store, folder, AnchorTable(folder=tmp_path / "outside"))

    async def check(self, *heads: str, day: str | None = None) -> RecordReport:
        return await check_record(self.store, self.folder, self.outside, day=day, heads=heads)

    async def faults(self) -> list[tuple[str, str | None, str | None]]:
        """Return code, call and what of everything that was found."""
        return [(each.code.value, each.uid, each.what) for each in (await self.check()).findings]

    async def trees(self) -> list[ClosedTree]:
        async with self.store.read() as connection:
            return await queries.trees(connection)

    async def anchor(self) -> None:
        assert self.outside.folder is not None
        kept = await FileAnchor(self.outside.folder).keep(await self.trees())
        async with self.store.begin() as connection:
            await queries.note_anchors(connection, kept)

    def call(self, number: int) -> Path:
        return self.folder / self.path(number)

    def path(self, number: int) -> str:
        return f"calls/2026/11/29/call-{number}.run1"


@pytest.fixture
async def record(store: Store, tmp_path: Path) -> Record:
    return await Record.made(store, tmp_path)


async def test_an_untouched_record_is_whole(record: Record) -> None:
    report = await record.check()
    assert report.fields() == {
        "trees": 1,
        "calls": 3,
        "whole": 3,
        "erased": 0,
        "expired": 0,
        "waiting": 0,
        "confirmed": [],
        "told": [],
        "unanchored": [{"first_day": DAY, "last_day": DAY, "trees": 1, "places": ()}],
        "findings": [],
        "unchanged": True,
    }


async def test_every_changed_file_and_row_is_named(record: Record) -> None:
    sound, manifest = record.call(0) / "sound.flac", record.call(1) / "manifest.json"
    content = bytearray(sound.read_bytes())
    content[len(content) // 2] ^= 1
    sound.write_bytes(content)
    (record.call(0) / "peaks.bin").unlink()
    (record.call(0) / "note.txt").write_text("put in", encoding="utf-8")
    manifest.write_bytes(manifest.read_bytes().replace(b"claims", b"praise"))
    stranger = record.folder / "calls" / "2026" / "11" / "29" / "call-9.run1"
    stranger.mkdir()
    os.utime(stranger, (time.time() - 3600,) * 2)
    async with record.store.begin() as connection:
        line = update(recorded_lines).where(recorded_lines.c.uid == "call-2.run1")
        await connection.execute(line.values(text="ありがとう"))
        await connection.execute(delete(recorded_legs).where(recorded_legs.c.uid == "call-2.run1"))
        call = update(recorded_calls).where(recorded_calls.c.uid == "call-2.run1")
        await connection.execute(call.values(operator_number="999"))
    first, third = "call-0.run1", "call-2.run1"
    assert sorted(await record.faults(), key=str) == sorted(
        [
            ("file_altered", first, f"{record.path(0)}/sound.flac"),
            ("file_missing", first, f"{record.path(0)}/peaks.bin"),
            ("file_added", first, f"{record.path(0)}/note.txt"),
            ("file_altered", "call-1.run1", f"{record.path(1)}/manifest.json"),
            ("rows_altered", third, "call"),
            ("rows_altered", third, "legs"),
            ("rows_altered", third, "lines"),
            ("file_added", None, "calls/2026/11/29/call-9.run1"),
        ],
        key=str,
    )
    assert (await record.check(day="2026-11-28")).findings == []


async def test_an_erased_call_leaves_the_others_proof_intact(record: Record) -> None:
    now = datetime.now(UTC)
    by_order = RemovalCause("森", "asked for", now, "order-1")
    await remove(record.store, record.folder, DataKind.CALL, ["call-0.run1"], by_order)
    by_age = RemovalCause("kikimori", "age", now)
    await remove(record.store, record.folder, DataKind.SOUND, ["call-1.run1"], by_age)
    await remove(record.store, record.folder, DataKind.WORDS, ["call-1.run1"], by_age)
    report = await record.check()
    assert (report.erased, report.expired, report.whole, report.findings) == (1, 1, 1, [])
    await remove(record.store, record.folder, DataKind.NUMBER, ["call-1.run1"], by_age)
    assert await record.faults() == []
    # The others are as well guarded as before.
    (record.call(2) / "sound.flac").write_bytes(b"other sound")
    assert await record.faults() == [("file_altered", "call-2.run1", f"{record.path(2)}/sound.flac")]


TAMPERING = [
    ("UPDATE recorded_calls SET salt = '{hash}' WHERE call_id = 'call-0'", "leaf_differs", "call-0.run1"),
    (
        "UPDATE recorded_calls SET salt = NULL, leaf = (SELECT r.leaf FROM record_leaves r WHERE r.position = 0)",
        "leaf_differs",
        "call-0.run1",
    ),
    ("UPDATE record_leaves SET leaf = '{hash}' WHERE position = 1", "leaves_altered", None),
    ("DELETE FROM record_leaves WHERE position = 1", "leaves_altered", None),
    ("UPDATE record_trees SET count = 2", "tree_altered", None),
    ("UPDATE record_trees SET head = 'no hash'", "tree_altered", None),
]


async def test_changes_of_the_proof_itself_are_found(record: Record) -> None:
    kept = (recorded_calls, record_trees, record_leaves)
    async with record.store.read() as connection:
        rows = {each: (await connection.execute(select(each))).mappings().all() for each in kept}
    for statement, code, uid in TAMPERING:
        async with record.store.begin() as connection:
            await connection.execute(text(statement.format(hash="ab" * 32)))
        assert (code, uid, None) in await record.faults()
        async with record.store.begin() as connection:
            await connection.execute(delete(record_leaves))
            await connection.execute(delete(record_trees))
            for table in (record_trees, record_leaves):
                await connection.execute(insert(table), [dict(row) for row in rows[table]])
            for row in rows[recorded_calls]:
                same = update(recorded_calls).where(recorded_calls.c.uid == row["uid"])
                await connection.execute(same.values(salt=row["salt"], leaf=row["leaf"]))
    assert await record.faults() == []


async def test_a_call_that_is_gone_without_an_order_is_missing(record: Record) -> None:
    async with record.store.begin() as connection:
        for table in (
            "recorded_lines",
            "recorded_legs",
            "recorded_alerts",
            "recorded_events",
            "search_calls",
            "recorded_calls",
        ):
            await connection.execute(text(f"DELETE FROM {table} WHERE uid = 'call-1.run1'"))  # noqa: S608
    assert ("call_missing", "call-1.run1", None) in await record.faults()


async def test_whoever_makes_the_whole_chain_anew_is_found_by_what_is_kept_outside(record: Record) -> None:
    await record.anchor()
    await close_days(record.store, NEXT + timedelta(days=2), TOKYO)
    before = await record.trees()
    report = await record.check()
    assert [(each.standing, each.trees, each.last_day) for each in report.stretches] == [
        (Standing.CONFIRMED, 1, DAY),
        (Standing.UNANCHORED, 2, "2026-12-01"),
    ]
    printed = before[-1].printed_head()
    (stretch,) = (await record.check(printed)).stretches[:1]
    assert (stretch.standing, stretch.trees) == (Standing.CONFIRMED, 1)
    assert {each.standing for each in (await record.check(printed)).stretches} == {Standing.CONFIRMED}

    # All calls out of the first day, and everything computed anew.
    async with record.store.begin() as connection:
        await connection.execute(text("DELETE FROM record_anchors"))
        await connection.execute(delete(record_leaves))
        await connection.execute(delete(record_trees))
        calls = update(recorded_calls).where(recorded_calls.c.uid == "call-0.run1")
        await connection.execute(calls.values(salt="cd" * 32))
    await close_days(record.store, NEXT + timedelta(days=2), TOKYO)
    findings = (await record.check(printed)).findings
    assert [(each.code, each.number) for each in findings] == [
        (RecordFault.HEAD_DIFFERS, 1),
        (RecordFault.HEAD_UNKNOWN, None),
    ]
    # Heads of days that are not here any more.
    assert record.outside.folder is not None
    later = ClosedTree.after(before[-1], "2026-12-02", 0, [], NEXT)
    await FileAnchor(record.outside.folder).keep([later])
    assert RecordFault.TREES_MISSING in {each.code for each in (await record.check()).findings}
    (record.outside.folder / NAME).unlink()
    assert (await record.check()).findings == []


def test_a_head_vouches_up_to_the_last_broken_link() -> None:
    trees = [ClosedTree.after(None, "2026-11-01", 0, [], NOON)]
    for day in range(2, 7):
        trees.append(ClosedTree.after(trees[-1], f"2026-11-{day:02}", 0, [], NOON))
    trees[3] = replace(trees[3], previous_head="00" * 32)
    found = stretches(trees, {4}, {5: {"file /mnt"}}, {2: {"mail a@b"}, 6: {"mail a@b"}})
    assert [(each.standing, each.first_day[-2:], each.last_day[-2:], each.places) for each in found] == [
        (Standing.TOLD, "01", "02", ("mail a@b",)),
        (Standing.UNANCHORED, "03", "03", ()),
        (Standing.CONFIRMED, "04", "05", ("file /mnt", "mail a@b")),
        (Standing.TOLD, "06", "06", ("mail a@b",)),
    ]
