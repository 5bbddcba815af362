"""Erasure of calls and of callers, on both engines."""

from __future__ import annotations

import hashlib
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, select, update
from tests.support.kept_calls import MANIFEST, NAME, SAID, SALT, add_recorded
from tests.support.stores import audited, opened

from kikimori_records import call_notes, people
from kikimori_records.audit.entry import ActorKind
from kikimori_records.calls.tables import (
    recorded_alerts,
    recorded_calls,
    recorded_events,
    recorded_legs,
    recorded_lines,
)
from kikimori_records.errors import StoreError
from kikimori_records.keeping.days import DataKind, KeptDays
from kikimori_records.keeping.erasing import erase_due
from kikimori_records.keeping.holds import all_holds, hold, release
from kikimori_records.keeping.keeper import RecordKeeper
from kikimori_records.keeping.ledger import Ledger
from kikimori_records.keeping.leftovers import remove_leftovers
from kikimori_records.keeping.orders import HeldError, foresee, order, order_by_id
from kikimori_records.keeping.pseudonyms import Pseudonyms
from kikimori_records.keeping.reconciling import Reconciled, reconcile
from kikimori_records.keeping.removal import RemovalCause, remove
from kikimori_records.keeping.subject import call_named, caller
from kikimori_records.keeping.tables import erasures, legal_holds
from kikimori_records.people import NewPerson
from kikimori_records.people.changes import Author
from kikimori_records.reviews import ReviewedKind, mark_reviewed, reviewed_by
from kikimori_records.settings import StoreSettings

if TYPE_CHECKING:
    from kikimori_records.keeping.subject import KeepingSubject
    from kikimori_records.store import Store

BY = Author(ActorKind.PROGRAM, "kikimori records erase (mori)")
OTHER = "0312345678"


class JournalsOfTest:
    """Received journals that note what is erased from them."""

    def __init__(self) -> None:
        self.erased: list[tuple[str, str, int]] = []

    async def erase(self, agent_id: str, run: str, call_key: int) -> None:
        self.erased.append((agent_id, run, call_key))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "records"
    made.mkdir()
    return made


@pytest.fixture
def ledger(folder: Path) -> Ledger:
    return Ledger(folder)


@pytest.fixture
def pseudonyms(folder: Path) -> Pseudonyms:
    return Pseudonyms.load(folder)


async def row_of(store: Store, uid: str) -> Any:
    async with store.read() as connection:
        return (await connection.execute(select(recorded_calls).where(recorded_calls.c.uid == uid))).one()


async def call(store: Store, name: str) -> KeepingSubject:
    async with store.read() as connection:
        return await call_named(connection, name)


def traces(folder: Path, *of: str) -> list[str]:
    """Files below a folder in which one of the texts stands, in UTF-8 or as JSON escapes."""
    sought = [each.encode() for text in of for each in (text, text.encode("unicode_escape").decode())]
    return [
        str(path)
        for path in folder.rglob("*")
        if path.is_file() and any(each in path.read_bytes() for each in sought)
    ]


