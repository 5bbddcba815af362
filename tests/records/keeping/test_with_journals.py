"""Erasure, shaping and backup together with received journals of calls that run."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
from tests.support.backups import written
from tests.support.deadline import WITHIN_S
from tests.support.records_office import RecordsOffice, delivered
from tests.support.stores import opened, settings_on
from tests.support.told_calls import NOON, ToldRun, told_call

from kikimori_core.journal.events import AlertRevision, Line
from kikimori_core.journal.settings import RecordingTable, RecordsTable
from kikimori_core.wire.messages import Party
from kikimori_core.wire.values import Role
from kikimori_records.audit.entry import ActorKind
from kikimori_records.calls.queries import newest_calls, rows_of_call
from kikimori_records.keeping.erasing import erase_due
from kikimori_records.keeping.from_journals import ReceivedJournals, erase_apart
from kikimori_records.keeping.ledger import Ledger
from kikimori_records.keeping.orders import order
from kikimori_records.keeping.pseudonyms import Pseudonyms
from kikimori_records.keeping.served import erase_again, erase_now
from kikimori_records.keeping.shaping import RowShaping
from kikimori_records.keeping.subject import KeepingSubject, caller
from kikimori_records.people.changes import Author
from kikimori_records.restore import restore
from kikimori_records.service import RecordsService
from kikimori_records.settings import StoreSettings
from kikimori_records.store import Store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

BY = Author(ActorKind.PERSON, "森")
MINE, OTHER = "09012345678", "0312345678"
LATER = NOON + timedelta(minutes=1)


def told() -> ToldRun:
    """A run in which call 0 and 2 are of one caller; call 0 ends early, 1 and 2 late."""
    mine = Party(number=MINE, name="架空太郎")
    return ToldRun(
        [told_call(0, 1.0, caller=mine), told_call(1, 4.0), told_call(2, 4.0, begins_s=0.4, caller=mine)]
    )


def after(run: ToldRun, seconds: float) -> int:
    """Number of the first record of a run after a share of it."""
    return round(len(run.records) * seconds)


async def sound(store: Store, folder: Path, call_id: str) -> Any:
    """Samples of a recorded call, of both channels; None where they are erased."""
    (row,) = [each for each in await newest_calls(store, 100) if each.call_id == call_id]
    if row.sound_path is None:
        return None
    return soundfile.read(folder / row.sound_path / "sound.flac", dtype="int16", always_2d=True)[0]


def stored(folder: Path) -> bytes:
    """Everything in the files of a folder."""
    return b"".join(each.read_bytes() for each in sorted(folder.rglob("*")) if each.is_file())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "records"
    made.mkdir()
    return made


async def test_a_caller_is_erased_from_the_journal_in_which_another_call_runs(
    folder: Path, tmp_path: Path
) -> None:
    run = told()
    pseudonyms = Pseudonyms.load(folder)
    voice = run.calls[0].legs[1].sound[100:400].tobytes()
    async with (
        opened(StoreSettings(dir=tmp_path / "store")) as store,
        RecordsOffice.opened(store, folder, shaping=RowShaping(pseudonyms)) as office,
    ):
        half = after(run, 0.6)
        for begin in range(0, half, 7):
            await office.incoming.deliver("office", "run1", begin, run.frames(begin, min(begin + 7, half)))
        await office.finishing.finish_ended()
        assert await sound(store, folder, "call-0") is not None
        assert voice in stored(folder / "incoming")
        await order(store, Ledger(folder), caller(MINE, pseudonyms), "x", BY, at=LATER)
        journals = ReceivedJournals(office.incoming, folder)
        assert await erase_due(store, folder, pseudonyms, journals) == 1
        assert voice not in stored(folder / "incoming")
        assert not list((folder / "calls").rglob("call-0*"))
        # The rest of the journal arrives: of the same caller, and of another one.
        await delivered(office.incoming, run, first=half)
        await office.finishing.finish_ended()
        assert await erase_due(store, folder, pseudonyms, journals) == 1
        assert await sound(store, folder, "call-2") is None
        left, right = (each.sound for each in run.calls[1].legs)
        kept = await sound(store, folder, "call-1")
        assert np.array_equal(kept[:, 0], left)
        assert np.array_equal(kept[4000 : 4000 + len(right), 1], right)
        assert MINE.encode() not in stored(folder)
        assert MINE.encode() not in stored(tmp_path / "store")


async def test_an_order_is_carried_out_by_a_command_where_no_service_runs(
    folder: Path, tmp_path: Path
) -> None:
    run = told()
    pseudonyms = Pseudonyms.load(folder)
    async with opened(StoreSettings(dir=tmp_path / "store")) as store:
        async with RecordsOffice.opened(store, folder, shaping=RowShaping(pseudonyms)) as office:
            await delivered(office.incoming, run)
            await office.finishing.finish_ended()
        made = await order(store, Ledger(folder), KeepingSubject(uid="call-0.run1"), "x", BY)
        done = await erase_now(store, folder, made)
        assert (done.calls, done.done_at is not None) == (1, True)
        assert await sound(store, folder, "call-0") is None
        assert await sound(store, folder, "call-2") is not None


async def test_a_command_waits_for_the_service_that_runs(folder: Path, tmp_path: Path) -> None:
    settings = StoreSettings(dir=tmp_path / "store")
    tables = (RecordingTable(enabled=True, days=36_500, max_gb=1), RecordsTable(dir=folder))
    run = told()
    async with opened(settings) as store:
        service = RecordsService(*tables, store)
        await service.open()
        working = asyncio.create_task(service.run(lambda _name, work: plain(work)))
        for begin in range(0, len(run.records), 50):
            await service.sink.deliver("office", "run1", begin, run.frames(begin, begin + 50))
        await in_the_history(store, 3)
        beside = await Store.open(settings, beside=True)
        made = await order(beside, Ledger(folder), caller(MINE, Pseudonyms.load(folder)), "x", BY, at=LATER)
        done = await erase_now(beside, folder, made)
        assert (done.calls, done.done_at is not None) == (2, True)
        assert await sound(store, folder, "call-1") is not None
        await beside.close()
        working.cancel()
        await asyncio.wait([working])
        await service.close()


async def plain(work: Callable[[], Awaitable[None]]) -> None:
    """Do a work without a second attempt."""
    await work()


async def in_the_history(store: Store, count: int) -> None:
    async with asyncio.timeout(WITHIN_S):
        while len(await newest_calls(store, count)) < count:  # noqa: ASYNC110 - of a database
            await asyncio.sleep(0.05)


async def test_words_of_the_operator_and_numbers_are_kept_as_the_office_wants(
    folder: Path, tmp_path: Path
) -> None:
    run = ToldRun([told_call(0, 1.0, caller=Party(number=MINE, name=MINE))])
    end = run.records[-3:]
    del run.records[-3:]
    for role, said in ((Role.OPERATOR, "申し訳ございません"), (Role.CUSTOMER, "返金しろ")):
        run.say(Line(call=0, role=role, line_id=said, start_s=1, end_s=2, text=said, words=()))
        evidence = {"kind": "words", "role": role.value, "text": said, "start_s": 1.0}
        refusal = {"start_s": 1.0, "demand_s": 0.0, "quote": "いたしかねます"}
        refused = [
            {"kind": "answered", "count": 2, "refusals": [refusal]},
            {"kind": "duration", "since": "refusal", "quote": "いたしかねます"},
        ]
        alert = {"alert_id": role.value, "caller": {"number": MINE}, "evidence": [evidence, *refused]}
        run.say(AlertRevision(call=0, media_s=1, alert=alert))
    for each in end:
        run.put(each.kind, each.payload)
    pseudonyms = Pseudonyms.load(folder)
    shaping = RowShaping(pseudonyms, transcript_operator=False, mask_numbers=True)
    async with opened(StoreSettings(dir=tmp_path / "store")) as store:
        async with RecordsOffice.opened(store, folder, shaping=shaping) as office:
            await delivered(office.incoming, run)
            await office.finishing.finish_ended()
            async with store.read() as connection:
                rows = await rows_of_call(connection, "call-0.run1")
        assert rows is not None
        assert (rows.call["caller_number"], rows.call["caller_name"]) == ("*******5678", "*******5678")
        assert rows.call["caller_key"] == pseudonyms.of(MINE)
        assert [each["role"] for each in rows.lines] == ["customer", "customer"]
        said = json.dumps(rows.alerts, ensure_ascii=False)
        assert "返金しろ" in said
        assert "申し訳ございません" not in said
        assert '"count": 2' in said
        assert "いたしかねます" not in said
        assert (MINE in said, "*******5678" in said) == (False, True)
        manifest = json.loads((folder / rows.call["sound_path"] / "manifest.json").read_bytes())
        assert manifest["rows"] == rows.digests()
        assert manifest["caller_number"] == "*******5678"


@pytest.mark.parametrize(("engine", "target"), [("sqlite", "postgresql"), ("postgresql", "sqlite")])
async def test_a_backup_while_calls_run_is_restored_and_the_calls_go_on(
    engine: str, target: str, request: pytest.FixtureRequest, folder: Path, tmp_path: Path
) -> None:
    """The agent still has what it sent after the backup; a caller was erased after it."""
    run = told()
    again, new = tmp_path / "again", tmp_path / "new"
    new.mkdir()
    pseudonyms = Pseudonyms.load(folder)
    half, later = after(run, 0.6), after(run, 0.8)
    settings = settings_on(engine, request, tmp_path, migrated=True)
    async with (
        opened(settings) as store,
        RecordsOffice.opened(store, folder, shaping=RowShaping(pseudonyms)) as office,
    ):
        for begin in range(0, half, 7):
            await office.incoming.deliver("office", "run1", begin, run.frames(begin, min(begin + 7, half)))
        await office.finishing.finish_ended()
        with written(settings, tmp_path, records=folder) as file:
            await office.incoming.deliver("office", "run1", half, run.frames(half, later))
            await order(store, Ledger(folder), caller(MINE, pseudonyms), "x", BY, at=LATER)
            await erase_due(store, folder, pseudonyms, ReceivedJournals(office.incoming, folder))
            lists = [Ledger(folder).lines()]
            # The machine is gone: an empty one has the backup and the list.
            target_settings = settings_on(target, request, new)
            done = restore(target_settings, file, tmp_path, again)
    assert done.records >= 6
    async with opened(target_settings) as restored:
        assert await sound(restored, again, "call-0") is not None
        assert await erase_again(restored, again, lists) == 1
        assert await sound(restored, again, "call-0") is None
        pseudonyms = Pseudonyms.load(again)
        async with RecordsOffice.opened(restored, again, shaping=RowShaping(pseudonyms)) as office:
            position = await office.incoming.position("office", "run1")
            assert position == half
            await delivered(office.incoming, run, first=position)
            await office.finishing.finish_ended()
            await erase_due(restored, again, pseudonyms, ReceivedJournals(office.incoming, again))
        assert await sound(restored, again, "call-2") is None
        left, right = (each.sound for each in run.calls[1].legs)
        kept = await sound(restored, again, "call-1")
        assert np.array_equal(kept[:, 0], left)
        assert np.array_equal(kept[4000 : 4000 + len(right), 1], right)
        assert MINE.encode() not in stored(again)


async def test_records_that_were_kept_apart_are_erased_too(folder: Path) -> None:
    run = told()
    path = folder / "0000000000000000.kkj"
    before = run.frames()
    path.write_bytes(before)
    voice = run.calls[0].legs[1].sound[100:400].tobytes()
    other = run.calls[1].legs[1].sound[100:400].tobytes()
    assert voice in before
    erase_apart(folder, 0)
    kept = path.read_bytes()
    assert (voice in kept, other in kept, len(kept)) == (False, True, len(before))
    erase_apart(folder / "none", 0)
