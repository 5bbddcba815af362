"""Retention by kind and age, on both engines."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, insert, select, text
from tests.support.kept_calls import NAME, REFUSED, SAID, add_recorded
from tests.support.stores import audited

from kikimori_records import call_notes, people
from kikimori_records.audit.entry import ActorKind
from kikimori_records.calls.tables import recorded_alerts, recorded_calls, recorded_events, recorded_lines
from kikimori_records.errors import StoreError
from kikimori_records.keeping.days import DataKind, KeptDays
from kikimori_records.keeping.erasing import name_callers
from kikimori_records.keeping.holds import all_holds, hold, release
from kikimori_records.keeping.keeper import RecordKeeper
from kikimori_records.keeping.ledger import Ledger
from kikimori_records.keeping.leftovers import remove_unlisted
from kikimori_records.keeping.pseudonyms import Pseudonyms
from kikimori_records.keeping.retention import remove_aged
from kikimori_records.keeping.subject import KeepingSubject, caller
from kikimori_records.keeping.traces import forget_traces
from kikimori_records.migrating import copy_of
from kikimori_records.people import NewPerson
from kikimori_records.people.changes import Author
from kikimori_records.proof.verify_alone import MANIFEST
from kikimori_records.schema import customers, endings, notes_of_store
from kikimori_records.search.filling import IndexFilling
from kikimori_records.search.indexing import put_recorded

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
    assert [REFUSED in said[age] for age in ages] == [True, True, False, False, False]
    assert ['"count": 2' in said[age] for age in ages] == [True, True, True, True, False]
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


BY = Author(ActorKind.PERSON, "森")


def content_of(folder: Path) -> bytes:
    """Everything in the files of a folder."""
    return b"".join(each.read_bytes() for each in folder.rglob("*") if each.is_file())


async def is_indexed(store: Store, letter: str) -> bool:
    """Return whether a letter is in the pages of SQLite's index; those of removed calls are too, though no query finds them."""
    async with store.read() as connection:
        pages = (await connection.execute(text("SELECT block FROM search_terms_data"))).scalars()
        return any(letter.encode() in each for each in pages)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_what_is_removed_for_its_age_is_overwritten(store: Store, tmp_path: Path) -> None:
    """In SQLite's file, in its log, and in its index of words."""
    filling = IndexFilling(store)
    while await filling.fill_some():
        pass
    uid = await add_recorded(store, tmp_path, "old", ended_at=datetime.now(UTC) - timedelta(31))
    async with store.begin() as connection:
        await put_recorded(connection, uid)
    assert await is_indexed(store, "返")
    await RecordKeeper(store, tmp_path, KeptDays.of(30)).round()
    stored = content_of(tmp_path)
    for each in (SAID, NAME, "09012345678"):
        assert each.encode() not in stored
        assert each.encode("unicode_escape") not in stored
    assert not await is_indexed(store, "返")


async def removed_and_not_swept(store: Store, folder: Path) -> None:
    """Remove a call for its age, an hour after a sweep, and end the service."""
    filling = IndexFilling(store)
    while await filling.fill_some():
        pass
    running = 0.0
    keeper = RecordKeeper(store, folder, KeptDays.of(30), running=lambda: running)
    await keeper.round()
    uid = await add_recorded(store, folder, "old", ended_at=datetime.now(UTC) - timedelta(31))
    async with store.begin() as connection:
        await put_recorded(connection, uid)
    running = 3601.0
    await keeper.round()
    assert await is_indexed(store, "返")


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_traces_go_after_a_restart_too(store: Store, tmp_path: Path) -> None:
    await removed_and_not_swept(store, tmp_path)
    await RecordKeeper(store, tmp_path, KeptDays.of(30)).round()
    assert not await is_indexed(store, "返")


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_traces_that_an_earlier_version_left_go_once(store: Store, tmp_path: Path) -> None:
    """It noted none."""
    await removed_and_not_swept(store, tmp_path)
    async with store.begin() as connection:
        await connection.execute(delete(notes_of_store))
    await RecordKeeper(store, tmp_path, None).round()
    assert not await is_indexed(store, "返")


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_traces_that_the_database_does_not_give_up_go_the_next_time(
    store: Store, tmp_path: Path
) -> None:
    await removed_and_not_swept(store, tmp_path)
    file = store.settings.file()
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await forget_traces(store)
    assert await is_indexed(store, "返")
    await RecordKeeper(store, tmp_path, KeptDays.of(30)).round()
    assert not await is_indexed(store, "返")


