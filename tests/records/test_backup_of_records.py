"""Backup and restore of sound, received journals, pseudonyms and the list of erasures."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.support.backups import written
from tests.support.kept_calls import add_recorded
from tests.support.stores import opened, settings_on

from kikimori_records.backup_files import checked_name
from kikimori_records.errors import StoreError
from kikimori_records.journals.incoming import LOCK
from kikimori_records.keeping.ledger import Ledger
from kikimori_records.keeping.pseudonyms import FILE, Pseudonyms
from kikimori_records.locks import FileLock
from kikimori_records.restore import restore
from kikimori_records.settings import StoreSettings

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_records.store import Store

JOURNAL = bytes(range(256)) * 9 + b'\n{"end": {}}\n\n'
"""Bytes with line ends, and with a line like the backup's last one, that are none of its lines."""


def content(folder: Path) -> dict[str, bytes]:
    """Files below a folder, without locks."""
    return {
        each.relative_to(folder).as_posix(): each.read_bytes()
        for each in sorted(folder.rglob("*"))
        if each.is_file() and each.suffix != ".lock"
    }


async def fill(store: Store, records: Path) -> None:
    for each in ("c1", "c2"):
        await add_recorded(store, records, each)
    for name in ("incoming/agent1/r2/run.json", "incoming/agent1/r2/0000000000000000.kkj", "apart/a/r/0.kkj"):
        path = records / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(JOURNAL if path.suffix == ".kkj" else b"{}")
    Pseudonyms.load(records)
    Ledger(records).append([{"kind": "erasure", "id": "a"}])


@pytest.mark.parametrize(("engine", "target"), [("sqlite", "postgresql"), ("postgresql", "sqlite")])
async def test_the_files_of_the_records_are_restored(
    engine: str, target: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    records, again, folder = (tmp_path / each for each in ("records", "again", "restored"))
    folder.mkdir()
    settings = settings_on(engine, request, tmp_path, migrated=True)
    async with opened(settings) as store:
        await fill(store, records)
    (records / "incoming" / "agent1" / "r2" / "0000000000000000.kkj.new").touch()
    with written(settings, tmp_path, records=records) as file:
        (records / "incoming" / "agent1" / "r2" / "0000000000000000.kkj.new").unlink()
        done = restore(settings_on(target, request, folder), file, tmp_path, again)
    assert content(again) == content(records)
    assert (done.records, done.record_bytes) == (13, sum(map(len, content(records).values())))
    assert all(each.stat().st_mode & 0o077 == 0 for each in again.rglob("*"))


async def test_sound_may_be_left_out(tmp_path: Path) -> None:
    settings = StoreSettings(dir=tmp_path / "store")
    records, again = tmp_path / "records", tmp_path / "again"
    async with opened(settings) as store:
        await fill(store, records)
    with written(settings, tmp_path, records=records, with_sound=False) as file:
        restore(StoreSettings(dir=tmp_path / "new"), file, tmp_path, again)
    assert content(again) == {
        name: data for name, data in content(records).items() if not name.startswith("calls/")
    }


async def test_a_folder_that_holds_something_or_is_used_is_left_alone(tmp_path: Path) -> None:
    settings, new = StoreSettings(dir=tmp_path / "store"), StoreSettings(dir=tmp_path / "new")
    records, again = tmp_path / "records", tmp_path / "again"
    async with opened(settings) as store:
        await fill(store, records)
    with written(settings, tmp_path, records=records) as file:
        (again / "calls").mkdir(parents=True)
        (again / "calls" / "x").touch()
        with pytest.raises(StoreError, match="holds calls or journals"):
            restore(new, file, tmp_path, again)
        (again / "calls" / "x").unlink()
        lock = FileLock.take(again / LOCK)
        assert lock is not None
        with pytest.raises(StoreError, match="a records service uses it"):
            restore(new, file, tmp_path, again)
        lock.release()
        # Of another key, with which somebody was erased already.
        Pseudonyms.load(again)
        Ledger(again).append([{"kind": "erasure", "id": "b"}])
        before = content(again)
        with pytest.raises(StoreError, match="another key"):
            restore(new, file, tmp_path, again)
        assert content(again) == before
        (again / FILE).write_bytes((records / FILE).read_bytes())
        restore(new, file, tmp_path, again)
    assert [each["id"] for each in Ledger(again).lines()] == ["b", "a"]


async def test_a_damaged_or_forged_file_leaves_no_file(tmp_path: Path) -> None:
    settings, new = StoreSettings(dir=tmp_path / "store"), StoreSettings(dir=tmp_path / "new")
    records, again = tmp_path / "records", tmp_path / "again"
    async with opened(settings) as store:
        await fill(store, records)
    with written(settings, tmp_path, records=records) as file:
        whole = file.read()
    at = whole.index(JOURNAL)
    other = json.dumps({"path": "../outside", "bytes": 1}).encode() + b"\nx\n"
    strange = whole[: whole.index(b"\n") + 1] + other + whole[whole.index(b"\n") + 1 :]
    for bad in (whole[:-1000], whole[: at + 500], whole[:at] + b"\1" + whole[at + 1 :], strange):
        (tmp_path / "bad").write_bytes(bad)
        with (tmp_path / "bad").open("rb") as bad_file, pytest.raises(StoreError, match=r"damaged|no backup"):
            restore(new, bad_file, tmp_path, again)
    assert not content(again)
    assert not new.file().exists()


@pytest.mark.parametrize("name", ["../x", "/etc/x", "calls/../../x", "calls", "kikimori.sqlite3", "", 7])
def test_a_name_outside_of_the_records_is_refused(name: object, tmp_path: Path) -> None:
    with (tmp_path / "x").open("w+b") as file, pytest.raises(StoreError, match="no file of the record"):
        checked_name(name, file)
