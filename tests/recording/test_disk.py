"""Disks that are full, fail or are slow: events are written, sound is not, detection goes on, and it comes back by itself."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import pytest
from structlog.testing import capture_logs
from tests.recording.conftest import RATE, RecordedOffice, recorded_office, settings
from tests.recording.test_recording import SHOUT, noise
from tests.support.read_journal import read_journal
from tests.support.small_disk import needs_root, small_disk

from kikimori.recording.entries import EventEntry, SoundRound
from kikimori.recording.record_queue import RecordQueue
from kikimori_core.journal.events import AlertRevision, CallEnded, Line, NoteGap, RecordingState
from kikimori_core.model.call import Role
from kikimori_core.model.evidence import Utterance
from kikimori_core.wire.values import CallRecording

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


def fill(path: Path) -> None:
    """Take the last byte of a disk."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue


def codes(office: RecordedOffice) -> list[str]:
    return [each.code for each in office.recording.problems()]


def says(office: RecordedOffice, number: int) -> None:
    words = Utterance(Role.OPERATOR, str(number), 0.0, 1.0, f"{number} 番目の発言", final=True)
    office.desk.calls["c1"].observe(words)


@needs_root
async def test_a_full_disk_takes_events_and_no_sound_until_there_is_room(tmp_path: Path) -> None:
    """First our own journal fills it, then others take the last byte of it."""
    with small_disk(tmp_path / "disk", "600k") as disk:
        async with recorded_office(disk) as office:
            journal = office.recording.journal
            leg = office.open("c1")
            loud = noise(2, 1)
            while journal.sound_off is None:
                await office.say(leg, loud, piece=4000)
                await office.until(lambda: office.recording._queue.empty)
            assert codes(office) == ["journal_no_sound"]
            assert os.statvfs(disk).f_bavail > 0
            fill(disk / "others")
            await office.say(leg, SHOUT[: 16 * RATE], piece=4000)
            says(office, 1)
            assert office.desk.calls["c1"].state().recording is CallRecording.NO_DISK
            assert "shouting" in [each.rule for each in office.news.alerts]
            # The reserve takes them.
            written = office.desk.counters()["frames_heard"]
            await office.until(lambda: office.recording._queue.empty)
            assert codes(office) == ["journal_no_sound"]
            events = read_journal(journal.folder).call("c1")
            assert [each.text for each in events.of(Line)] == ["1 番目の発言"]
            assert "shouting" in [each.alert["rule"] for each in events.of(AlertRevision)]
            # Then it is used up: they wait in memory.
            fill(disk / "others more")
            number = 1
            while not journal.fault:
                number += 1
                says(office, number)
                await office.until(lambda: office.recording._queue.empty)
            assert codes(office) == ["journal_not_written"]
            await office.say(leg, loud, piece=4000)
            assert office.desk.counters()["frames_heard"] > written
            for name in ("others", "others more"):
                (disk / name).unlink()
            office.desk.calls["c1"].publish()
            await office.until(lambda: not journal.fault)
            with small_disk_grown(disk):
                await office.until(lambda: journal.sound_off is None)
                at = round(leg.heard_s * RATE)
                await office.say(leg, loud)
                await office.end(leg)
                await office.until(lambda: office.recording._queue.empty)
                assert codes(office) == []
        read = read_journal(journal.folder)
        call = read.call("c1")
        assert [each.text for each in call.of(Line)] == [f"{n} 番目の発言" for n in range(1, number + 1)]
        assert [str(each.state) for each in call.of(RecordingState)] == ["recorded", "no_disk", "recorded"]
        written_alerts = [each.alert for each in call.of(AlertRevision)]
        assert written_alerts == [
            each.model_dump(mode="json", exclude_none=True) for each in office.news.alerts
        ]
        sound = call.sound(0, at + len(loud))
        assert np.array_equal(sound[: len(loud)], loud)
        assert np.array_equal(sound[at:], loud)
        (ended,) = call.of(CallEnded)
        assert (ended.outcome, ended.samples_written) == ("recorded", call.samples)
        assert ended.samples_written + ended.samples_lost == at + len(loud)
        assert sum(each.sound_lost for each in read.gaps) == ended.samples_lost
        assert {each.why for each in read.gaps} == {"disk_full"}
        assert office.recording.counters()["record_calls_incomplete"] == 1
        assert office.recording.counters()["record_events_lost"] == 0


@contextmanager
def small_disk_grown(disk: Path) -> Iterator[None]:
    """Give a disk more room, as somebody who deletes files does."""
    subprocess.run(["mount", "-o", "remount,size=2m", str(disk)], check=True)
    yield


