"""The schema: made by migrations, the same as the tables of the code, on both engines."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import insert, select, text

from kikimori_records.address import thread_engine
from kikimori_records.errors import StoreError
from kikimori_records.migrating import migrate, newest_version, upgrade
from kikimori_records.schema import endings, metadata, people, recorded_alerts, recorded_calls, removals
from kikimori_records.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_records.settings import StoreSettings


def test_the_migrations_make_the_tables_of_the_code(settings: StoreSettings) -> None:
    migrate(settings)
    with thread_engine(settings).connect() as connection:
        # The terms of the search are another table on each engine; the migration alone makes them.
        context = MigrationContext.configure(
            connection, opts={"include_name": lambda name, *_: not str(name).startswith("search_terms")}
        )
        assert compare_metadata(context, metadata) == []


def test_of_migrations_at_once_one_works(settings: StoreSettings) -> None:
    with ThreadPoolExecutor(1) as one:  # Alembic's entry is one a process; the lock is between processes
        done = list(one.map(migrate, [settings] * 3))
    assert [each.before for each in done] == [None, newest_version(), newest_version()]


def test_every_earlier_schema_is_brought_up_to_date(settings: StoreSettings) -> None:
    engine = thread_engine(settings)
    with engine.begin() as connection:
        upgrade(connection, "0001")
        connection.execute(text("INSERT INTO notes_of_store (key, value) VALUES ('kept', 'as it was')"))
    done = migrate(settings)
    assert (done.before, done.after) == ("0001", newest_version())
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT value FROM notes_of_store WHERE key = 'kept'")) == "as it was"


def test_words_that_retention_left_are_removed_from_an_earlier_store(settings: StoreSettings) -> None:
    """Quotes of refusals, and own words of who proposed to end the call; of calls that keep their words they stay."""
    engine, at = thread_engine(settings), datetime(2026, 1, 2, tzinfo=UTC)
    alert = {
        "evidence": [
            {"kind": "answered", "count": 2, "refusals": [{"demand_s": 1.0, "quote": "致しかねます"}]}
        ]
    }
    with engine.begin() as connection:
        upgrade(connection, "0010")
        person = {
            "id": "p",
            "name": "佐藤",
            "roles": [],
            "must_change": False,
            "created_at": at,
            "changed_at": at,
        }
        connection.execute(insert(people).values(**person))
        for name in ("kept", "removed"):
            call = {
                **dict.fromkeys(("agent_id", "run", "site", "tap", "end_reason"), "x"),
                **dict.fromkeys(("started_at", "ended_at", "recorded_at"), at),
                **dict.fromkeys(("heard_s", "sound_seconds", "sound_lost_s"), 1.0),
                "uid": f"{name}.r",
                "call_id": name,
                "alerts": 1,
                "sound": "none",
                "sound_bytes": 0,
            }
            connection.execute(insert(recorded_calls).values(**call))
            of_alert = {"alert_id": "a", "rule": "x", "kind": "x", "severity": "warning", "opened_s": 1.0}
            told = [{"number": 1, "alert": alert}]
            connection.execute(insert(recorded_alerts).values(uid=f"{name}.r", **of_alert, revisions=told))
            ending = {
                "call_id": name,
                "id": name,
                "state": "ended",
                "reason": "x",
                "words": "三度お断り",
                "people": 2,
            }
            connection.execute(insert(endings).values(**ending, person_id="p", at=at, expires_at=at))
        connection.execute(insert(removals).values(uid="removed.r", kind="words", at=at))
    migrate(settings)
    with engine.connect() as connection:
        left = dict(connection.execute(select(recorded_alerts.c.uid, recorded_alerts.c.revisions)).all())
        words = dict(connection.execute(select(endings.c.call_id, endings.c.words)).all())
    assert left["kept.r"] == [{"number": 1, "alert": alert}]
    shorter = {"kind": "answered", "count": 2, "refusals": [{"demand_s": 1.0}]}
    assert left["removed.r"] == [{"number": 1, "alert": {"evidence": [shorter]}}]
    assert words == {"kept": "三度お断り", "removed": None}


async def test_sqlite_is_made_at_the_start(tmp_path: Path) -> None:
    from kikimori_records.settings import StoreSettings  # noqa: PLC0415

    folder = tmp_path / "new" / "folder"
    store = await Store.open(StoreSettings(dir=folder))
    async with store.begin() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM people"))).scalar_one() == 0
        assert (await connection.execute(text("PRAGMA journal_mode"))).scalar_one() == "wal"
        assert (await connection.execute(text("PRAGMA foreign_keys"))).scalar_one() == 1
    await store.close()
    for each in folder.iterdir():
        assert each.stat().st_mode & 0o077 == 0, each


async def test_postgresql_is_refused_until_it_is_migrated(settings: StoreSettings) -> None:
    if settings.is_sqlite:
        pytest.skip("is migrated at the start")
    with pytest.raises(StoreError, match="schema none") as raised:
        await Store.open(settings)
    assert raised.value.next_step == "kikimori store migrate"


def _set_version(settings: StoreSettings, version: str) -> None:
    with thread_engine(settings).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})


async def test_a_later_schema_is_refused(settings: StoreSettings) -> None:
    migrate(settings)
    _set_version(settings, "9999")
    with pytest.raises(StoreError, match=r"later version.*9999"):
        await Store.open(settings)
    with pytest.raises(StoreError, match="later version"):
        migrate(settings)
