"""Agreement of the database with the list beside the sound: what only one of them holds is added to the other.

The database lacks what was ordered after a backup that has been restored; the list lacks what was ordered while it could not
be written.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import insert, select, update

from kikimori_records.audit.entry import ActorKind, AuditEntry
from kikimori_records.audit.log import append_within
from kikimori_records.keeping.holds import hold_line, hold_of, release_line
from kikimori_records.keeping.ledger import lacking
from kikimori_records.keeping.orders import order_line, order_of
from kikimori_records.keeping.tables import erasures, legal_holds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.keeping.ledger import Ledger, Line
    from kikimori_records.store import Store

log = structlog.get_logger()

TIMES = ("at", "until", "released_at")


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Numbers of orders, holds and releases that were added."""

    erasures: int = 0
    holds: int = 0
    releases: int = 0
    listed: int = 0
    """Lines added to the list."""


async def reconcile(store: Store, ledger: Ledger) -> Reconciled:
    """Add to database and list what each lacks, and note in the audit what the database got.

    Raises:
        StoreError: the database is away.
        OSError: the list cannot be read or written.
    """
    lines = await asyncio.to_thread(ledger.lines)
    async with store.begin(within_s=60) as connection:
        done = await replay(connection, lines)
        here = await _lines_of(connection)
    unlisted = lacking(here, lines)
    await asyncio.to_thread(ledger.append, unlisted)
    if unlisted or done != Reconciled():
        log.info("records_list_reconciled", erasures=done.erasures, holds=done.holds, listed=len(unlisted))
    return Reconciled(done.erasures, done.holds, done.releases, len(unlisted))


async def replay(connection: AsyncConnection, lines: Iterable[Line]) -> Reconciled:
    """Add orders, holds and releases of a list that the database lacks, within a transaction."""
    orders = await _new(connection, erasures, lines, "erasure")
    holds = await _new(connection, legal_holds, lines, "hold")
    if orders:
        await connection.execute(insert(erasures), [{**each, "calls": 0} for each in orders])
    if holds:
        await connection.execute(insert(legal_holds), holds)
    releases = 0
    for each in _rows(legal_holds, lines, "release"):
        mine = (legal_holds.c.id == each.pop("id"), legal_holds.c.released_at.is_(None))
        releases += (await connection.execute(update(legal_holds).where(*mine).values(**each))).rowcount
    if orders or holds or releases:
        details = {"erasures": len(orders), "holds": len(holds), "releases": releases}
        entry = AuditEntry("records.replay", ActorKind.SYSTEM, "kikimori", details=details)
        await append_within(connection, [entry])
    return Reconciled(len(orders), len(holds), releases)


async def _new(connection: AsyncConnection, table: Any, lines: Iterable[Line], kind: str) -> list[Line]:
    there = set((await connection.execute(select(table.c.id))).scalars())
    rows = {each["id"]: each for each in _rows(table, lines, kind) if each["id"] not in there}
    return list(rows.values())


def _rows(table: Any, lines: Iterable[Line], kind: str) -> list[Line]:
    """Return the columns in the lines of a kind; a line that lacks what a row needs is left out, and logged."""
    found = []
    for line in lines:
        if line["kind"] != kind:
            continue
        try:
            row = {name: _value(name, value) for name, value in line.items() if name in table.c}
        except (TypeError, ValueError):
            row = {}
        needed = {"id", "released_at"} if kind == "release" else {"id", "at", "reason"}
        if needed <= {name for name, value in row.items() if value is not None}:
            found.append(row)
        else:
            log.warning("records_list_line_unusable", kind=kind)
    return found


def _value(name: str, value: Any) -> Any:
    if name not in TIMES or value is None:
        return value
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return at


async def _lines_of(connection: AsyncConnection) -> list[Line]:
    orders = (await connection.execute(select(erasures).order_by(erasures.c.at))).mappings()
    lines = [order_line(order_of(each)) for each in orders]
    for row in (await connection.execute(select(legal_holds).order_by(legal_holds.c.at))).mappings():
        held = hold_of(row)
        lines.append(hold_line(held))
        if held.released_at is not None:
            lines.append(release_line(held))
    return lines
