"""Retention by kind and age, on both engines."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select
from tests.support.kept_calls import NAME, SAID, add_recorded
from tests.support.stores import audited

from kikimori_records.audit.entry import ActorKind
from kikimori_records.calls.tables import recorded_alerts, recorded_calls, recorded_events, recorded_lines
from kikimori_records.keeping.days import DataKind, KeptDays
from kikimori_records.keeping.erasing import name_callers
from kikimori_records.keeping.holds import hold
from kikimori_records.keeping.ledger import Ledger
from kikimori_records.keeping.pseudonyms import Pseudonyms
from kikimori_records.keeping.retention import remove_aged
from kikimori_records.keeping.subject import KeepingSubject, caller
from kikimori_records.people.changes import Author

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_records.store import Store

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAYS = KeptDays.of(10, words=20, number=30, call=40)


def test_a_kind_that_is_not_named_is_kept_like_sound_and_a_call_as_long_as_any() -> None:
    assert KeptDays.of(30) == KeptDays(30, 30, 30, 30)
    assert KeptDays.of(30, words=365) == KeptDays(30, 365, 30, 365)
    assert KeptDays.of(30, words=365, call=7).limit(DataKind.WORDS, NOW) == NOW - timedelta(7)


def files_of(folder: Path, uid: str) -> list[str]:
    """Names of a call's files."""
    return sorted(each.name for each in folder.glob(f"calls/*/*/*/{uid}/*"))


async def told(store: Store, uid: str) -> str:
    """Everything that the rows tell of a call, as one text."""
    rows: list[Any] = []
    async with store.read() as connection:
        for table in (recorded_calls, recorded_lines, recorded_alerts, recorded_events):
            rows += (await connection.execute(select(table).where(table.c.uid == uid))).mappings().all()
    return json.dumps([dict(each) for each in rows], default=str, ensure_ascii=False)


async def test_each_kind_goes_after_its_days(store: Store, tmp_path: Path) -> None:
    ages = (5, 15, 25, 35, 45)
    for age in ages:
        await add_recorded(store, tmp_path, f"c{age}", ended_at=NOW - timedelta(age))
    apart = [tmp_path / "apart" / "agent1" / "r1" / f"{each}.kkj" for each in ("old", "young")]
    apart[0].parent.mkdir(parents=True)
    for path, age in zip(apart, (11, 9), strict=True):
        path.touch()
        os.utime(path, times=(0, (NOW - timedelta(age)).timestamp()))
    silent = await add_recorded(store, tmp_path, "silent", ended_at=NOW - timedelta(15), with_sound=False)
    await name_callers(store, Pseudonyms.load(tmp_path))
    done = await remove_aged(store, tmp_path, DAYS, NOW)
    assert done == {DataKind.CALL: 1, DataKind.SOUND: 3, DataKind.WORDS: 2, DataKind.NUMBER: 1}
    files = {age: files_of(tmp_path, f"c{age}.r1") for age in ages}
    every = ["manifest.json", "peaks.bin", "sound.flac", "windows.bin"]
    assert files == {5: every, 15: ["manifest.json"], 25: ["manifest.json"], 35: [], 45: []}
    assert [each.exists() for each in apart] == [False, True]
    said = {age: await told(store, f"c{age}.r1") for age in ages}
    assert [SAID in said[age] for age in ages] == [True, True, False, False, False]
    assert [NAME in said[age] for age in ages] == [True, True, True, False, False]
    assert [("佐藤" in said[age]) for age in ages] == [True, True, True, True, False]
    assert all('"uid"' in each and '"caller_key": "' in each for each in said.values())
    assert ["status" in said[age] for age in ages] == [True, True, True, True, False]
    assert '"sound": "excluded"' in await told(store, silent)
    assert await remove_aged(store, tmp_path, DAYS, NOW) == {}
    (entry,) = await audited(store, "records.retention")
    assert {name: count for name, count in entry["details"].items() if name != "sound_bytes"} == {
        "call_calls": 1,
        "sound_calls": 3,
        "words_calls": 2,
        "number_calls": 1,
    }
    assert entry["details"]["sound_bytes"] > 0


@pytest.mark.parametrize("by", ["call", "caller"])
async def test_what_is_held_stays(store: Store, tmp_path: Path, by: str) -> None:
    uid = await add_recorded(store, tmp_path, "c", ended_at=NOW - timedelta(100))
    await add_recorded(store, tmp_path, "other", number="0312345678", ended_at=NOW - timedelta(100))
    pseudonyms = Pseudonyms.load(tmp_path)
    await name_callers(store, pseudonyms)
    subject = KeepingSubject(uid=uid) if by == "call" else caller("+819012345678", pseudonyms)
    author = Author(ActorKind.PERSON, "森")
    until = datetime.now(UTC) + timedelta(1)
    await hold(store, Ledger(tmp_path), subject, "訴訟", author, until)
    now = datetime.now(UTC)
    assert await remove_aged(store, tmp_path, DAYS, now) == {DataKind.CALL: 1}
    assert SAID in await told(store, uid)
    assert await remove_aged(store, tmp_path, DAYS, until + timedelta(1)) == {DataKind.CALL: 1}
    assert SAID not in await told(store, uid)