async def test_an_erased_caller_leaves_a_pseudonym_and_a_leaf(
    store: Store, folder: Path, ledger: Ledger, pseudonyms: Pseudonyms, tmp_path: Path
) -> None:
    mine = [await add_recorded(store, folder, f"c{each}", number="+81-90-1234-5678") for each in range(3)]
    others = await add_recorded(store, folder, "other", number=OTHER)
    sato = await people.add(store, NewPerson("佐藤"))
    now = datetime.now(UTC)
    await call_notes.add_note(store, "c1", "番号は09012345678です", sato.id, now)
    await call_notes.add_note(store, "other", "折り返し", sato.id, now)
    for call_id in ("c1", "other"):
        await mark_reviewed(
            store, ReviewedKind.ALERT, f"{call_id}-a", call_id=call_id, person_id=sato.id, at=now
        )
    journals = JournalsOfTest()
    await erase_due(store, folder, pseudonyms, journals)
    subject = caller("090 1234 5678", pseudonyms)
    seen = await foresee(store, subject)
    assert (seen.calls, seen.lines, seen.holds) == (mine, 3, [])
    assert seen.sound_bytes > 0
    made = await order(store, ledger, subject, "本人の申し出", BY)
    assert await erase_due(store, folder, pseudonyms, journals) == 3
    for uid in mine:
        found = await row_of(store, uid)
        assert (found.caller_number, found.caller_name, found.salt, found.manifest_hash) == (None,) * 4
        assert (found.sound, found.sound_path, found.caller_key) == (
            "erased",
            None,
            pseudonyms.of("09012345678"),
        )
        assert (found.erased_by, found.erasure_reason, found.operator_name) == (
            BY.name,
            "本人の申し出",
            "佐藤",
        )
        digits = b"\0" + bytes.fromhex(SALT) + bytes.fromhex(MANIFEST)
        assert found.leaf == hashlib.sha256(digits).hexdigest()
    assert not any((folder / "calls").rglob("c?.r1"))
    assert len(list((folder / "calls").rglob("*.*"))) == 5  # the other caller's folder and files
    assert journals.erased == [("agent1", "r1", 7)] * 3
    left = await row_of(store, others)
    assert (left.sound, left.salt, left.caller_number) == ("kept", SALT, OTHER)
    assert [each.call_id for each in await call_notes.notes_since(store, now)] == ["other"]
    assert await reviewed_by(store, ReviewedKind.ALERT, ["c1-a", "other-a"]) == {sato.id: {"other-a"}}
    async with store.read() as connection:
        for table in (recorded_lines, recorded_events):
            assert list((await connection.execute(select(table.c.uid))).scalars()) == [others]
        alerts = await connection.execute(select(recorded_alerts.c.uid, recorded_alerts.c.revisions))
        assert {uid for uid, revisions in alerts if revisions} == {others}
        assert len((await connection.execute(select(recorded_legs.c.uid))).all()) == 4
    done = await order_by_id(store, made.id)
    assert done is not None
    assert done.done_at is not None
    assert done.calls == 3
    assert [each["action"] for each in await audited(store, "records.")] == [
        "records.erase",
        "records.erased",
    ]
    assert [each["object_id"] for each in await audited(store, "records.")] == [subject.name] * 2
    if store.settings.is_sqlite:
        assert traces(tmp_path, "09012345678", "+81-90-1234-5678") == []


async def test_the_rows_of_an_erased_call_are_overwritten(
    folder: Path, ledger: Ledger, pseudonyms: Pseudonyms, tmp_path: Path
) -> None:
    """In SQLite's file, its log, and beside it; PostgreSQL's files are not ours."""
    async with opened(StoreSettings(dir=tmp_path / "store")) as store:
        await add_recorded(store, folder, "c1")
        assert traces(tmp_path, SAID, NAME, "09012345678")
        await order(store, ledger, await call(store, "c1"), "x", BY)
        await erase_due(store, folder, pseudonyms, JournalsOfTest())
        assert traces(tmp_path, SAID, NAME, "09012345678") == []


async def test_calls_that_arrive_after_the_order_are_erased_and_later_ones_are_kept(
    store: Store, folder: Path, ledger: Ledger, pseudonyms: Pseudonyms
) -> None:
    subject = caller("09012345678", pseudonyms)
    made = await order(store, ledger, subject, "x", BY)
    journals = JournalsOfTest()
    assert await erase_due(store, folder, pseudonyms, journals) == 0
    late = await add_recorded(store, folder, "late")
    later = await add_recorded(store, folder, "later", ended_at=datetime.now(UTC) + timedelta(minutes=20))
    assert await erase_due(store, folder, pseudonyms, journals) == 1
    assert (await row_of(store, late)).erased_at is not None
    assert (await row_of(store, later)).erased_at is None
    found = await order_by_id(store, made.id)
    assert found is not None
    assert found.calls == 1
    assert journals.erased == [("agent1", "r1", 7)]
    assert await erase_due(store, folder, pseudonyms, journals) == 0


