"""Calls of an agent that never runs again: in the history after a time, and nothing is lost or doubled if it does."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import soundfile
from sqlalchemy import select
from tests.support.records_office import RecordsOffice, delivered
from tests.support.stores import opened
from tests.support.told_calls import ToldRun, told_call

from kikimori_core.journal.framing import FrameReader, Kind
from kikimori_core.journal.sound import SoundEncoding, decode_batch
from kikimori_records.audit.entry import ActorKind
from kikimori_records.calls.queries import newest_calls
from kikimori_records.keeping.erasing import erase_due
from kikimori_records.keeping.for_agents import erased_calls
from kikimori_records.keeping.from_journals import ReceivedJournals
from kikimori_records.keeping.ledger import Ledger
from kikimori_records.keeping.orders import order
from kikimori_records.keeping.pseudonyms import Pseudonyms
from kikimori_records.keeping.subject import KeepingSubject
from kikimori_records.people.changes import Author
from kikimori_records.schema import journal_faults
from kikimori_records.settings import StoreSettings

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_core.journal.sound import SoundBatch
    from kikimori_records.store import Store

BY = Author(ActorKind.PERSON, "森")


def apart(folder: Path) -> list[SoundBatch]:
    """Sound that was kept apart."""
    frames = b"".join(each.read_bytes() for each in sorted((folder / "apart").rglob("*.kkj")))
    return [decode_batch(each.payload) for each in FrameReader().feed(frames) if each.kind == Kind.SOUND]


async def ends(store: Store) -> dict[str, str]:
    return {each.call_id: each.end_reason for each in await newest_calls(store, 10)}


async def test_a_call_of_a_lost_agent_is_in_the_history_and_its_rest_is_kept_apart(tmp_path: Path) -> None:
    told, folder = ToldRun([told_call(0, 1.0), told_call(1, 4.0)]), tmp_path / "records"
    half = len(told.records) * 6 // 10
    async with opened(StoreSettings(dir=tmp_path / "store")) as store:
        async with RecordsOffice.opened(store, folder) as office:
            for begin in range(0, half, 7):
                await office.incoming.deliver(
                    "office", "run1", begin, told.frames(begin, min(begin + 7, half))
                )
            await office.finishing.finish_ended()
            assert await ends(store) == {"call-0": "hung_up"}
        for path in office.segments():
            os.utime(path, (0, 0))
        async with RecordsOffice.opened(store, folder) as office:
            # Silent for years, but a service that has just started gives it time to ask.
            await office.finishing.finish_ended()
            assert await ends(store) == {"call-0": "hung_up"}
        async with RecordsOffice.opened(store, folder, lost_after_s=0) as office:
            await office.finishing.finish_ended()
            assert await ends(store) == {"call-0": "hung_up", "call-1": "agent_lost"}
            assert office.segments() == []
            (row,) = [each for each in await newest_calls(store, 10) if each.call_id == "call-1"]
        assert row.sound_path is not None
        first, _ = soundfile.read(folder / row.sound_path / "sound.flac", dtype="int16", always_2d=True)
        # The agent is back, and the service was started anew meanwhile.
        async with RecordsOffice.opened(store, folder) as office:
            await delivered(office.incoming, told, first=half)
            await office.finishing.finish_ended()
            assert office.segments() == []
            (problem,) = office.finishing.faults.problems()
            assert (problem.code, problem.parameters["codes"]) == ("records_faults", "after_end")
        assert [each.manifest_hash for each in await newest_calls(store, 10) if each.call_id == "call-1"] == [
            row.manifest_hash
        ]
        left = [
            each.pcm(at) for each in apart(folder) for at, piece in enumerate(each.pieces) if not piece["leg"]
        ]
        rest = np.frombuffer(b"".join(left), np.int16)
        assert len(rest) > 8000
        assert np.array_equal(np.concatenate([first[:, 0], rest]), told.calls[1].legs[0].sound)
        async with store.read() as connection:
            codes = set((await connection.execute(select(journal_faults.c.code))).scalars())
        assert codes == {"after_end"}


async def test_the_rest_of_a_lost_call_that_was_erased_is_erased_as_it_comes(tmp_path: Path) -> None:
    told, folder = ToldRun([told_call(0, 4.0)]), tmp_path / "records"
    half = len(told.records) // 2
    async with opened(StoreSettings(dir=tmp_path / "store")) as store:
        async with RecordsOffice.opened(store, folder, lost_after_s=0) as office:
            await office.incoming.deliver("office", "run1", 0, told.frames(0, half))
            await office.finishing.finish_ended()
        pseudonyms = Pseudonyms.load(folder)
        await order(store, Ledger(folder), KeepingSubject(uid="call-0.run1"), "x", BY)
        async with RecordsOffice.opened(store, folder) as office:
            await erase_due(store, folder, pseudonyms, ReceivedJournals(office.incoming, folder))
        assert await erased_calls(store, "office", "run1") == (0,)
        assert await erased_calls(store, "office", "run2") == ()
        async with RecordsOffice.opened(store, folder) as office:
            await delivered(office.incoming, told, first=half)
            await office.finishing.finish_ended()
            assert office.segments() == []
        pieces = np.concatenate([each.pieces for each in apart(folder)])
        assert set(pieces["encoding"].tolist()) == {SoundEncoding.ERASED}
        assert not any(any(each.raw(at)) for each in apart(folder) for at in range(len(each.pieces)))


async def test_an_agent_that_asks_is_not_lost(tmp_path: Path) -> None:
    """Its only call is not recorded, so that it has nothing to deliver."""
    told = ToldRun([told_call(0, 4.0)])
    async with (
        opened(StoreSettings(dir=tmp_path / "store")) as store,
        RecordsOffice.opened(store, tmp_path / "records", lost_after_s=3600) as office,
    ):
        await office.incoming.deliver("office", "run1", 0, told.frames(0, 5))
        office.incoming._heard["office"] -= 7200
        assert await office.incoming.erased("office", "run1") == ()
        await office.finishing.finish_ended()
        assert await ends(store) == {}
        office.incoming._heard["office"] -= 7200
        await office.finishing.finish_ended()
        assert await ends(store) == {"call-0": "agent_lost"}
