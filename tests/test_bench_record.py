"""The bench of recording in short: it records what it says, and counts what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from tests.support.journals import frames, head

from kikimori_core.journal.events import LegClosed
from kikimori_core.journal.folder import segments_of
from kikimori_core.journal.framing import Kind, Record
from kikimori_core.journal.sound import PIECE
from kikimori_core.journal.sound_coder import SoundCoder
from kikimori_core.journal.writing import SegmentWriter
from kikimori_lab.bench.record import bench_record
from kikimori_lab.bench.record_check import JournalCheck, check_journals
from kikimori_lab.bench.sender import SenderSound

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_short_run() -> None:
    told: list[str] = []
    figures = await bench_record(2, 1.0, told.append, cores=1, sounds=(SenderSound.WIDE,), warm_up_s=0.3)
    assert told == ["wide, no journal", "wide, journal"]
    (run,) = figures.runs
    assert figures.faults == 0
    assert run.journal_ms > 0
    assert run.handed_over_ms > 0
    assert run.with_ms > run.journal_ms
    # Of the sound at 16 kHz that is in the journal each sample took two bytes.
    assert run.samples > 2 * 2 * 16_000
    assert run.bytes_per_s > 2 * 2 * 16_000 / 2


def test_what_is_missing_is_counted(tmp_path: Path) -> None:
    pieces = np.zeros(3, PIECE)
    # The second piece comes 100 samples late, the third overlaps it by 50.
    pieces["samples"], pieces["position"] = 200, [0, 300, 450]
    (sound,) = SoundCoder().encode_batch(pieces, bytes(range(240)) * 5)
    closed = LegClosed(call=0, leg=0, samples=700).to_payload()
    records = [Record(0, Kind.SOUND, sound), Record(1, Kind.LEG_CLOSED, closed)]
    writer = SegmentWriter(tmp_path, head())
    writer.append(frames(records), 0, 2)
    writer.close()
    assert check_journals(tmp_path) == JournalCheck(samples=600, missing=100 + 50 + 50)
    (path,) = segments_of(tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    assert check_journals(tmp_path) == JournalCheck(samples=600, missing=150, damaged=2)
