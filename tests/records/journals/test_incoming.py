"""Journals taken in: each record once, after any restart; what does not fit is named and kept apart, and the rest goes on."""

from __future__ import annotations

import errno
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from sqlalchemy import select
from tests.support.records_office import RecordsOffice, delivered
from tests.support.told_calls import ToldRun, told_call

from kikimori_core.journal.events import CallBegun, LegOpened, Line, NoteGap
from kikimori_core.journal.framing import FrameReader, Kind, encode
from kikimori_core.journal.sink import RefusalCode, SinkRefusal
from kikimori_core.journal.sound import COUNT, PIECE
from kikimori_core.wire.values import Role
from kikimori_records.calls.queries import newest_calls
from kikimori_records.errors import StoreError
from kikimori_records.journals.incoming import IncomingJournals
from kikimori_records.keeping.from_journals import ReceivedJournals
from kikimori_records.schema import journal_faults, journal_positions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kikimori_records.store import Store


ONE_ENGINE = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


async def refused(
    incoming: IncomingJournals, first: int, frames: bytes, agent: str = "office"
) -> SinkRefusal:
    with pytest.raises(SinkRefusal) as raised:
        await incoming.deliver(agent, "run1", first, frames)
    return raised.value


@ONE_ENGINE
async def test_a_record_is_kept_once_and_a_gap_is_refused(store: Store, tmp_path: Path) -> None:
    told = ToldRun([told_call(0, 1.0)])
    count = len(told.records)
    async with RecordsOffice.opened(store, tmp_path) as office:
        incoming = office.incoming
        assert await incoming.position("office", "run1") == 0
        assert await incoming.deliver("office", "run1", 0, told.frames(0, 4)) == 4
        gap = await refused(incoming, 5, told.frames(5))
        assert (gap.code, gap.wanted) == (RefusalCode.GAP, 4)
        assert await incoming.deliver("office", "run1", 0, told.frames(0, 4)) == 4
        assert await incoming.deliver("office", "run1", 2, told.frames(2, 8)) == 8
        assert await incoming.deliver("office", "run1", 8, b"") == 8
    async with RecordsOffice.opened(store, tmp_path, segment_bytes=3000) as office:
        assert await office.incoming.position("office", "run1") == 8
        assert await delivered(office.incoming, told, first=6, pieces=3) == count
        assert len(office.segments()) > 2
        kept = b"".join(each.read_bytes() for each in office.segments())
        assert kept.count(b'"call_id"') == 1
    async with RecordsOffice.opened(store, tmp_path) as office:
        await office.finishing.finish_ended()
        assert office.segments() == []
        assert await office.incoming.position("office", "run1") == count
    async with RecordsOffice.opened(store, tmp_path) as office:
        assert await office.incoming.position("office", "run1") == count
        assert [each.call_id for each in await newest_calls(store, 9)] == ["call-0"]
        async with store.read() as connection:
            (row,) = (await connection.execute(select(journal_positions))).mappings()
        assert row["acknowledged"] == count


