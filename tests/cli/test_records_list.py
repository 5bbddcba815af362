"""`kikimori records list` and `show`, over calls that were delivered and finished."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest
from tests.support.commands import run_here
from tests.support.records_office import RecordsOffice, delivered
from tests.support.stores import audited, opened
from tests.support.told_calls import ToldRun, told_call

from kikimori_records.settings import StoreSettings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "kikimori.toml"
    file.write_text("[store]\ndir = 'data'\n[dashboard]\ntime_zone = 'Asia/Tokyo'\n", encoding="utf-8")
    return file


def record(folder: Path) -> None:
    async def fill() -> None:
        async with (
            opened(StoreSettings(dir=folder / "data")) as store,
            RecordsOffice.opened(store, folder / "records") as office,
        ):
            await delivered(office.incoming, ToldRun([told_call(0), told_call(1, begins_s=2.0)]))
            await office.finishing.finish_ended()

    asyncio.run(fill())


def ran(capsys: pytest.CaptureFixture[str], config: Path, *arguments: str) -> tuple[int, str, str]:
    done = run_here(capsys, config, "records", *arguments)
    return done.code, done.out, done.err


def test_calls_are_listed_and_shown_in_both_languages(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, said, _ = ran(capsys, config, "list", "--json")
    assert (code, json.loads(said)) == (0, [])
    monkeypatch.setenv("LANG", "ja_JP.UTF-8")
    assert "まだ通話がありません" in ran(capsys, config, "list")[2]
    record(config.parent)
    _, said, _ = ran(capsys, config, "list", "--json")
    listed = json.loads(said)
    assert [each["call_id"] for each in listed] == ["call-1", "call-0"]
    assert listed[0]["started_at"] == "2026-11-29T12:00:02+00:00"
    for language, words in (
        ("ja", ("応対者", "保存済み", "緊急")),
        ("en", ("who answered", "kept", "critical")),
    ):
        monkeypatch.setenv("LANG", {"ja": "ja_JP.UTF-8", "en": "en_US.UTF-8"}[language])
        _, table, _ = ran(capsys, config, "list", "--most", "1")
        assert all(each in table for each in (*words, "2026-11-29 21:00:02", "call-1.run1"))
        assert "call-0" not in table
        _, shown, _ = ran(capsys, config, "show", "call-0.run1")
        assert "責任者を" in shown
        assert "木村" in shown
        assert ("お客様：" in shown, "保留" in shown) == (language == "ja", language == "ja")
    _, said, _ = ran(capsys, config, "show", "call-0", "--json")
    found = json.loads(said)
    assert set(found) == {"call", "legs", "lines", "alerts", "events"}
    assert found["lines"][0]["words"][0] == ["責任者", 0.25, 0.875, 0.9]
    code, _, told = ran(capsys, config, "show", "call-9.run1")
    assert code != 0
    assert "call-9.run1" in told

    async def looked() -> list[str]:
        async with opened(StoreSettings(dir=config.parent / "data")) as store:
            return [each["object_id"] for each in await audited(store, "records.show")]

    assert asyncio.run(looked()) == ["call-0.run1"] * 3


def test_calls_are_found_by_what_was_said(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(config.parent)
    _, said, _ = ran(
        capsys, config, "find", "責任者", "--since", "2026-11-29", "--until", "2026-11-29", "--json"
    )
    found = json.loads(said)
    assert [each["uid"] for each in found["exact"]] == [
        each["uid"] for each in json.loads(ran(capsys, config, "list", "--json")[1])
    ]
    assert found["exact"][0]["lines"][0]["marked"] == ["責任者"]
    assert (found["alike"], found["more"], found["complete"]) == ([], {"exact": False, "alike": False}, False)
    code, said, told = ran(capsys, config, "find", "責任者", "--until", "2026-11-28")
    assert (code, "2026-11-29" in said) == (0, False)
    assert "索引" in told or "index" in told
