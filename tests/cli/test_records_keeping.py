"""`kikimori records erase`, `hold`, `release` and `holds`, and a restore with a list of erasures."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.support.commands import run_here
from tests.support.kept_calls import add_recorded
from tests.support.stores import audited, opened

from kikimori_records.keeping.erasing import name_callers
from kikimori_records.keeping.pseudonyms import Pseudonyms
from kikimori_records.settings import StoreSettings

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from tests.support.program import ProgramResult


class Office:
    """An office with recorded calls."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.config = folder / "kikimori.toml"
        self.config.write_text("[store]\ndir = 'store'\n", encoding="utf-8")
        self.settings = StoreSettings(dir=folder / "store")
        self.records = folder / "store" / "records"
        self._capsys = capsys

    def ran(self, *arguments: str | Path) -> ProgramResult:
        return run_here(self._capsys, self.config, *arguments)

    def told(self, *arguments: str) -> Any:
        """The JSON that a command prints."""
        done = self.ran(*arguments, "--json")
        assert done.code == 0, done.err
        return json.loads(done.out)

    async def fill(self) -> None:
        async with opened(self.settings) as store:
            for call_id, number in (("c1", "09012345678"), ("c2", "+81 90 1234 5678"), ("c3", "0312345678")):
                await add_recorded(store, self.records, call_id, number=number)
            await name_callers(store, Pseudonyms.load(self.records))

    async def audit(self) -> list[Any]:
        async with opened(self.settings) as store:
            return await audited(store, "records.")


def calls_there(office: Office) -> list[str]:
    return sorted(each.name for each in office.records.glob("calls/*/*/*/*"))


def test_holding_and_erasing_a_caller(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    office = Office(tmp_path, capsys)
    asyncio.run(office.fill())
    backup = office.ran("store", "backup", tmp_path / "backup")
    assert (backup.code, "13 files of calls and journals" in backup.out) == (0, True)
    why = ("--reason", "申し出")
    held = office.told("records", "hold", "--caller", "090-1234-5678", *why, "--until", "2099-03-31")
    assert held["caller_number"] == "090-1234-5678"
    assert datetime.fromisoformat(held["until"]) == datetime(2099, 4, 1).astimezone()  # the whole day
    assert "090-1234-5678 held by" in office.ran("records", "holds").out
    erase = ("records", "erase", "--caller", "09012345678", *why)
    seen = office.told(*erase, "--dry-run")
    assert (seen["calls"], seen["erasure"], seen["done"]) == (["c1.r1", "c2.r1"], None, False)
    assert [each["id"] for each in seen["holds"]] == [held["id"]]
    refused = office.ran(*erase, "--yes")
    assert (refused.code, "a legal hold of" in refused.err, len(calls_there(office))) == (1, True, 3)
    released = office.told("records", "release", held["id"][:6], *why)
    assert released["released_by"].startswith("kikimori records release (")
    assert office.ran("records", "holds").out.strip() == ""
    assert office.told("records", "holds", "--all")["id"] == held["id"]
    unasked = office.ran(*erase)
    assert (unasked.code, "nothing was erased" in unasked.err, len(calls_there(office))) == (1, True, 3)
    done = office.told(*erase, "--yes")
    assert (done["done"], done["calls"]) == (True, ["c1.r1", "c2.r1"])
    assert calls_there(office) == ["c3.r1"]
    entries = asyncio.run(office.audit())
    assert [each["action"].removeprefix("records.") for each in entries] == [
        "hold",
        "release",
        "erase",
        "erased",
    ]
    assert {each["actor_kind"] for each in entries} == {"program", "system"}
    assert entries[2]["actor_name"].startswith("kikimori records erase (")
    # The machine is lost: the backup has what was erased after it, the list says what was.
    (office.records / "erasures.jsonl").rename(tmp_path / "list.jsonl")
    (tmp_path / "store").rename(tmp_path / "lost")
    restored = office.ran("store", "restore", tmp_path / "backup", "--erasures", tmp_path / "list.jsonl")
    assert (restored.code, "2 calls erased again" in restored.out) == (0, True)
    assert calls_there(office) == ["c3.r1"]


def test_what_is_wrong_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    office = Office(tmp_path, capsys)
    asyncio.run(office.fill())
    why = ("--reason", "x")
    for arguments, said in (
        (("erase", "--call", "c9", *why, "--yes"), "no recorded call 'c9'"),
        (("erase", "--caller", "-", *why, "--yes"), "no telephone number"),
        (("release", "0", *why), "no hold '0'"),
    ):
        done = office.ran("records", *arguments)
        assert (done.code, said in done.err) == (1, True), done.err
    one = office.told("records", "erase", "--call", "c3", *why, "--yes")
    assert one["calls"] == ["c3.r1"]
    again = office.told("records", "erase", "--call", "c3", *why, "--yes")
    assert (again["calls"], again["done"]) == ([], True)