async def test_a_hold_stands_before_an_erasure(
    store: Store, folder: Path, ledger: Ledger, pseudonyms: Pseudonyms
) -> None:
    uid = await add_recorded(store, folder, "c1")
    await add_recorded(store, folder, "c2", number=OTHER)
    await erase_due(store, folder, pseudonyms)
    elsewhere = await hold(store, ledger, await call(store, "c2"), "訴訟", BY)
    assert (await foresee(store, await call(store, uid))).holds == []
    subject = caller("09012345678", pseudonyms)
    by_call = await hold(store, ledger, await call(store, uid), "訴訟", BY)
    by_caller = await hold(store, ledger, subject, "訴訟", BY, datetime.now(UTC) + timedelta(1))
    await hold(store, ledger, subject, "過去", BY, datetime.now(UTC) - timedelta(1))
    for each in (subject, await call(store, "c1")):
        assert len((await foresee(store, each)).holds) == 2
        with pytest.raises(HeldError, match="訴訟"):
            await order(store, ledger, each, "x", BY)
    await release(store, ledger, by_call.id[:8], "和解", BY)
    with pytest.raises(StoreError, match="already"):
        await release(store, ledger, by_call.id, "和解", BY)
    with pytest.raises(HeldError):
        await order(store, ledger, subject, "x", BY)
    await release(store, ledger, by_caller.id, "和解", BY)
    await order(store, ledger, subject, "x", BY)
    # One that comes after the order, before it is carried out.
    after = await hold(store, ledger, await call(store, uid), "照会", BY)
    assert await erase_due(store, folder, pseudonyms, JournalsOfTest()) == 0
    await release(store, ledger, after.id, "x", BY)
    assert await erase_due(store, folder, pseudonyms, JournalsOfTest()) == 1
    assert {each.caller_number for each in await all_holds(store)} == {None}
    assert [each.id for each in await all_holds(store) if each.holds_at(datetime.now(UTC))] == [elsewhere.id]
    names = [each["action"] for each in await audited(store, "records.")]
    assert (names.count("records.hold"), names.count("records.release")) == (5, 3)


async def test_a_number_that_is_not_there_and_a_call_that_is_several(
    store: Store, folder: Path, pseudonyms: Pseudonyms
) -> None:
    for run in ("r1", "r2"):
        await add_recorded(store, folder, "c1", run=run)
    with pytest.raises(StoreError, match=r"c1\.r1, c1\.r2"):
        await call(store, "c1")
    with pytest.raises(StoreError, match="no recorded call"):
        await call(store, "c2")
    with pytest.raises(StoreError, match="no telephone number"):
        caller("-", pseudonyms)
    assert (await foresee(store, caller("117", pseudonyms))).calls == []


async def test_a_restored_database_is_given_what_it_lacks(
    store: Store, folder: Path, ledger: Ledger, pseudonyms: Pseudonyms
) -> None:
    """The list beside the sound knows of orders, holds and releases that a backup was too early for."""
    uids = [await add_recorded(store, folder, each, number=f"0311110{at}00") for at, each in enumerate("abc")]
    await erase_due(store, folder, pseudonyms)
    released = await hold(store, ledger, await call(store, "a"), "x", BY)
    await release(store, ledger, released.id, "y", BY)
    await order(store, ledger, caller("0311110000", pseudonyms), "x", BY)
    held = await hold(store, ledger, caller("0311110100", pseudonyms), "z", BY)
    # As in the backup: the first hold holds, the order and the second hold are not there.
    async with store.begin() as connection:
        await connection.execute(delete(erasures))
        await connection.execute(delete(legal_holds).where(legal_holds.c.id == held.id))
        await connection.execute(update(legal_holds).values(released_at=None))
    assert await reconcile(store, ledger) == Reconciled(erasures=1, holds=1, releases=1)
    assert await reconcile(store, ledger) == Reconciled()
    assert {each.id for each in await all_holds(store)} == {released.id, held.id}
    assert await erase_due(store, folder, pseudonyms, JournalsOfTest()) == 1
    assert [(await row_of(store, each)).erased_at is None for each in uids] == [False, True, True]
    assert [each["details"] for each in await audited(store, "records.replay")] == [
        {"erasures": 1, "holds": 1, "releases": 1}
    ]
    # And the other way round: a list that could not be written.
    whole = ledger.lines()
    ledger.path.unlink()
    assert await reconcile(store, ledger) == Reconciled(listed=4)
    assert {(each["kind"], each["id"]) for each in ledger.lines()} == {
        (each["kind"], each["id"]) for each in whole
    }


async def test_the_list_holds_no_number(
    store: Store, folder: Path, ledger: Ledger, pseudonyms: Pseudonyms
) -> None:
    subject = caller("09012345678", pseudonyms)
    await hold(store, ledger, subject, "x", BY)
    assert traces(folder, "09012345678") == []


