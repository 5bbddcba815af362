"""Check of the audit's chain of hashes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Text, cast, select

from kikimori_records.audit.entry import START, AuditRow, entry_of
from kikimori_records.audit.retention import kept_after
from kikimori_records.schema import audit

if TYPE_CHECKING:
    from typing import Any

    from sqlalchemy import Connection

    from kikimori_records.store import Store

AT_ONCE = 1000
AS_KEPT = [cast(each, Text) if each.name in ("at", "details") else each for each in audit.c]
"""Columns with the texts as they are kept: somebody may have changed them to what is neither a time nor JSON."""
WITHIN_S = 600.0


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """Result of a check of the whole chain."""

    count: int
    """Entries that follow from each other."""
    last_number: int
    last_hash: str
    broken_at: int | None = None
    """Number at which an entry is missing, changed or put in; None = the chain is whole."""


async def verify(store: Store) -> ChainCheck:
    """Check the chain of an open store; see `verify_on`."""
    async with store.read(within_s=WITHIN_S) as connection:
        return await connection.run_sync(verify_on)


def verify_on(connection: Connection) -> ChainCheck:
    """Check that no entry was changed, removed or put in.

    Entries that were removed from the end leave no trace: compare `last_number` and `last_hash` with those of a backup.
    """
    number, digest = kept_after(connection) or (0, START)
    count = 0
    while True:
        query = select(*AS_KEPT).where(audit.c.number > number).order_by(audit.c.number).limit(AT_ONCE)
        rows = connection.execute(query).mappings().all()
        if not rows:
            return ChainCheck(count, number, digest)
        for row in rows:
            found = row_of(row)
            if found is None or not found.follows(number, digest):
                return ChainCheck(count, number, digest, broken_at=number + 1)
            number, digest = found.number, found.hash
            count += 1


def row_of(row: Any) -> AuditRow | None:
    """Return a row `AS_KEPT`; None where it holds values that were never written."""
    try:
        entry = entry_of({**row, "details": json.loads(row["details"])})
    except (ValueError, TypeError):
        return None
    if entry.at.tzinfo is None:
        return None
    return AuditRow(row["number"], entry, row["previous_hash"], row["hash"])
