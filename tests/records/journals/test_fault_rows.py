"""Faults of received journals: what, when, whose, how much, and until when somebody has seen to them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.support.kept_calls import add_recorded
from tests.support.program import kikimori

from kikimori_core.messages import both, remedy
from kikimori_records.audit.entry import ActorKind
from kikimori_records.audit.queries import AuditFilter, newest
from kikimori_records.checkup import examine_store
from kikimori_records.journals.book_keeping import write_faults
from kikimori_records.journals.fault_list import FaultList
from kikimori_records.journals.fault_rows import acknowledge, found_faults, open_faults
from kikimori_records.journals.faults import FaultCode, JournalFault
from kikimori_records.journals.incoming import RunKey
from kikimori_records.people.changes import Author
from kikimori_records.settings import StoreSettings
from kikimori_records.store import Store

if TYPE_CHECKING:
    from pathlib import Path

KEY = RunKey("agent1", "r1")
BY = Author(ActorKind.PROGRAM, "test")


async def write(store: Store, faults: FaultList, at: datetime) -> None:
    async with store.begin() as connection:
        await write_faults(connection, KEY, faults.take(), at)


def shed(number: int) -> JournalFault:
    return JournalFault(number, FaultCode.SOUND_LOST, details={"sound_lost": 12_000, "legs": 2})


async def test_faults_are_told_until_somebody_has_seen_to_them(store: Store, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    uid = await add_recorded(store, tmp_path, "c1", key=7)
    faults = FaultList()
    faults.add(
        [shed(5), shed(6), JournalFault(9, FaultCode.AFTER_END, 7), JournalFault(9, FaultCode.AFTER_END, 8)]
    )
    await write(store, faults, now - timedelta(hours=1))
    late, lost = sorted(await found_faults(store), key=lambda each: each.code)
    assert (lost.agent_id, lost.run, lost.number, lost.records, lost.lost_sound_s) == (
        "agent1",
        "r1",
        5,
        2,
        3.0,
    )
    assert (late.code, late.records, late.calls, late.acknowledged) == ("after_end", 2, (uid,), False)
    assert await found_faults(store, since=now) == []
    assert (await open_faults(store, 1)).count == 2
    assert len((await open_faults(store, 1)).newest) == 1
    assert await acknowledge(store, "disk replaced", BY) == 2
    assert (await open_faults(store, 9)).count == 0
    assert all(each.acknowledged for each in await found_faults(store))
    (entry,) = [
        row.entry for row in await newest(store, AuditFilter()) if row.entry.action == "records.acknowledge"
    ]
    assert (entry.actor_name, entry.details) == ("test", {"count": 2, "why": "disk replaced"})
    faults.add([shed(20)])
    await write(store, faults, datetime.now(UTC))
    (again,) = (await open_faults(store, 9)).newest
    assert (again.code, again.lost_sound_s) == ("sound_lost", 4.5)


async def test_the_command_and_doctor_tell_them(tmp_path: Path) -> None:
    settings = StoreSettings(dir=tmp_path / "state")
    store = await Store.open(settings)
    faults = FaultList()
    faults.add([JournalFault(3, FaultCode.OTHER_AGENT, 1)])
    await write(store, faults, datetime.now(UTC))
    await store.close()
    config = tmp_path / "kikimori.toml"
    config.write_text(
        f'site = "s"\nlanguage = "ja"\n[dashboard]\nstate_dir = "{tmp_path / "state"}"\n', encoding="utf-8"
    )
    told = {each.check: each for each in examine_store(settings)}
    assert "1 fault" in str(told["received journals"].detail)
    shown = await kikimori("records", "faults", "--config", config)
    assert (shown.code, "agent_id" in shown.out) == (1, True), shown.err
    listed = await kikimori("records", "faults", "--json", "--config", config)
    assert json.loads(listed.out)["code"] == "other_agent"
    seen = await kikimori("records", "faults", "--acknowledge", "two keys", "--json", "--config", config)
    assert json.loads(seen.out) == {"acknowledged": 1}
    nothing = await kikimori("records", "faults", "--config", config)
    assert (nothing.code, nothing.out) == (0, "")
    assert "received journals" in {each.check for each in examine_store(settings)}


def test_a_fault_that_is_found_again_when_a_journal_is_read_anew_counts_once() -> None:
    faults = FaultList()
    for _ in range(2):
        faults.add([shed(5), shed(6), JournalFault(5, FaultCode.AFTER_END, 7)])
    late, lost = sorted(faults.take(), key=lambda each: each.code)
    assert (late.count, lost.count, lost.details["sound_lost"]) == (1, 2, 24_000)


@pytest.mark.parametrize("code", FaultCode)
def test_every_fault_has_its_words_and_a_next_step(code: FaultCode) -> None:
    assert all(str(each) for each in both(f"journal_fault.{code}"))
    assert str(remedy(f"journal_fault.{code}"))
