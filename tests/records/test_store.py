"""The open store: transactions, refusals in plain words, and a database that goes away."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from tests.support.deadline import WITHIN_S
from tests.support.postgres import Postgres, in_thread
from tests.support.stores import opened

from kikimori_records import people
from kikimori_records.disk import kind_of_mount, require_local
from kikimori_records.errors import StoreAwayError, StoreError
from kikimori_records.people import NewPerson
from kikimori_records.settings import StoreSettings
from kikimori_records.store import Store

if TYPE_CHECKING:
    from pathlib import Path


async def back(store: Store) -> None:
    """Wait until the database answers again."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            try:
                async with store.begin() as connection:
                    await connection.execute(text("SELECT 1"))
            except StoreAwayError:
                await asyncio.sleep(0.1)
            else:
                return


async def test_a_transaction_is_kept_or_undone_whole(store: Store) -> None:
    async with store.begin() as connection:
        await people.queries.add_within(connection, NewPerson("残る"))
    with pytest.raises(ValueError, match="king"):
        await _add_two(store)
    assert [each.name for each in await people.list_people(store)] == ["残る"]
    assert not store.away


async def _add_two(store: Store) -> None:
    async with store.begin() as connection:
        await people.queries.add_within(connection, NewPerson("消える"))
        await people.queries.add_within(connection, NewPerson("王", roles=frozenset({"king"})))


async def test_a_cancelled_transaction_lets_the_next_one_in(store: Store) -> None:
    """Even while somebody still has the error, whose frames hold what the statement had opened."""
    for turns in range(40):
        begun = asyncio.Event()

        async def write(begun: asyncio.Event = begun) -> None:
            async with store.begin() as connection:
                await people.queries.add_within(connection, NewPerson("消える"))
                begun.set()
                while True:
                    await connection.execute(text("SELECT 1 UNION ALL SELECT 2"))

        task = asyncio.create_task(write())
        await begun.wait()
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            async with store.begin() as connection:
                await people.queries.add_within(connection, NewPerson("残る"))
    assert {each.name for each in await people.list_people(store)} == {"残る"}
    assert not store.away


async def test_foreign_keys_hold(store: Store) -> None:
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        async with store.begin() as connection:
            await connection.execute(text("INSERT INTO person_extensions VALUES ('nobody', '204')"))


async def test_many_writers_wait_for_each_other(store: Store) -> None:
    await asyncio.gather(*(people.add(store, NewPerson(f"{number}")) for number in range(12)))
    assert len(await people.list_people(store)) == 12


async def test_the_second_dashboard_on_sqlite_is_refused(tmp_path: Path) -> None:
    settings = StoreSettings(dir=tmp_path)
    async with opened(settings) as first:
        with pytest.raises(StoreError, match="another dashboard") as raised:
            await Store.open(settings)
        assert "PostgreSQL" in raised.value.next_step
        beside = await Store.open(settings, beside=True)
        await people.add(beside, NewPerson("佐藤"))
        await beside.close()
        assert len(await people.list_people(first)) == 1
    async with opened(settings):
        pass


async def test_two_dashboards_share_postgresql(tmp_path: Path, postgres: Postgres) -> None:
    settings = postgres.settings(tmp_path, migrated=True)
    async with opened(settings) as first, opened(settings) as second:
        await people.add(first, NewPerson("佐藤"))
        assert len(await people.list_people(second)) == 1


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("36 35 0:50 / /srv/office rw - nfs4 server:/x rw", "nfs4"),
        ("36 35 0:50 / /srv/office rw shared:1 - cifs //server/x rw", "cifs"),
        ("36 35 0:50 / /srv/of\\040fice rw - fuse.sshfs me@server: rw", "fuse.sshfs"),
    ],
)
def test_a_network_file_system_is_refused(tmp_path: Path, line: str, kind: str) -> None:
    folder = tmp_path / "srv" / ("of fice" if "040" in line else "office") / "kikimori"
    folder.mkdir(parents=True)
    mounts = tmp_path / "mountinfo"
    there = str(tmp_path / "srv")
    mounts.write_text(f"20 1 0:20 / / rw - ext4 /dev/sda1 rw\n{line.replace('/srv', there, 1)}\n", "utf-8")
    assert kind_of_mount(folder, mounts.read_text("utf-8").splitlines()) == kind
    with pytest.raises(StoreError, match=kind) as raised:
        require_local(folder, mounts)
    assert "PostgreSQL" in raised.value.next_step
    require_local(tmp_path, mounts)


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="file") as raised:
        await Store.open(StoreSettings(dir=tmp_path / "file" / "below"))
    assert "[store] dir" in raised.value.next_step


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    settings = StoreSettings(dir=tmp_path)
    settings.file().write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match="not a database") as raised:
        await Store.open(settings)
    assert "restore" in raised.value.next_step


