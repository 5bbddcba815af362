"""A long call holds what is its own of the received journals, and not what others said meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from tests.support.records_office import RecordsOffice, delivered
from tests.support.told_calls import ToldRun, told_call

from kikimori_records.calls.queries import newest_calls, rows_of_call
from kikimori_records.journals.incoming import RunKey
from kikimori_records.journals.windows_file import read_windows_file

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_records.journals.journal_run import JournalRun
    from kikimori_records.store import Store

KEY = RunKey("office", "run1")


def compacted(journal: JournalRun) -> int:
    """Compact all that can be, as when a segment is old enough; return the number."""
    count = 0
    while journal.compact(datetime.now(UTC) + timedelta(hours=1)):
        count += 1
    return count


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_a_long_call_holds_only_its_own(store: Store, tmp_path: Path) -> None:
    others = [told_call(key, 1.5, begins_s=0.4 * key) for key in range(1, 12)]
    told = ToldRun([told_call(0, 8.0), *others])
    middle = len(told.records) - 12
    async with RecordsOffice.opened(store, tmp_path, segment_bytes=60_000) as office:
        for begin in range(0, middle, 9):
            frames = told.frames(begin, min(begin + 9, middle))
            await office.incoming.deliver("office", "run1", begin, frames)
        await office.finishing.finish_ended()
        assert await office.incoming.within(KEY, lambda journal: journal.compact(datetime.now(UTC))) is False
        before = sum(each.stat().st_size for each in office.segments())
        assert await office.incoming.within(KEY, compacted) > 2
        after = sum(each.stat().st_size for each in office.segments())
        assert after < 0.4 * before
        secret = others[3].legs[1].sound[800:2400].tobytes()
        assert not any(secret in each.read_bytes() for each in office.segments()[:-1])
    async with RecordsOffice.opened(store, tmp_path, segment_bytes=60_000) as office:
        await delivered(office.incoming, told, first=middle)
        await office.finishing.finish_ended()
        assert office.segments() == []
        journal = office.incoming.runs()[KEY]
        assert journal.faults.take() == []
    (row,) = [each for each in await newest_calls(store, 99) if each.call_id == "call-0"]
    assert row.sound_path is not None
    folder = tmp_path / row.sound_path
    heard, _ = soundfile.read(folder / "sound.flac", dtype="int16")
    left, right = told.calls[0].legs
    assert np.array_equal(heard[:, 0], left.sound)
    assert np.array_equal(heard[4000 : 4000 + len(right.sound), 1], right.sound)
    assert len(read_windows_file((folder / "windows.bin").read_bytes())) == 40 + 38
    async with store.read() as connection:
        rows = await rows_of_call(connection, row.uid)
    assert rows is not None
    assert (len(rows.lines), len(rows.alerts), len(rows.events)) == (1, 1, 3)
