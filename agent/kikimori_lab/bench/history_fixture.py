"""Store with a history of so many lines, for the bench of the search; written past the records service, as it is large."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from kikimori_lab.bench.history_lines import MadeUpLines
from kikimori_records.address import thread_engine
from kikimori_records.columns import time_text
from kikimori_records.migrating import migrate
from kikimori_records.search.attributes import tags_of_call
from kikimori_records.search.filling import FULL, STATE
from kikimori_records.search.gin import times_of
from kikimori_records.search.terms import LINE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlalchemy import Connection

    from kikimori_records.settings import StoreSettings

SEED = 20261129
BEGIN = datetime(2025, 1, 6, tzinfo=UTC)
SPAN = timedelta(days=690)
AT_ONCE = 500
"""Calls in one transaction."""
EXTENSIONS = 200
CALL_COLUMNS = (
    "uid", "agent_id", "run", "call_id", "site", "tap", "started_at", "ended_at", "end_reason", "heard_s", "caller_number", "operator_number", "team",
    "worst", "alerts", "sound", "sound_bytes", "sound_seconds", "sound_lost_s", "recorded_at",
)  # fmt: skip
TABLES = {
    "recorded_calls": CALL_COLUMNS,
    "recorded_lines": ("uid", "number", "line_id", "role", "start_s", "end_s", "text", "words", "engine", "again"),
    "recorded_alerts": ("uid", "alert_id", "rule", "kind", "severity", "opened_s", "revisions"),
    "search_calls": ("number", "uid", "tags", "line_numbers", "text", "readings"),
}  # fmt: skip


def make_history(settings: StoreSettings, lines: int, progress: Callable[[int], None]) -> int:
    """Fill an empty store and return the number of calls; blocks. Raises StoreError, sqlalchemy.exc.SQLAlchemyError."""
    migrate(settings)
    made, calls = 0, 0
    calls_of = _Calls(MadeUpLines(SEED), lines)
    with thread_engine(settings).connect() as connection:
        raw: Any = connection.connection.driver_connection
        if settings.is_sqlite:
            raw.execute("PRAGMA synchronous=OFF")
            raw.execute("PRAGMA cache_size=-400000")
        else:
            with connection.begin():
                made_index = _drop_index(connection)
        write = _into_sqlite if settings.is_sqlite else _into_postgresql
        while made < lines:
            with connection.begin():
                rows: dict[str, list[Sequence[Any]]] = {name: [] for name in TABLES}
                terms: list[tuple[int, list[str]]] = []
                for _ in range(AT_ONCE):
                    made += calls_of.add_to(rows, terms)
                    calls += 1
                    if made >= lines:
                        break
                write(raw, rows, terms)
            progress(min(made, lines))
        with connection.begin():
            connection.execute(text("DELETE FROM search_state"))
            connection.execute(
                text("INSERT INTO search_state (name, value) VALUES (:name, :value)"),
                {"name": STATE, "value": FULL},
            )
        if not settings.is_sqlite:
            raw.autocommit = True
            raw.execute("SET maintenance_work_mem = '512MB'")
            raw.execute(made_index)
            raw.execute(
                "VACUUM ANALYZE search_calls, search_terms, recorded_calls, recorded_lines, recorded_alerts"
            )
    return calls


def _drop_index(connection: Connection) -> str:
    """Drop the index of the terms on PostgreSQL, which grows faster when it is made at the end; return what makes it again."""
    found = connection.execute(text("SELECT pg_get_indexdef(CAST('ix_search_terms_terms' AS regclass))"))
    connection.execute(text("DROP INDEX ix_search_terms_terms"))
    return str(found.scalar_one())


class _Calls:
    """Calls one after the other, over two years."""

    def __init__(self, lines: MadeUpLines, count: int) -> None:
        self._lines = lines
        self._random = random.Random(SEED + 1)  # noqa: S311 - made-up times, no secret
        self._step = SPAN / max(1, count / 50)
        self._at = BEGIN
        self._number = 0
        self._last = 0

    def add_to(self, rows: dict[str, list[Sequence[Any]]], terms: list[tuple[int, list[str]]]) -> int:
        """Add the rows and terms of the next call; return its number of lines."""
        chosen = self._random
        self._number += 1
        self._at += self._step * 2 * chosen.random()
        uid, said = f"c{self._number:08}.bench", self._lines.of_call()
        # Some answer much, some hardly at all.
        extension = str(200 + int(EXTENSIONS * chosen.random() ** 2))
        kind = chosen.choices((None, "phrase", "shouting", "repeated", "detention"), (92, 4, 2, 1, 1))[0]
        heard_s = 4.0 * len(said)
        call = (
            uid, "bench", "bench", f"c{self._number:08}", "bench", "mirror", time_text(self._at), time_text(self._at + timedelta(seconds=heard_s)),
            "hung_up", heard_s, f"090{chosen.randrange(10**8):08}", extension, f"team{int(extension) % 7}", "warning" if kind else None, int(kind is not None),
            "none", 0, 0.0, 0.0, time_text(self._at),
        )  # fmt: skip
        rows["recorded_calls"].append(call)
        rows["recorded_lines"] += [
            (uid, at, f"l{at}", ("customer", "operator")[at % 2], 4.0 * at, 4.0 * at + 3, each.text, "[]", "bench", False)
            for at, each in enumerate(said)
        ]  # fmt: skip
        if kind:
            rows["recorded_alerts"].append((uid, f"{uid}.1", kind, kind, "warning", 1.0, "[]"))
        tags = tags_of_call(dict(zip(CALL_COLUMNS, call, strict=True)), [kind] if kind else [])
        self._last = number = max(self._last + 1, round(self._at.timestamp() * 1000))
        numbers = " ".join(map(str, range(len(said))))
        texts = LINE.join(each.normal for each in said), LINE.join(each.reading for each in said)
        rows["search_calls"].append((number, uid, " ".join(sorted(tags)), numbers, *texts))
        terms.append((number, sorted(tags.union(*(each.terms for each in said)))))
        return len(said)


def _into_sqlite(
    raw: Any, rows: dict[str, list[Sequence[Any]]], terms: Iterable[tuple[int, list[str]]]
) -> None:
    for name, columns in TABLES.items():
        places = ", ".join("?" * len(columns))
        raw.executemany(f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({places})", rows[name])  # noqa: S608
    joined = ((number, " ".join(each)) for number, each in terms)
    raw.executemany("INSERT INTO search_terms (rowid, terms) VALUES (?, ?)", joined)


def _into_postgresql(
    raw: Any, rows: dict[str, list[Sequence[Any]]], terms: Iterable[tuple[int, list[str]]]
) -> None:
    with raw.cursor() as cursor:
        for name, columns in TABLES.items():
            with cursor.copy(f"COPY {name} ({', '.join(columns)}) FROM STDIN") as copy:
                for row in rows[name]:
                    copy.write_row(row)
        with cursor.copy("COPY search_terms (number, terms) FROM STDIN") as copy:
            for number, each in terms:
                copy.write_row((number, " ".join(f"'{term}'" for term in [*each, *times_of(number)])))
