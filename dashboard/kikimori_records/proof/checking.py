"""Check of the whole record, or of a day: chain, leaves, files, rows, and the places outside."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from kikimori_records.calls.rows import PARTS
from kikimori_records.folder import CALLS, UNFINISHED
from kikimori_records.proof import queries
from kikimori_records.proof.anchor_check import compare
from kikimori_records.proof.call_check import CallEvidence, check_call
from kikimori_records.proof.chain_check import altered_leaves, broken_links, stretches
from kikimori_records.proof.findings import RecordFault, RecordFinding, RecordReport
from kikimori_records.schema import record_leaves, recorded_calls, removals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_core.journal.anchor_settings import AnchorTable
    from kikimori_records.proof.queries import Leaf
    from kikimori_records.proof.trees import ClosedTree
    from kikimori_records.store import Store

AT_ONCE = 200
"""Calls that are read from the database at once."""
WITHIN_S = 60.0
YOUNG_S = 600.0
"""Age in s up to which a folder without a row may be that of a call that is being put into the history."""


async def check_record(
    store: Store, records: Path, table: AnchorTable, *, day: str | None = None, heads: Sequence[str] = ()
) -> RecordReport:
    """Check the record; nothing is changed.

    Args:
        store: The open database.
        records: Folder of the records.
        table: Places outside, to compare with.
        day: Check the calls of this day alone; None = all. The chain is checked as a whole.
        heads: Heads that a person has on paper or in a mail.

    Raises:
        StoreError: the database is away.
        OSError: the folder of the records cannot be read.
    """
    async with store.read(within_s=WITHIN_S) as connection:
        trees, kept = await queries.trees(connection), await queries.anchors(connection)
    report = RecordReport(trees=len(trees), findings=broken_links(trees))
    compared = await asyncio.to_thread(compare, trees, kept, table, heads)
    broken = {each.number for each in report.findings if each.number is not None}
    report.stretches = stretches(trees, broken, compared.confirmed, compared.told)
    report.findings += compared.findings
    for tree in trees:
        if day is None or tree.day == day:
            await _check_tree(store, records, tree, report)
    async with store.read(within_s=WITHIN_S) as connection:
        report.waiting = await _waiting(connection)
    if day is None:
        report.findings += await _strangers(store, records)
    return report


async def _check_tree(store: Store, records: Path, tree: ClosedTree, report: RecordReport) -> None:
    async with store.read(within_s=WITHIN_S) as connection:
        leaves = await queries.leaves(connection, tree.number)
    report.findings += altered_leaves(tree, leaves)
    report.calls += len(leaves)
    for at in range(0, len(leaves), AT_ONCE):
        async with store.read(within_s=WITHIN_S) as connection:
            some = await evidence_of(connection, leaves[at : at + AT_ONCE], tree.day)
        for each in some:
            found = await asyncio.to_thread(check_call, each, records)
            report.findings += found
            if each.removed.get("call") is not None:
                report.erased += 1
            elif each.removed:
                report.expired += 1
            elif not found:
                report.whole += 1


async def evidence_of(connection: AsyncConnection, leaves: Sequence[Leaf], day: str) -> list[CallEvidence]:
    """Return what the database has of the calls of leaves."""
    uids = [each.uid for each in leaves]
    found = await connection.execute(select(recorded_calls).where(recorded_calls.c.uid.in_(uids)))
    rows = {row["uid"]: dict(row) for row in found.mappings()}
    removed: dict[str, dict[str, str | None]] = defaultdict(dict)
    for row in await connection.execute(select(removals).where(removals.c.uid.in_(uids))):
        removed[row.uid][row.kind] = row.erasure_id
    parts: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for name, table in PARTS.items():
        # Sorted here: databases order texts each in their own way.
        keys = [each.name for each in table.primary_key if each.name != "uid"]
        its = await connection.execute(select(table).where(table.c.uid.in_(uids)))
        for part in sorted(
            (dict(each) for each in its.mappings()), key=lambda row: [row[key] for key in keys]
        ):
            parts[part["uid"]][name].append(part)
    return [
        CallEvidence(each, day, rows.get(each.uid), removed.get(each.uid, {}), parts.get(each.uid, {}))
        for each in leaves
    ]


async def _waiting(connection: AsyncConnection) -> int:
    c = recorded_calls.c
    in_tree = select(record_leaves.c.uid).where(record_leaves.c.uid == c.uid).exists()
    query = select(func.count()).where(~in_tree, c.manifest_hash.is_not(None))
    return int((await connection.execute(query)).scalar_one())


async def _strangers(store: Store, records: Path) -> list[RecordFinding]:
    """Return folders and files among the calls that belong to none."""
    there = await asyncio.to_thread(lambda: list(_folders(records)))
    async with store.read(within_s=WITHIN_S) as connection:
        known = set((await connection.execute(select(recorded_calls.c.sound_path))).scalars())
    return [RecordFinding(RecordFault.FILE_ADDED, what=each) for each in there if each not in known]


def _folders(records: Path) -> Iterator[str]:
    """Give what lies in the folders of the days, `calls/YYYY/MM/DD/…`, but what is being made."""
    before = time.time() - YOUNG_S
    for each in sorted((records / CALLS).glob("*/*/*/*")):
        if not each.name.startswith(UNFINISHED) and each.lstat().st_mtime < before:
            yield str(each.relative_to(records))