async def test_a_wrong_password_and_a_database_that_is_not_there(tmp_path: Path, postgres: Postgres) -> None:
    settings = postgres.settings(tmp_path, migrated=True)
    wrong = tmp_path / "wrong"
    wrong.write_text("wrong\n", encoding="utf-8")
    with pytest.raises(StoreError, match="refuses the user kikimori") as raised:
        await Store.open(settings.model_copy(update={"password_file": wrong}))
    assert "password_file" in raised.value.next_step
    with pytest.raises(StoreError, match="no such database"):
        await Store.open(settings.model_copy(update={"url": settings.url + "x"}))


async def test_the_database_goes_away_and_comes_back(tmp_path: Path, postgres: Postgres) -> None:
    async with opened(postgres.settings(tmp_path, migrated=True)) as store:
        await people.add(store, NewPerson("佐藤"))
        await in_thread(postgres, "stop")
        for _ in range(3):
            with pytest.raises(StoreAwayError):
                await people.list_people(store)
        assert store.away
        await in_thread(postgres, "start")
        await back(store)
        assert [each.name for each in await people.list_people(store)] == ["佐藤"]


async def test_a_restart_between_two_transactions_goes_unnoticed(tmp_path: Path, postgres: Postgres) -> None:
    """Connections that were cut while nobody used them are given up for new ones."""
    async with opened(postgres.settings(tmp_path, migrated=True)) as store:
        await asyncio.gather(*(people.add(store, NewPerson(f"{number}")) for number in range(4)))
        await in_thread(postgres, "stop")
        await in_thread(postgres, "start")
        assert len(await people.list_people(store)) == 4
        assert not store.away


async def test_a_transaction_in_which_the_database_stops_is_not_kept(
    tmp_path: Path, postgres: Postgres
) -> None:
    async with opened(postgres.settings(tmp_path, migrated=True)) as store:
        with pytest.raises(StoreAwayError):
            await _stopped_within(store, postgres)
        await in_thread(postgres, "start")
        await back(store)
        assert await people.list_people(store) == []


async def _stopped_within(store: Store, postgres: Postgres) -> None:
    async with store.begin() as connection:
        await people.queries.add_within(connection, NewPerson("佐藤"))
        await in_thread(postgres, "stop")
        await connection.execute(text("SELECT 1"))


async def test_a_database_that_answers_nothing_is_given_up(tmp_path: Path, postgres: Postgres) -> None:
    """Frozen: its connections stay open, and no statement ever ends."""
    async with opened(postgres.settings(tmp_path, migrated=True)) as store:
        await people.add(store, NewPerson("佐藤"))
        postgres.freeze()
        with pytest.raises(StoreAwayError):
            async with store.begin(within_s=0.3):
                pass
        with pytest.raises(StoreAwayError):
            await people.list_people(store)
        postgres.thaw()
        await back(store)
        assert len(await people.list_people(store)) == 1


async def test_a_dashboard_starts_while_postgresql_is_away(tmp_path: Path, postgres: Postgres) -> None:
    settings = postgres.settings(tmp_path, migrated=True)
    await in_thread(postgres, "stop")
    store = await Store.open(settings)
    assert store.away
    await in_thread(postgres, "start")
    await back(store)
    assert await people.list_people(store) == []
    await store.close()