async def test_an_order_from_before_wins_over_a_hold_that_a_restore_brought_back(
    store: Store, folder: Path, ledger: Ledger, pseudonyms: Pseudonyms
) -> None:
    uid = await add_recorded(store, folder, "a")
    held = await hold(store, ledger, await call(store, "a"), "x", BY)
    await release(store, ledger, held.id, "y", BY)
    await order(store, ledger, await call(store, "a"), "x", BY)
    async with store.begin() as connection:
        await connection.execute(update(legal_holds).values(released_at=None))
    assert await erase_due(store, folder, pseudonyms, JournalsOfTest()) == 1
    assert (await row_of(store, uid)).erased_at is not None


async def test_a_path_outside_of_the_folder_is_left_alone(
    store: Store, folder: Path, ledger: Ledger, pseudonyms: Pseudonyms, tmp_path: Path
) -> None:
    await add_recorded(store, folder, "a")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "sound.flac").touch()
    async with store.begin() as connection:
        await connection.execute(update(recorded_calls).values(sound_path="../outside"))
    other = await add_recorded(store, folder, "b")
    await order(store, ledger, caller("09012345678", pseudonyms), "x", BY)
    keeper = RecordKeeper(store, folder, KeptDays.of(30), JournalsOfTest())
    old = await add_recorded(store, folder, "old", number=OTHER, ended_at=datetime.now(UTC) - timedelta(31))
    with pytest.raises(StoreError, match="no folder of a recorded call"):
        await keeper.round()
    assert list(outside.iterdir())
    assert [each.code for each in keeper.problems()] == ["records_not_removed"]
    # Neither another call of the order nor what is old has to wait for it.
    assert [(await row_of(store, each)).erased_at is not None for each in (other, old)] == [True, True]


async def test_what_cannot_be_removed_is_told_until_it_is_tried_again(store: Store, folder: Path) -> None:
    await add_recorded(store, folder, "old", ended_at=datetime.now(UTC) - timedelta(31))
    async with store.begin() as connection:
        await connection.execute(update(recorded_calls).values(sound_path="../outside"))
    keeper = RecordKeeper(store, folder, KeptDays.of(30), JournalsOfTest())
    with pytest.raises(StoreError, match="no folder of a recorded call"):
        await keeper.round()
    # Retention is not due again.
    await keeper.round()
    assert [each.code for each in keeper.problems()] == ["records_not_removed"]


async def test_a_leftover_that_cannot_be_removed_keeps_no_order(
    store: Store, folder: Path, ledger: Ledger, pseudonyms: Pseudonyms, tmp_path: Path
) -> None:
    uids = [await add_recorded(store, folder, each) for each in ("a", "b")]
    below = (await row_of(store, uids[0])).sound_path
    await order(store, ledger, await call(store, "a"), "x", BY)
    await erase_due(store, folder, pseudonyms)
    outside = tmp_path / "outside"
    outside.mkdir()
    (folder / below).symlink_to(outside)
    await order(store, ledger, await call(store, "b"), "x", BY)
    keeper = RecordKeeper(store, folder, None, JournalsOfTest())
    with pytest.raises(StoreError, match="no folder of a recorded call"):
        await keeper.round()
    assert (await row_of(store, uids[1])).erased_at is not None
    await keeper.round()
    assert [each.code for each in keeper.problems()] == ["records_not_removed"]


async def test_files_that_are_copied_back_are_removed(
    folder: Path, ledger: Ledger, pseudonyms: Pseudonyms, tmp_path: Path
) -> None:
    """After a restore without sound, from a copy that is older than an erasure."""
    async with opened(StoreSettings(dir=tmp_path / "store")) as store:
        for each in ("a", "b", "c"):
            await add_recorded(store, folder, each)
        shutil.copytree(folder / "calls", tmp_path / "copy")
        await order(store, ledger, await call(store, "a"), "x", BY)
        cause = RemovalCause("kikimori", "age", datetime.now(UTC))
        await remove(store, folder, DataKind.SOUND, ["b.r1"], cause)
        await erase_due(store, folder, pseudonyms)
        shutil.copytree(tmp_path / "copy", folder / "calls", dirs_exist_ok=True)
        strange = next((folder / "calls").rglob("c.r1")).with_name("without-a-row")
        strange.mkdir()
        assert await remove_leftovers(store, folder) == 2
        left = {each.name: len(list(each.iterdir())) for each in strange.parent.iterdir()}
        assert left == {"b.r1": 1, "c.r1": 4, "without-a-row": 0}
        assert await remove_leftovers(store, folder) == 0
