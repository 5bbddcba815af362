"""Lines of several calls read by their places, with marks in them."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import text

from kikimori_records.calls.tables import recorded_lines
from kikimori_records.search.marked import MarkedLine, marked_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    LinePlace = tuple[str, int]
    """Call's uid, and number of the row in `recorded_lines`."""

# One look into the key of the table for each place, in this order: for a list of pairs SQLite reads the whole table, and
# for a list of uids and one of numbers, most pairs of which are not wanted, each line that is one of them.
_COLUMNS = tuple(recorded_lines.c[each] for each in ("uid", "number", "role", "start_s", "text"))
_SELECT = "SELECT l.uid, l.number, l.role, l.start_s, l.text FROM"
_ORDER = "ORDER BY l.uid, l.number"
_QUERIES = {
    "sqlite": text(
        f"{_SELECT} json_each(:places) AS p CROSS JOIN recorded_lines AS l"
        f" ON l.uid = json_extract(p.value, '$[0]') AND l.number = json_extract(p.value, '$[1]') {_ORDER}"
    ).columns(*_COLUMNS),
    "postgresql": text(
        f"{_SELECT} json_array_elements(CAST(:places AS json)) AS p (value) JOIN recorded_lines AS l"
        f" ON l.uid = p.value ->> 0 AND l.number = CAST(p.value ->> 1 AS integer) {_ORDER}"
    ).columns(*_COLUMNS),
}


async def marked_lines(
    connection: AsyncConnection, places: Mapping[LinePlace, Sequence[tuple[int, int]]]
) -> Mapping[str, Sequence[MarkedLine]]:
    """Return the lines at these places by their call's uid, in order.

    Args:
        connection: It reads.
        places: Begin and end of the marks in the line's normal form, by the line's place.
    """
    made: defaultdict[str, list[MarkedLine]] = defaultdict(list)
    if places:
        asked = {"places": json.dumps(list(places))}
        for row in await connection.execute(_QUERIES[connection.dialect.name], asked):
            made[row.uid].append(marked_line(row, places[row.uid, row.number]))
    return made
