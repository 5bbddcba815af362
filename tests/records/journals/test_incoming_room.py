"""Room for received journals: one agent's is limited, others go on, and nothing is lost by a refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.records_office import delivered
from tests.support.stores import opened
from tests.support.told_calls import ToldRun, told_call

from kikimori_core.journal.sink import RefusalCode, SinkRefusal
from kikimori_records.calls.queries import newest_calls
from kikimori_records.journals.finishing import Finishing
from kikimori_records.journals.incoming import IncomingJournals
from kikimori_records.journals.incoming_room import IncomingRoom
from kikimori_records.settings import StoreSettings

if TYPE_CHECKING:
    from pathlib import Path

PIECE = 5


async def test_an_agent_that_has_too_much_waiting_is_refused_and_goes_on_later(tmp_path: Path) -> None:
    folder = tmp_path / "records"
    folder.mkdir()
    told, other = ToldRun([told_call(0, 8.0)]), ToldRun([told_call(1, 1.0)], agent_id="branch")
    room = IncomingRoom(folder, 100_000)
    incoming = IncomingJournals(folder, room=room)
    async with opened(StoreSettings(dir=tmp_path / "store")) as store:
        await incoming.load()
        finishing = Finishing(incoming, store, folder)
        with pytest.raises(SinkRefusal) as refused:
            await delivered(incoming, told, pieces=PIECE)
        assert refused.value.code is RefusalCode.DISK_FULL
        assert [each.code for each in room.problems()] == ["records_agent_full"]
        taken = await incoming.position("office", "run1")
        assert 0 < taken < len(told.records)
        await incoming.deliver("branch", "run1", 0, other.frames())
        await finishing.finish_ended()
        assert [each.call_id for each in await newest_calls(store, 9)] == ["call-1"]
        # The office gives more, and the agent sends the rest.
        room._most_bytes = 10_000_000
        await incoming.deliver("office", "run1", taken, told.frames(taken))
        assert room.problems() == ()
        await finishing.finish_ended()
        (row,) = [each for each in await newest_calls(store, 9) if each.call_id == "call-0"]
        assert (row.end_reason, row.sound_lost_s, row.sound_seconds) == ("hung_up", 0, 8.0)
        await incoming.close()


async def test_what_was_kept_apart_counts_too(tmp_path: Path) -> None:
    """An agent of which nothing fits cannot fill the disk either."""
    (tmp_path / "apart" / "office" / "run1").mkdir(parents=True)
    (tmp_path / "apart" / "office" / "run1" / "0.kkj").write_bytes(bytes(1000))
    assert await IncomingRoom(tmp_path, 1500).refusal("office", 600) is not None
    assert await IncomingRoom(tmp_path, 1500).refusal("office", 400) is None
    assert await IncomingRoom(tmp_path, 0).refusal("office", 10**6) is None
    short = IncomingRoom(tmp_path, 0)
    assert await short.refusal("office", 10**15) is not None
    assert [each.code for each in short.problems()] == ["records_disk_short"]