async def test_the_number_of_a_hold_goes_after_its_days_and_the_hold_stays(
    store: Store, tmp_path: Path
) -> None:
    pseudonyms = Pseudonyms.load(tmp_path)
    ledger, subject = Ledger(tmp_path), caller("09012345678", pseudonyms)
    now = datetime.now(UTC)
    released = await hold(store, ledger, subject, "和解した件", BY)
    await release(store, ledger, released.id, "和解", BY)
    await hold(store, ledger, subject, "期限のある件", BY, now + timedelta(5))
    await hold(store, ledger, subject, "続く件", BY)

    async def numbers() -> dict[str, str | None]:
        return {each.reason: each.caller_number for each in await all_holds(store)}

    await remove_aged(store, tmp_path, DAYS, now + timedelta(29))
    assert set((await numbers()).values()) == {"09012345678"}
    await remove_aged(store, tmp_path, DAYS, now + timedelta(31))
    assert await numbers() == {"和解した件": None, "期限のある件": "09012345678", "続く件": "09012345678"}
    await remove_aged(store, tmp_path, DAYS, now + timedelta(36))
    assert await numbers() == {"和解した件": None, "期限のある件": None, "続く件": "09012345678"}
    assert {each.caller_key for each in await all_holds(store)} == {subject.caller_key}


def add_unlisted(folder: Path, day: datetime, name: str, caller_key: str | None = "k") -> Path:
    """Make the files of a call that no row names; without a pseudonym the manifest is missing."""
    made = folder / "calls" / f"{day:%Y/%m/%d}" / name
    made.mkdir(parents=True)
    (made / "sound.flac").write_bytes(b"sound")
    if caller_key is not None:
        (made / MANIFEST).write_text(json.dumps({"caller_key": caller_key}), encoding="utf-8")
    return made


async def test_files_that_no_row_names_go_with_the_sound_of_their_time(store: Store, tmp_path: Path) -> None:
    """Copied beside a database that was restored from a time before them."""
    pseudonyms = Pseudonyms.load(tmp_path)
    listed = await add_recorded(store, tmp_path, "listed", ended_at=NOW - timedelta(20))
    old, half = (add_unlisted(tmp_path, NOW - timedelta(13), each) for each in ("old.r1", ".half.r1"))
    young = add_unlisted(tmp_path, NOW - timedelta(11), "young.r1")
    before = DAYS.limit(DataKind.SOUND, NOW)
    strange = tmp_path / "calls" / "2026" / "13" / "99" / "strange.r1"
    strange.mkdir(parents=True)
    assert await remove_unlisted(store, tmp_path, before, NOW) == 2
    assert [each.exists() for each in (old, half, young, strange)] == [False, False, True, True]
    assert len(files_of(tmp_path, listed)) == 4
    # Whom a hold keeps is known from the manifest alone.
    subject = caller("09012345678", pseudonyms)
    await hold(store, Ledger(tmp_path), subject, "訴訟", BY)
    await hold(store, Ledger(tmp_path), KeepingSubject(uid="held.r1"), "訴訟", BY)
    day = NOW - timedelta(100)
    kept = [
        add_unlisted(tmp_path, day, "held.r1"),
        add_unlisted(tmp_path, day, "of-caller.r1", subject.caller_key),
        add_unlisted(tmp_path, day, "of-nobody-knows.r1", None),
    ]
    other = add_unlisted(tmp_path, day, "of-another.r1")
    assert await remove_unlisted(store, tmp_path, before, datetime.now(UTC)) == 1
    assert [each.exists() for each in (*kept, other)] == [True, True, True, False]


async def test_the_keeper_sweeps_what_no_row_names(store: Store, tmp_path: Path) -> None:
    old = add_unlisted(tmp_path, datetime.now(UTC) - timedelta(40), "old.r1")
    await RecordKeeper(store, tmp_path, None).round()
    assert old.exists()
    await RecordKeeper(store, tmp_path, KeptDays.of(30)).round()
    assert not old.exists()


