"""A call that is stopped after a restart of its agent: what the service has of it from before is erased, and audited."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select
from tests.support.records_office import RecordsOffice, delivered
from tests.support.stores import opened
from tests.support.told_calls import ToldRun, told_call

from kikimori_core.journal.events import RecordingStatus
from kikimori_records.audit.entry import ActorKind
from kikimori_records.calls.queries import newest_calls
from kikimori_records.keeping.erasing import erase_due
from kikimori_records.keeping.from_journals import ReceivedJournals
from kikimori_records.keeping.holds import hold, release
from kikimori_records.keeping.ledger import Ledger
from kikimori_records.keeping.orders import order
from kikimori_records.keeping.pseudonyms import Pseudonyms
from kikimori_records.keeping.refused import refused_erasures
from kikimori_records.keeping.subject import KeepingSubject
from kikimori_records.people.changes import Author
from kikimori_records.schema import audit
from kikimori_records.settings import StoreSettings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("at_once", [True, False], ids=["arrives with it", "in the history before"])
async def test_the_part_before_the_restart_is_erased_in_the_service(tmp_path: Path, *, at_once: bool) -> None:
    folder = tmp_path / "records"
    before = ToldRun([told_call(0, 2.0, ends=False), told_call(1, 2.0, ends=False)])
    after = ToldRun([told_call(0, 2.0, seed=5, begins_s=0.4, states=[RecordingStatus.STOPPED])], run="run2")
    voices = [each.legs[1].sound[100:400].tobytes() for each in (before.calls[0], after.calls[0])]
    async with (
        opened(StoreSettings(dir=tmp_path / "store")) as store,
        RecordsOffice.opened(store, folder) as office,
    ):
        await delivered(office.incoming, before)
        if not at_once:
            await office.incoming.position("office", "run2")
            await office.finishing.finish_ended()
            assert {each.uid for each in await newest_calls(store, 9)} == {"call-0.run1", "call-1.run1"}
        await delivered(office.incoming, after)
        await office.finishing.finish_ended()
        if at_once:
            # The wish is known by its journal alone: it stays until the part before it can be erased.
            assert {each.uid for each in await newest_calls(store, 9)} == {"call-0.run1", "call-1.run1"}
            await office.finishing.finish_ended()
        journals = ReceivedJournals(office.incoming, folder)
        assert await erase_due(store, folder, Pseudonyms.load(folder), journals) == 1
        await office.finishing.finish_ended()
        sounds = {each.uid: (each.sound, each.sound_path) for each in await newest_calls(store, 9)}
        assert sounds["call-0.run1"] == ("erased", None)
        assert sounds["call-0.run2"][0] == "stopped"
        assert sounds["call-1.run1"][0] == "kept"
        left = b"".join(each.read_bytes() for each in folder.rglob("*") if each.is_file())
        assert not any(each in left for each in voices)
        async with store.read() as connection:
            query = select(audit.c.actor_name, audit.c.object_id)
            orders = (await connection.execute(query.where(audit.c.action == "records.erase"))).all()
        assert [tuple(each) for each in orders] == [("木村", "call-0.run1")]


async def test_a_held_part_is_named_until_it_is_erased(tmp_path: Path) -> None:
    folder = tmp_path / "records"
    before = ToldRun([told_call(0, 2.0, ends=False)])
    after = ToldRun([told_call(0, 2.0, seed=5, begins_s=0.4, states=[RecordingStatus.STOPPED])], run="run2")
    by, subject = Author(ActorKind.PROGRAM, "test"), KeepingSubject(uid="call-0.run1")
    async with opened(StoreSettings(dir=tmp_path / "store")) as store:
        async with RecordsOffice.opened(store, folder) as office:
            await delivered(office.incoming, before)
            await office.incoming.position("office", "run2")
            await office.finishing.finish_ended()
            held = await hold(store, Ledger(folder), subject, "case 12", by, None)
            assert await refused_erasures(store) == []
            await office.incoming.deliver("office", "run2", 0, after.frames(0, 20))
            await office.finishing.finish_ended()
            assert [(each.uid, each.hold) for each in await refused_erasures(store)] == [
                ("call-0.run1", held.id)
            ]
        # A service that begins anew, and meets the press again, says it once.
        async with RecordsOffice.opened(store, folder) as office:
            await office.finishing.finish_ended()
            async with store.read() as connection:
                query = select(audit.c.actor_name, audit.c.details).where(audit.c.outcome == "refused")
                noted = [tuple(each) for each in await connection.execute(query)]
            assert noted == [("木村", {"hold": held.id, "why": "recording stopped during the call"})]
            await release(store, Ledger(folder), held.id, "settled", by)
            assert [each.hold for each in await refused_erasures(store)] == [None]
            await order(store, Ledger(folder), subject, "asked", by)
            assert await refused_erasures(store) == []