@ONE_ENGINE
async def test_what_is_no_journal_is_refused_and_nothing_of_it_kept(store: Store, tmp_path: Path) -> None:
    told = ToldRun([told_call(0, 1.0)])
    frames = told.frames()
    flipped = bytearray(frames)
    flipped[len(frames) // 2] ^= 4
    async with RecordsOffice.opened(store, tmp_path) as office:
        for bad in (frames[:-1], bytes(flipped), told.frames(1)):
            assert (await refused(office.incoming, 0, bad)).code is RefusalCode.DAMAGED
        too_long = (5 << 20).to_bytes(4, "little") + bytes(40)
        for bad in (too_long, b"GET / HTTP/1.1\r\nHost: records\r\n\r\n", bytes(9 << 20)):
            assert (await refused(office.incoming, 0, bad)).code is RefusalCode.TOO_LARGE
        for name in ("..", "a/b", "", "../../etc", "x" * 200, "a\0b"):
            assert (await refused(office.incoming, 0, frames, name)).code is RefusalCode.OTHER_RUN
        assert office.segments() == []
        with pytest.raises(StoreError, match="records"):
            await IncomingJournals(tmp_path).load()
        assert await delivered(office.incoming, told) == len(told.records)
    assert (await refused(IncomingJournals(tmp_path / "new"), 0, frames)).code is RefusalCode.NOT_READY


@ONE_ENGINE
async def test_a_disk_that_is_full_keeps_nothing_and_takes_it_later(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = ToldRun([told_call(0, 1.0)])

    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async with RecordsOffice.opened(store, tmp_path) as office:
        await office.incoming.deliver("office", "run1", 0, told.frames(0, 5))
        with monkeypatch.context() as patched:
            patched.setattr("os.fdatasync", full)
            for _ in range(2):
                assert (await refused(office.incoming, 5, told.frames(5, 9))).code is RefusalCode.DISK_FULL
            assert await office.incoming.position("office", "run1") == 5
        assert await delivered(office.incoming, told, first=5) == len(told.records)
        await office.finishing.finish_ended()
        (row,) = await newest_calls(store, 9)
        assert row.sound_path is not None
        sound, _ = soundfile.read(tmp_path / row.sound_path / "sound.flac", dtype="int16")
        assert np.array_equal(sound[:, 0], told.calls[0].legs[0].sound)


def sound(*pieces: tuple[int, int, int, int], encoding: int = 3) -> bytes:
    """Return a payload with pieces of digital silence: call, leg, position, samples."""
    rows = np.array([(call, leg, encoding, 0, at, count) for call, leg, at, count in pieces], PIECE)
    return COUNT.pack(len(rows)) + rows.tobytes()


async def faults_of(store: Store) -> dict[str, tuple[int, int, Sequence[int]]]:
    """Return the faults in the database: number, count and calls by code."""
    async with store.read() as connection:
        rows = (await connection.execute(select(journal_faults))).mappings()
        return {
            each["code"]: (each["number"], each["details"]["count"], each["details"].get("calls", []))
            for each in rows
        }


async def test_what_does_not_fit_is_named_and_kept_apart(store: Store, tmp_path: Path) -> None:
    told = ToldRun([told_call(0, 1.0), told_call(1, 3.0)])
    good = len(told.records)
    began = CallBegun.from_payload(told.records[0].payload)
    late = Line(call=0, role=Role.CUSTOMER, line_id="late", start_s=1, end_s=2, text="遅い")
    at = good
    end = told.records.pop()  # the second call goes on
    assert end.kind == Kind.CALL_ENDED
    bad: list[tuple[str, int, bytes]] = [
        ("unknown_kind", 200, b"from a later version"),
        ("unknown_kind", 200, b"the same again"),
        ("bad_payload", Kind.SOUND, b"\xff\xff sound"),
        ("bad_payload", Kind.LINE, b'{"call": 1, "text": 5}'),
        ("bad_payload", Kind.LINE, b"[" * 100_000),
        ("call_without_begin", Kind.SOUND, sound((9, 0, 0, 100), (1, 0, 24000, 160))),
        (
            "call_without_begin",
            Kind.LEG_OPENED,
            LegOpened(call=9, leg=0, role=Role.CUSTOMER, rate=8000).to_payload(),
        ),
        ("leg_not_opened", Kind.SOUND, sound((1, 5, 0, 100))),
        (
            "leg_opened_twice",
            Kind.LEG_OPENED,
            LegOpened(call=1, leg=0, role=Role.CUSTOMER, rate=8000).to_payload(),
        ),
        ("bad_rate", Kind.LEG_OPENED, LegOpened(call=1, leg=6, role=Role.CUSTOMER, rate=44100).to_payload()),
        ("position_backwards", Kind.SOUND, sound((1, 0, 24000, 320))),
        ("beyond_limit", Kind.SOUND, sound((1, 0, 10**15, 160), (1, 1, 2**63, 160))),
        ("beyond_limit", Kind.LINE, late.model_copy(update={"call": 1, "end_s": 1e12}).to_payload()),
        ("call_begun_twice", Kind.CALL_BEGUN, began.to_payload()),
        ("after_end", Kind.LINE, late.to_payload()),
        ("other_agent", Kind.CALL_BEGUN, began.model_copy(update={"call": 3, "agent_id": "x"}).to_payload()),
        (
            "bad_call_id",
            Kind.CALL_BEGUN,
            began.model_copy(update={"call": 4, "call_id": "../../x"}).to_payload(),
        ),
        ("records_lost", Kind.NOTE_GAP, NoteGap(records_lost=1, why="bad_crc").to_payload()),
    ]
    for _, kind, payload in bad:
        told.put(kind, payload)
    told.records.append(replace(end, number=len(told.records)))
    async with RecordsOffice.opened(store, tmp_path) as office:
        await delivered(office.incoming, told, pieces=1000)
        await office.finishing.finish_ended()
        assert office.segments() == []
    calls = {each.call_id: each for each in await newest_calls(store, 9)}
    assert set(calls) == {"call-0", "call-1"}
    assert all(each.sound_lost_s == 0 for each in calls.values())
    for key in range(2):
        row = calls[f"call-{key}"]
        assert row.sound_path is not None
        heard, _ = soundfile.read(tmp_path / row.sound_path / "sound.flac", dtype="int16")
        left = told.calls[key].legs[0].sound
        assert np.array_equal(heard[: len(left), 0], left)
        assert len(heard) == len(left) + 160 * key
    found = await faults_of(store)
    assert set(found) == {code for code, _, _ in bad}
    assert found["unknown_kind"] == (at - 1, 2, [])
    assert found["bad_payload"][1] == 3
    assert found["beyond_limit"][1:] == (2, [1])
    apart = b"".join(each.read_bytes() for each in sorted((tmp_path / "apart").rglob("*.kkj")))
    numbers = []
    while apart:
        length = int.from_bytes(apart[:4], "little") + 17
        numbers += [each.number for each in FrameReader().feed(apart[:length])]
        apart = apart[length:]
    assert numbers == list(range(at - 1, at - 1 + len(bad) - 1))


@ONE_ENGINE
async def test_damage_on_the_disk_costs_what_it_hit(store: Store, tmp_path: Path) -> None:
    told = ToldRun([told_call(0), told_call(1)])
    async with RecordsOffice.opened(store, tmp_path) as office:
        await delivered(office.incoming, told, pieces=10)
        path = office.segments()[0]
    content = bytearray(path.read_bytes())
    lost = next(each for each in told.records[20:] if each.kind == Kind.SOUND)
    at = content.index(encode(lost.number, lost.kind, lost.payload))
    content[at + 500] ^= 1
    path.write_bytes(content + b"half a record")
    async with RecordsOffice.opened(store, tmp_path) as office:
        assert path.stat().st_size == len(content)
        assert await office.incoming.position("office", "run1") == len(told.records)
        await office.finishing.finish_ended()
    for row in await newest_calls(store, 9):
        assert 0.2 <= row.sound_lost_s <= 0.4
    assert (await faults_of(store))["damaged"][0] == lost.number


@ONE_ENGINE
async def test_a_call_is_erased_from_what_is_here_also_while_it_runs(store: Store, tmp_path: Path) -> None:
    told = ToldRun([told_call(0, 1.0), told_call(1), told_call(2)])
    running = len(told.records) - 8
    async with RecordsOffice.opened(store, tmp_path) as office:
        await office.incoming.deliver("office", "run1", 0, told.frames(0, running))
        await office.finishing.finish_ended()
        assert [each.call_id for each in await newest_calls(store, 9)] == ["call-0"]
        secrets = [told.calls[key].legs[1].sound[800:2400].tobytes() for key in range(3)]
        assert all(each in office.segments()[0].read_bytes() for each in secrets)
        for key in (0, 1):
            await ReceivedJournals(office.incoming, office.folder).erase("office", "run1", key)
        kept = office.segments()[0].read_bytes()
        assert [each in kept for each in secrets] == [False, False, True]
    # As a kill leaves it in the middle of an erasure.
    left_over = office.segments()[0].with_suffix(".kkj.new")
    left_over.write_bytes(kept)
    async with RecordsOffice.opened(store, tmp_path) as office:
        assert not left_over.exists()
        assert await delivered(office.incoming, told, first=running) == len(told.records)
        await office.finishing.finish_ended()
    calls = {each.call_id: each for each in await newest_calls(store, 9)}
    assert calls["call-2"].sound_path is not None
    heard, _ = soundfile.read(tmp_path / calls["call-2"].sound_path / "sound.flac", dtype="int16")
    assert np.array_equal(heard[:, 0], told.calls[2].legs[0].sound)
    assert calls["call-1"].caller_number is None
    assert calls["call-1"].sound_path is not None
    heard, _ = soundfile.read(tmp_path / calls["call-1"].sound_path / "sound.flac", dtype="int16")
    assert not heard[:16000].any()
