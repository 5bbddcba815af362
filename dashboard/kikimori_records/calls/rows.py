"""Rows of one recorded call, as they are written into the database and read from it again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from kikimori_records.calls.canonical import digest_of_rows
from kikimori_records.calls.tables import (
    recorded_alerts,
    recorded_calls,
    recorded_events,
    recorded_legs,
    recorded_lines,
)
from kikimori_records.search.indexing import put_call
from kikimori_records.search.spoken import SpokenWords, spoken_in

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

PARTS = {
    "legs": recorded_legs,
    "lines": recorded_lines,
    "alerts": recorded_alerts,
    "events": recorded_events,
}
"""Tables of a call's parts."""

Row = dict[str, Any]


@dataclass(slots=True)
class CallRows:
    """A call and its parts; each part is in the order of its key."""

    call: Row
    legs: list[Row] = field(default_factory=list)
    lines: list[Row] = field(default_factory=list)
    alerts: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    spoken: SpokenWords | None = None
    """Words for the search; None = they are made when the call is written."""

    @property
    def uid(self) -> str:
        return str(self.call["uid"])

    def part(self, name: str) -> list[Row]:
        """Return the rows of a part by its name in `PARTS`."""
        found: list[Row] = getattr(self, name)
        return found

    def digests(self) -> dict[str, dict[str, Any]]:
        """Return number and hash of the rows of each part, as the manifest has them."""
        return {
            name: {"count": len(self.part(name)), "sha256": digest_of_rows(self.part(name))} for name in PARTS
        }


async def insert_call(connection: AsyncConnection, rows: CallRows) -> None:
    """Write a call with all parts, and put it into the index of the search, in the transaction of the connection."""
    await connection.execute(insert(recorded_calls).values(rows.call))
    for name, table in PARTS.items():
        if found := rows.part(name):
            await connection.execute(insert(table), [{**row, "uid": rows.uid} for row in found])
    spoken = rows.spoken
    if spoken is None:
        spoken = await asyncio.to_thread(spoken_in, rows.lines)
    await put_call(connection, rows.call, {each["kind"] for each in rows.alerts}, spoken)
