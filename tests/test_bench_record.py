"""The bench of recording in short: it records what it says, and counts what stands twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from tests.support.journals import frames, head

from kikimori_core.journal.events import LegClosed, LegOpened, NoteGap
from kikimori_core.journal.folder import segments_of
from kikimori_core.journal.framing import Kind, Record
from kikimori_core.journal.sound import PIECE
from kikimori_core.journal.sound_coder import SoundCoder
from kikimori_core.journal.writing import SegmentWriter
from kikimori_core.wire.values import Role
from kikimori_lab.bench.record import bench_record
from kikimori_lab.bench.record_check import JournalCheck, check_journals
from kikimori_lab.bench.record_witness import JournalWitness
from kikimori_lab.bench.sender import SenderSound

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_short_run() -> None:
    told: list[str] = []
    figures = await bench_record(2, 1.0, told.append, cores=1, sounds=(SenderSound.WIDE,), warm_up_s=0.3)
    assert told == ["wide, no journal", "wide, journal"]
    (run,) = figures.runs
    assert figures.faults == 0
    assert (run.samples_shed, run.samples_missing) == (0, 0)
    assert run.journal_ms > 0
    assert run.handed_over_ms > 0
    assert run.with_ms > run.journal_ms
    assert run.samples > 2 * 16_000
    # Two legs of two bytes a sample, but for digital silence; with heads, windows, and events of a short call.
    assert 32_000 < run.bytes_per_s < 72_000


def test_what_stands_twice_is_counted(tmp_path: Path) -> None:
    pieces = np.zeros(3, PIECE)
    # The second piece comes 500 samples late, the third overlaps it by 50 and goes beyond the end by 30.
    pieces["samples"], pieces["position"] = 200, [0, 700, 850]
    (sound,) = SoundCoder().encode_batch(pieces, bytes(range(240)) * 5)
    opened = LegOpened(call=0, leg=0, role=Role.CUSTOMER, rate=8000).to_payload()
    closed = LegClosed(call=0, leg=0, samples=1020).to_payload()
    shed = NoteGap(sound_lost=40).to_payload()
    said = ((Kind.LEG_OPENED, opened), (Kind.SOUND, sound), (Kind.NOTE_GAP, shed), (Kind.LEG_CLOSED, closed))
    records = [Record(number, kind, payload) for number, (kind, payload) in enumerate(said)]
    writer = SegmentWriter(tmp_path, head())
    writer.append(frames(records), 0, 4)
    writer.close()
    (path,) = segments_of(tmp_path)
    assert check_journals(tmp_path) == JournalCheck(size=path.stat().st_size, samples=600, shed=40, twice=80)
    path.write_bytes(path.read_bytes()[:-1])
    assert check_journals(tmp_path).damaged == 2


def _written(folder: Path, first: int, count: int) -> None:
    """Write a segment of `count` records."""
    payload = NoteGap(sound_lost=1).to_payload()
    writer = SegmentWriter(folder, head(first))
    numbers = range(first, first + count)
    writer.append(frames([Record(number, Kind.NOTE_GAP, payload) for number in numbers]), first, count)
    writer.close()


def test_a_segment_that_took_the_name_of_a_deleted_one_is_witnessed_too(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "1"
    run.mkdir(parents=True)
    witness = JournalWitness(tmp_path / "runs", tmp_path / "links")
    path = run / f"{0:016}.kkj"
    path.write_bytes(b"")  # as a kill leaves it before the first record; the next process deletes it
    witness.look()
    path.unlink()
    _written(run, 0, 2)
    witness.look()
    witness.look()
    _written(run, 2, 1)
    witness.look()
    found, twice = witness.records("1")
    assert (sorted(found), twice) == ([0, 1, 2], [])


def test_a_record_under_two_names_stands_twice(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "1"
    run.mkdir(parents=True)
    witness = JournalWitness(tmp_path / "runs", tmp_path / "links")
    _written(run, 0, 2)
    witness.look()
    _written(run, 1, 2)
    witness.look()
    assert witness.records("1")[1] == [1]
