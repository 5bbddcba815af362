"""Backup and restore, from each engine to each."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert, select
from tests.support.backups import written
from tests.support.stores import opened, settings_on

from kikimori_records import people, schema, sessions
from kikimori_records.audit import log
from kikimori_records.audit.entry import ActorKind, AuditEntry
from kikimori_records.audit.verify import verify
from kikimori_records.errors import StoreError
from kikimori_records.migrating import newest_version
from kikimori_records.people import NewPerson
from kikimori_records.restore import restore
from kikimori_records.search.tables import PREFIX
from kikimori_records.store import Store

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)


async def fill(store: Store) -> None:
    """Put something into tables that refer to each other, to themselves, and hold JSON, times and truth values."""
    new = NewPerson(
        "'; DROP TABLE people; --", "sato", frozenset({"admin"}), frozenset({"204"}), must_change=True
    )
    sato = await people.add(store, new)
    await sessions.add_session(
        store,
        sessions.Session("hash", sato.id, None, NOW, NOW, 1800, NOW + timedelta(1), "192.0.2.1", "𠮷<b>"),
    )
    hours = {"mon": [["09:00", "18:00"]]}
    seat = {"extension": "204", "since": NOW, "source": "pbx", "changed_at": NOW}
    async with store.begin() as connection:
        await connection.execute(
            insert(schema.superiors).values(
                id="s", name="課長", number="200", position=1, hours=hours, enabled=False
            )
        )
        await connection.execute(insert(schema.seatings).values(id="z", **seat))
        await connection.execute(
            insert(schema.seatings).values(id="a", replaces="z", person_id=sato.id, **seat)
        )
    for number in range(3):
        entry = AuditEntry(f"a{number}", ActorKind.PERSON, "佐藤", sato.id, details={"\ud800": [1.5, None]})
        await log.append(store, entry)


async def content(store: Store) -> dict[str, list[dict[str, object]]]:
    """Everything in the store."""
    async with store.read() as connection:
        return {
            table.name: [
                dict(row)
                for row in (await connection.execute(select(table).order_by(*table.primary_key))).mappings()
            ]
            for table in schema.metadata.sorted_tables
            if not table.name.startswith(PREFIX)  # follows from the rest
        }


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
async def test_what_is_restored_is_what_was_there(
    store: Store, target: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    await fill(store)
    before = await content(store)
    folder, keys, new_keys = tmp_path / "restored", tmp_path / "keys", tmp_path / "new"
    for each in (folder, keys, new_keys):
        each.mkdir()
    (keys / "keys-own-dashboard.json").write_text("{}", encoding="utf-8")
    (keys / "keys-own-agent-x.json").write_text("{}", encoding="utf-8")
    with written(store.settings, tmp_path, keys) as file:
        settings = settings_on(target, request, folder)
        done = restore(settings, file, new_keys)
    assert done.rows == {name: len(rows) for name, rows in before.items()}
    assert [each.name for each in new_keys.iterdir()] == ["keys-own-dashboard.json"]
    async with opened(settings) as restored:
        assert await content(restored) == before
        assert (await verify(restored)).count == 3
        await log.append(restored, AuditEntry("after", ActorKind.SYSTEM, "x"))
        assert (await verify(restored)).last_number == 4


async def test_a_backup_is_made_while_others_write(store: Store, tmp_path: Path) -> None:
    await fill(store)
    async with store.begin() as connection:
        await people.queries.add_within(connection, NewPerson("まだ"))
        with written(store.settings, tmp_path) as file:
            names = [json.loads(line).get("row", {}).get("name") for line in file]
    assert "課長" in names
    assert "まだ" not in names


async def test_a_database_that_holds_something_is_left_alone(store: Store, tmp_path: Path) -> None:
    await fill(store)
    before = await content(store)
    with written(store.settings, tmp_path) as file:
        await store.close()
        with pytest.raises(StoreError, match="into an empty one only"):
            restore(store.settings, file, tmp_path)
    async with opened(store.settings) as again:
        assert await content(again) == before


async def test_a_dashboard_that_runs_is_not_overwritten(tmp_path: Path) -> None:
    from kikimori_records.settings import StoreSettings  # noqa: PLC0415

    async with opened(StoreSettings(dir=tmp_path)) as store:
        with written(store.settings, tmp_path) as file, pytest.raises(StoreError, match="another dashboard"):
            restore(store.settings, file, tmp_path)


async def test_a_damaged_file_changes_nothing(tmp_path: Path) -> None:
    from kikimori_records.settings import StoreSettings  # noqa: PLC0415

    for each in ("old", "new"):
        (tmp_path / each).mkdir()
    async with opened(StoreSettings(dir=tmp_path / "old")) as store:
        await fill(store)
        with written(store.settings, tmp_path) as file:
            whole = file.read()
    lines = whole.splitlines(keepends=True)
    later = whole.replace(f'"schema": "{newest_version()}"'.encode(), b'"schema": "9999"', 1)
    bad = {
        "damaged": [whole[:-1000], b"".join(lines[:-1]), whole.replace(b"sato", b"saty"), later],
        "no backup": [b"", b"{}\n", b"\xff\xfe\n", b"[1]\n", b"hello\n"],
    }
    settings = StoreSettings(dir=tmp_path / "new")
    for said, contents in bad.items():
        for bad_content in contents:
            (tmp_path / "bad").write_bytes(bad_content)
            with (tmp_path / "bad").open("rb") as bad_file, pytest.raises(StoreError, match=said):
                restore(settings, bad_file, tmp_path)
    assert not settings.file().exists()
