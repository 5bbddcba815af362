"""A call that is known as excluded only after its first seconds have arrived: they are erased in the service too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import soundfile
from sqlalchemy import select
from tests.support.records_office import RecordsOffice, delivered
from tests.support.told_calls import NOON, ToldRun, told_call

from kikimori_core.journal.events import RecordingState, RecordingStatus
from kikimori_core.wire.messages import Party
from kikimori_records.calls.queries import newest_calls, rows_of_call
from kikimori_records.journals.windows_file import read_windows_file
from kikimori_records.keeping.erasing import erase_due
from kikimori_records.keeping.from_journals import ReceivedJournals
from kikimori_records.keeping.pseudonyms import Pseudonyms
from kikimori_records.schema import audit

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_records.store import Store

BEFORE = 30
"""Records before the exclusion is known."""


def late(run: ToldRun, at: int, *states: tuple[int, RecordingStatus]) -> ToldRun:
    """Return the run with states of its first call at some numbers; the first of them erases what was before."""
    told = run.records
    run.records = []
    for number, record in enumerate(told):
        for place, state in ((at, RecordingStatus.EXCLUDED), *states):
            if number == place:
                run.say(RecordingState(call=0, media_s=1, at=NOON, state=state, since_begin=place == at))
        run.put(record.kind, record.payload)
    return run


def left(folder: Path) -> bytes:
    return b"".join(each.read_bytes() for each in sorted(folder.rglob("*")) if each.is_file())


@pytest.mark.parametrize("segment_bytes", [64 << 20, 30_000])
async def test_the_first_seconds_are_erased_and_the_rest_is_kept(
    store: Store, tmp_path: Path, segment_bytes: int
) -> None:
    folder = tmp_path / "records"
    calls = [told_call(0, 6.0), told_call(1, 6.0)]
    run = late(ToldRun(calls), BEFORE, (45, RecordingStatus.RECORDED))
    voice, other = (each.legs[1].sound[400:800].tobytes() for each in calls)
    number = calls[0].caller.number
    assert number is not None
    async with RecordsOffice.opened(store, folder, segment_bytes=segment_bytes) as office:
        # The first seconds are here, and the service is killed before it has erased anything.
        for begin in range(0, BEFORE + 6, 4):
            await office.incoming.deliver(
                "office", "run1", begin, run.frames(begin, min(begin + 4, BEFORE + 6))
            )
        assert office.incoming.runs()  # the exclusion is on this disk
    async with RecordsOffice.opened(store, folder, segment_bytes=segment_bytes) as office:
        await office.finishing.finish_ended()
        generation = left(folder)
        await office.finishing.finish_ended()
        assert left(folder) == generation
        await delivered(office.incoming, run, first=BEFORE + 6)
        await office.finishing.finish_ended()
        rows = {each.call_id: each for each in await newest_calls(store, 9)}
        first, second = rows["call-0"], rows["call-1"]
        assert (first.sound, second.sound) == ("kept", "kept")
        assert (first.caller_number, second.caller_number) == (None, number)
        assert first.sound_path is not None
        assert second.sound_path is not None
        heard, rate = soundfile.read(folder / first.sound_path / "sound.flac", dtype="int16")
        whole, _ = soundfile.read(folder / second.sound_path / "sound.flac", dtype="int16")
        assert not heard[:rate].any()
        assert (
            heard[5 * rate : 5 * rate + 800, 0] == calls[0].legs[0].sound[5 * rate : 5 * rate + 800]
        ).all()
        assert (whole[:, 0] == calls[1].legs[0].sound).all()
        windows = [
            read_windows_file((folder / each / "windows.bin").read_bytes())
            for each in (first.sound_path, second.sound_path)
        ]
        assert windows[0]["start_s"].min() > 1.0
        assert windows[1]["start_s"].min() == 0.0
        async with store.read() as connection:
            parts = [await rows_of_call(connection, each.uid) for each in (first, second)]
        assert [len(each.lines) for each in parts if each is not None] == [0, 1]
        assert voice not in generation
        assert other in generation


async def test_the_part_of_an_earlier_run_goes_where_nobody_was_known_to_have_it(
    store: Store, tmp_path: Path
) -> None:
    folder = tmp_path / "records"
    unknown = told_call(0, 2.0, ends=False, operator=Party())
    before = ToldRun([unknown, told_call(1, 2.0, ends=False)])
    after = [
        late(ToldRun([told_call(number, 3.0, seed=5, begins_s=0.4)], run=run), 12)
        for number, run in ((0, "run2"), (1, "run3"))
    ]
    async with RecordsOffice.opened(store, folder) as office:
        await delivered(office.incoming, before)
        for each in after:
            await delivered(office.incoming, each)
        for _ in range(3):
            await office.finishing.finish_ended()
        journals = ReceivedJournals(office.incoming, folder)
        assert await erase_due(store, folder, Pseudonyms.load(folder), journals) == 1
        sounds = {each.uid: each.sound for each in await newest_calls(store, 9)}
        assert sounds["call-0.run1"] == "erased"
        assert sounds["call-1.run1"] == "kept"
        assert unknown.legs[1].sound[100:400].tobytes() not in left(folder)
        async with store.read() as connection:
            orders = select(audit.c.actor_name, audit.c.object_id).where(audit.c.action == "records.erase")
            assert [tuple(each) for each in await connection.execute(orders)] == [("kikimori", "call-0.run1")]
