"""The schema: made by migrations, the same as the tables of the code, on both engines."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from kikimori_records.address import thread_engine
from kikimori_records.errors import StoreError
from kikimori_records.migrating import migrate, newest_version, upgrade
from kikimori_records.schema import metadata
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