async def test_without_days_calls_stay_and_it_is_a_problem(store: Store, tmp_path: Path) -> None:
    """As where an office ends recording and names no days any more."""
    keeper = RecordKeeper(store, tmp_path, None)
    await keeper.round()
    assert keeper.problems() == ()
    uid = await add_recorded(store, tmp_path, "c", ended_at=datetime.now(UTC) - timedelta(4000))
    at = datetime.now(UTC) - timedelta(1096)
    async with store.begin() as connection:
        await connection.execute(insert(customers).values(id="k1", name=NAME, added_at=at, changed_at=at))
    keeper = RecordKeeper(store, tmp_path, None)
    await keeper.round()
    (problem,) = keeper.problems()
    assert problem.code == "records_endless"
    assert "1 recorded" in str(problem.detail)
    assert SAID in await told(store, uid)
    # Their days have a default.
    async with store.read() as connection:
        assert (await connection.execute(select(customers.c.id))).all() == []
    assert [each["details"] for each in await audited(store, "records.retention")] == [{"customers": 1}]


async def test_notes_stay_as_long_as_a_part_of_their_call_is_kept(store: Store, tmp_path: Path) -> None:
    """An agent that was restarted in mid-call made two; one of them is held."""
    parts = [
        await add_recorded(store, tmp_path, "c", run=run, ended_at=NOW - timedelta(100))
        for run in ("r1", "r2")
    ]
    sato = await people.add(store, NewPerson("佐藤"))
    await call_notes.add_note(store, "c", "証拠になるメモ", sato.id, NOW)
    held = await hold(store, Ledger(tmp_path), KeepingSubject(uid=parts[1]), "訴訟", BY)
    now = datetime.now(UTC)
    assert await remove_aged(store, tmp_path, DAYS, now) == {DataKind.CALL: 1}
    assert [each.text for each in await call_notes.notes_of(store, "c")] == ["証拠になるメモ"]
    await release(store, Ledger(tmp_path), held.id, "和解", BY)
    assert await remove_aged(store, tmp_path, DAYS, now) == {DataKind.CALL: 1}
    assert await call_notes.notes_of(store, "c") == []


async def test_the_words_of_a_proposal_to_end_a_call_go_with_its_words(store: Store, tmp_path: Path) -> None:
    await add_recorded(store, tmp_path, "c", ended_at=NOW - timedelta(21))
    sato = await people.add(store, NewPerson("佐藤"))
    row = {"call_id": "c", "id": "e1", "state": "ended", "reason": "insults", "words": "土下座しろと三度"}
    of_time = {"people": 2, "person_id": sato.id, "at": NOW, "expires_at": NOW}
    async with store.begin() as connection:
        await connection.execute(insert(endings).values(**row, **of_time))
    await remove_aged(store, tmp_path, DAYS, NOW)
    async with store.read() as connection:
        found = (await connection.execute(select(endings.c.reason, endings.c.words))).all()
    assert [tuple(each) for each in found] == [("insults", None)]


@pytest.mark.parametrize(("days", "left"), [(KeptDays.of(90), 2), (KeptDays.of(90, number=7), 1)])
@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_a_copy_from_before_a_migration_goes(
    store: Store, tmp_path: Path, days: KeptDays, left: int
) -> None:
    """It holds the words and numbers of every call of its time."""
    file = store.settings.file()
    for age in (31, 29, 6):
        made_at = datetime.now(UTC) - timedelta(age)
        file.with_name(f"kikimori.before-{made_at:%Y%m%dT%H%M%S%f}Z.sqlite3").touch()
    file.with_name("kikimori.before-update.sqlite3").touch()  # somebody's own
    await RecordKeeper(store, tmp_path, None).round()
    assert len(copies_of(file)) == 4
    await RecordKeeper(store, tmp_path, days).round()
    assert len(copies_of(file)) == left + 1
    made = copy_of(file)
    await RecordKeeper(store, tmp_path, days).round()
    assert made in copies_of(file)


def copies_of(file: Path) -> list[Path]:
    return sorted(file.parent.glob("kikimori.before-*.sqlite3"))


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_files_that_cannot_be_removed_keep_no_copy(store: Store, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    folder = tmp_path / "records"
    outside.mkdir()
    day = add_unlisted(folder, NOW - timedelta(400), "old.r1").parent
    (day / "strange.r1").symlink_to(outside)
    store.settings.file().with_name("kikimori.before-20200101T000000000000Z.sqlite3").touch()
    with pytest.raises(StoreError, match="no folder of a recorded call"):
        await RecordKeeper(store, folder, KeptDays.of(30)).round()
    assert copies_of(store.settings.file()) == []