@needs_root
async def test_a_call_on_a_disk_without_room_is_counted_as_not_written(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "600k") as disk:
        fill(disk / "others")
        async with recorded_office(disk) as office:
            leg = office.open("c1")
            await office.say(leg, noise(2, 1))
            await office.until(lambda: office.recording.journal.sound_off)
            await office.say(leg, noise(1, 1))
            await office.end(leg)
            await office.until(lambda: office.recording.journal.accounts.ended["heard"])
            (disk / "others").unlink()
        (ended,) = office.read().call("c1").of(CallEnded)
    assert (ended.outcome, ended.samples_written, ended.samples_lost) == ("no_disk", 0, 3 * RATE)
    assert office.recording.counters()["record_calls_no_disk"] == 1


async def test_the_limit_of_the_office_stops_sound(tmp_path: Path) -> None:
    """A deleted segment gives room again, as when the records service has it."""
    async with recorded_office(tmp_path, settings(max_gb=0.0001)) as office:
        leg = office.open("c1")
        with capture_logs() as logs:
            while office.recording.journal.sound_off is None:
                await office.say(leg, noise(1, 1))
                await office.until(lambda: office.recording._queue.empty)
        assert [each["reason"] for each in logs if each["event"] == "sound_not_recorded"] == ["max_gb"]
        (problem,) = office.recording.problems()
        assert (problem.code, problem.cause) == ("journal_no_sound", "max_gb")
        says(office, 1)
        other = office.recording.root / "earlier"
        other.mkdir()
        await office.until(lambda: office.recording._queue.empty)
        for path in office.recording.journal.folder.iterdir():
            os.truncate(path, 0)
        await office.until(lambda: office.recording.journal.sound_off is None)


def test_a_queue_that_is_full_sheds_sound_first_and_counts_events() -> None:
    queue = RecordQueue(most_sound=10_000, most_events=3)
    sound = SoundRound([0], [0], 2000, {}, bytes(4000))
    assert [queue.put_sound(sound) for _ in range(3)] == [True, True, False]
    event = EventEntry(NoteGap)
    for _ in range(4):
        queue.put(event)
    assert (queue.events_waiting, queue.events_lost) == (3, 1)
    assert queue.take(1) == [sound]
    assert queue.take(1 << 20) == [sound, event, event, event]
    assert queue.empty
    assert queue.put_sound(sound)


async def test_a_disk_that_stands_still_stops_nobody(tmp_path: Path) -> None:
    """The thread hangs in a write: calls go on, sound is shed and noted, and all events come."""
    async with recorded_office(tmp_path) as office:
        office.recording._queue._most_sound = 4 * RATE * 2
        journal = office.recording.journal
        leg = office.open("c1")
        await office.say(leg, noise(1, 1))
        await office.until(lambda: journal.bytes_written)
        held = asyncio.Event()
        append = journal._writer.append
        loop = asyncio.get_running_loop()

        def hang(frames: bytes | Sequence[bytes | memoryview], first_number: int, count: int) -> None:
            asyncio.run_coroutine_threadsafe(held.wait(), loop).result()
            append(frames, first_number, count)

        journal._writer.append = hang  # type: ignore[method-assign]
        for _ in range(8):
            await office.say(leg, noise(1, 2))
            says(office, 1)
        assert leg.dropped_frames == 0
        assert office.desk.calls["c1"].heard_s == pytest.approx(9)
        assert "journal_too_slow" in codes(office)
        held.set()
        await office.until(lambda: office.recording._queue.empty)
        await office.say(leg, noise(1, 3))
        await office.end(leg)
    read = office.read()
    call = read.call("c1")
    assert len(call.of(Line)) == 8
    (ended,) = call.of(CallEnded)
    assert ended.samples_written == call.samples
    assert ended.samples_lost > 0
    assert ended.samples_written + ended.samples_lost == 10 * RATE
    assert [(each.sound_lost, each.why) for each in read.gaps] == [(ended.samples_lost, "too_slow")]
    assert np.array_equal(call.sound(0, 10 * RATE)[9 * RATE :], noise(1, 3))


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond `size` bytes, as a unit's `LimitFSIZE` does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_file_that_may_not_grow_is_followed_by_another(tmp_path: Path) -> None:
    async with recorded_office(tmp_path) as office:
        leg = office.open("c1")
        with files_up_to(100_000):
            for number in range(8):
                await office.say(leg, noise(2, number), piece=4000)
                says(office, number)
                await office.until(lambda: office.recording._queue.empty)
            await office.end(leg)
            await office.until(lambda: office.recording.journal.accounts.ended["heard"])
        assert codes(office) == []
    assert len(list(office.recording.journal.folder.glob("*.kkj"))) > 2
    call = office.read().call("c1")
    assert [each.text for each in call.of(Line)] == [f"{n} 番目の発言" for n in range(8)]
    whole = np.concatenate([noise(2, number) for number in range(8)])
    assert np.array_equal(call.sound(0, len(whole)), whole)
    assert call.of(CallEnded)[0].samples_lost == 0
