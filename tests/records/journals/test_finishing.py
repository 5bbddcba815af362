"""Calls in the history after their end, on both engines: their sound bit for bit, and everything that was known."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from sqlalchemy import delete
from tests.support.records_office import RecordsOffice, delivered
from tests.support.told_calls import NOON, ToldCall, ToldLeg, ToldRun, speech_like, told_call

from kikimori_core.journal.events import RecordingStatus
from kikimori_core.wire.values import CallStatus, Role
from kikimori_records.audit.entry import ActorKind
from kikimori_records.calls.queries import RecordedCall, call_of, newest_calls, rows_of_call
from kikimori_records.calls.rows import PARTS
from kikimori_records.journals.peaks import read_peaks
from kikimori_records.journals.windows_file import read_windows_file
from kikimori_records.people import NewPerson, add
from kikimori_records.people.changes import Author
from kikimori_records.people.seatings import SeatingSource, sit_down
from kikimori_records.schema import recorded_calls, search_calls
from kikimori_records.search.choices import choices_of

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

    from kikimori_records.store import Store

SYSTEM = Author(ActorKind.SYSTEM, "test")


async def recorded(store: Store, folder: Path, told: ToldRun, *, pieces: int = 7) -> dict[str, RecordedCall]:
    """Deliver a run, finish its calls, and return the history by call id."""
    async with RecordsOffice.opened(store, folder) as office:
        await delivered(office.incoming, told, pieces=pieces)
        await office.finishing.finish_ended()
        assert office.finishing.waiting == 0
    return {each.call_id: each for each in await newest_calls(store, 100)}


def sound_of(folder: Path, row: RecordedCall) -> tuple[NDArray[np.int16], int]:
    assert row.sound_path is not None
    sound, rate = soundfile.read(folder / row.sound_path / "sound.flac", dtype="int16", always_2d=True)
    return sound, rate


def manifest_of(folder: Path, row: RecordedCall) -> dict[str, Any]:
    """Return a call's manifest after a check of every hash that it and its row hold."""
    assert row.sound_path is not None
    call = folder / row.sound_path
    data = (call / "manifest.json").read_bytes()
    assert hashlib.sha256(data).hexdigest() == row.manifest_hash
    said: dict[str, Any] = json.loads(data)
    assert {each.name for each in call.iterdir()} == {*said["files"], "manifest.json"}
    for name, expected in said["files"].items():
        content = (call / name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (expected["bytes"], expected["sha256"])
        assert (call / name).stat().st_mode & 0o077 == 0
    return said


async def test_a_call_is_in_the_history_with_its_sound_and_all_that_was_known(
    store: Store, tmp_path: Path
) -> None:
    told = ToldRun([told_call(0), told_call(1, 2.0, begins_s=0.6)])
    person = await add(store, NewPerson("鈴木", team="窓口"))
    await sit_down(store, "204", person.id, SeatingSource.KIOSK, SYSTEM, NOON)
    calls = await recorded(store, tmp_path, told)
    assert [each.call_id for each in await newest_calls(store, 1)] == ["call-1"]
    for key, call_id in enumerate(("call-0", "call-1")):
        row = calls[call_id]
        left, right = told.calls[key].legs
        sound, rate = sound_of(tmp_path, row)
        assert (rate, len(sound)) == (8000, len(left.sound))
        assert np.array_equal(sound[:, 0], left.sound)
        assert np.array_equal(sound[4000 : 4000 + len(right.sound), 1], right.sound)
        assert not sound[:4000, 1].any()
        assert (row.uid, row.sound, row.sound_lost_s) == (told.uid(key), "kept", 0)
        assert (row.alerts, row.worst, row.caller_number, row.end_reason) == (
            1,
            "critical",
            "0312345678",
            "hung_up",
        )
        assert (row.person_name, row.team, row.queue) == ("鈴木", "窓口", "claims")

        said = manifest_of(tmp_path, row)
        assert row.sound_path is not None
        async with store.read() as connection:
            rows = await rows_of_call(connection, row.uid)
        assert rows is not None
        assert rows.digests() == said["rows"]
        ms, peaks = read_peaks((tmp_path / row.sound_path / "peaks.bin").read_bytes())
        assert (ms, len(peaks)) == (50, len(sound) // 400)
        assert (peaks[:, 0] == np.abs(sound[:, 0].astype(int)).reshape(-1, 400).max(axis=1) >> 7).all()
        windows = read_windows_file((tmp_path / row.sound_path / "windows.bin").read_bytes())
        assert set(windows["call"].tolist()) == {key}
        assert (windows["leg"] == 0).sum() == round(len(left.sound) / 1600)

        found = await call_of(store, row.uid)
        assert found is not None
        assert [each["severity"] for each in found.alerts] == ["critical"]
        assert [each["alert"]["revision"] for each in found.alerts[0]["revisions"]] == [1, 2, 3]
        assert found.alerts[0]["revisions"][0]["alert"]["later"] == {"field": [1.5, None]}
        assert (found.alerts[0]["opened_s"], found.alerts[0]["closed_s"]) == (1.25, 1.625)
        assert found.lines[0]["text"] == "責任者を\N{REPLACEMENT CHARACTER}出せ 🙇"
        superior = {"number": "200", "name": "木村"}
        assert found.lines[0]["spoken_by"] == {"superior": superior, "certain": False}
        assert found.lines[0]["words"] == [["責任者", 0.25, 0.875, 0.9], ["出せ", 1.0, 1.5, 0.1]]
        assert [each["kind"] for each in found.events] == ["status", "command", "ended"]
        assert found.events[1]["body"]["issued_by"] == "木村"
        assert [each["close_reason"] for each in found.legs] == ["hung_up", "hung_up"]
    assert list((tmp_path / "incoming").rglob("*.kkj")) == []


async def test_how_a_call_ended_is_told_where_its_reason_does_not(store: Store, tmp_path: Path) -> None:
    """Of an end that the agent did not see nothing is said."""
    told = ToldRun(
        [
            told_call(0, statuses=[CallStatus.TALKING]),
            told_call(1),
            told_call(2, statuses=[CallStatus.TRANSFERRED, CallStatus.ENDED]),
            told_call(3, statuses=[CallStatus.TALKING], presses=[("hang_up", "failed")]),
            told_call(4, statuses=[CallStatus.TRANSFERRED], presses=[("hang_up", "done")]),
        ]
    )
    calls = await recorded(store, tmp_path, told)
    ends = [calls[f"call-{number}"].outcome for number in range(5)]
    assert ends == [None, "on_hold", "transferred", None, "hang_up"]
    assert (await choices_of(store, None)).outcomes == ["hang_up", "on_hold", "transferred"]
    cut = ToldRun([told_call(5, ends=False)], agent_id="other")
    async with RecordsOffice.opened(store, tmp_path) as office:
        await delivered(office.incoming, cut)
        later = ToldRun([told_call(6)], agent_id="other", run="run2")
        await delivered(office.incoming, later)
        await office.finishing.finish_ended()
    assert {each.call_id: each.outcome for each in await newest_calls(store, 9)}["call-5"] is None


async def test_states_of_sound_and_an_agent_that_stopped(store: Store, tmp_path: Path) -> None:
    none = ToldCall("none", [ToldLeg(Role.CUSTOMER, 8000, speech_like(0, 8000, 1))])
    excluded = ToldCall("excluded", none.legs, states=[RecordingStatus.EXCLUDED])
    no_disk = told_call(2, states=[RecordingStatus.NO_DISK])
    stopped = told_call(3, states=[RecordingStatus.STOPPED])
    cut = told_call(4, ends=False)
    told = ToldRun([none, excluded, no_disk, stopped, cut])
    async with RecordsOffice.opened(store, tmp_path) as office:
        await delivered(office.incoming, told)
        await office.finishing.finish_ended()
        secret = stopped.legs[1].sound[800:2400].tobytes()  # the call that is cut holds its segment
        assert len(office.segments()) == 1
        assert secret not in office.segments()[0].read_bytes()
        assert cut.legs[1].sound[800:2400].tobytes() in office.segments()[0].read_bytes()
        assert "call-4" not in {each.call_id for each in await newest_calls(store, 9)}
        # The agent's next run asks where to begin, before any call of it.
        later = ToldRun([told_call(5)], run="run2")
        assert await office.incoming.position(later.agent_id, later.run) == 0
        await office.finishing.finish_ended()
        assert "call-4" in {each.call_id for each in await newest_calls(store, 9)}
        await delivered(office.incoming, later)
        await office.finishing.finish_ended()
        assert office.segments() == []
    calls = {each.call_id: each for each in await newest_calls(store, 9)}
    assert {name: each.sound for name, each in calls.items()} == {
        "none": "none",
        "excluded": "excluded",
        "call-2": "kept",
        "call-3": "stopped",
        "call-4": "kept",
        "call-5": "kept",
    }
    assert (calls["call-4"].end_reason, calls["call-4"].heard_s) == ("agent_ended", 3.0)
    assert np.array_equal(sound_of(tmp_path, calls["call-4"])[0][:, 0], cut.legs[0].sound)
    for name in ("none", "excluded", "call-3"):
        assert "sound.flac" not in manifest_of(tmp_path, calls[name])["files"]
    found = await call_of(store, calls["call-3"].uid)
    assert found is not None
    assert found.lines == []
    assert "責任者" not in json.dumps(found.fields(), ensure_ascii=False, default=str)


async def test_wideband_and_mixed_legs_and_transfers_are_placed_by_their_time(
    store: Store, tmp_path: Path
) -> None:
    narrow, wide = speech_like(1.0, 8000, 1), speech_like(1.2, 16000, 2, of_law=False)
    superior = speech_like(0.6, 8000, 3)
    call = ToldCall(
        "wide",
        [
            ToldLeg(Role.CUSTOMER, 16000, wide),
            ToldLeg(Role.OPERATOR, 8000, narrow),
            ToldLeg(Role.OPERATOR, 8000, superior, 1.5),
        ],
    )
    mixed = ToldCall("mixed", [ToldLeg(Role.MIXED, 8000, narrow, 0.25)])
    both = ToldCall("both", [ToldLeg(Role.MIXED, 8000, narrow), ToldLeg(Role.OPERATOR, 8000, narrow)])
    calls = await recorded(store, tmp_path, ToldRun([call, mixed, both]))
    sound, rate = sound_of(tmp_path, calls["wide"])
    assert rate == 16000
    assert len(sound) == 33600
    assert np.array_equal(sound[: len(wide), 0], wide)
    assert np.array_equal(sound[:16000:2, 1], narrow)
    assert np.array_equal(sound[24000:33600:2, 1], superior)
    assert not sound[16000:24000, 1].any()
    between = (narrow[:-1].astype(int) + narrow[1:]) >> 1
    assert np.array_equal(sound[1:15999:2, 1], between)
    sound, rate = sound_of(tmp_path, calls["mixed"])
    assert sound.shape == (10000, 1)
    assert np.array_equal(sound[2000:, 0], narrow)
    sound, _ = sound_of(tmp_path, calls["both"])
    assert np.array_equal(sound[:, 0], narrow)
    assert np.array_equal(sound[:, 1], np.clip(narrow.astype(int) * 2, -32768, 32767))


async def test_calls_of_one_name_are_kept_apart(store: Store, tmp_path: Path) -> None:
    """A PBX may use a channel's name again."""
    again = told_call(7, begins_s=4.0)
    again.call_id = "call-0"
    told = ToldRun([told_call(0), again])
    async with RecordsOffice.opened(store, tmp_path) as office:
        await delivered(office.incoming, told)
        await office.finishing.finish_ended()
    uids = {each.uid: each for each in await newest_calls(store, 9)}
    assert set(uids) == {"call-0.run1", "call-0.run1.1"}
    assert np.array_equal(sound_of(tmp_path, uids["call-0.run1.1"])[0][:, 0], again.legs[0].sound)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_a_call_that_was_erased_does_not_come_back_over_restarts_while_another_runs(
    store: Store, tmp_path: Path
) -> None:
    told = ToldRun([told_call(0, 6.0), told_call(1, 1.0)])
    middle = len(told.records) - 12
    for first, end in ((0, middle), (middle, middle), (middle, middle), (middle, None)):
        async with RecordsOffice.opened(store, tmp_path) as office:
            if first != end:
                await office.incoming.deliver("office", "run1", first, told.frames(first, end))
            await office.finishing.finish_ended()
        if first == 0:
            async with store.begin() as connection:
                for table in (*PARTS.values(), search_calls, recorded_calls):
                    await connection.execute(delete(table))
    assert [each.call_id for each in await newest_calls(store, 9)] == ["call-0"]
    assert office.segments() == []
