"""Journals whose writer ended in the middle."""

from __future__ import annotations

import os
from random import Random
from typing import TYPE_CHECKING

from tests.support.journals import frames, head, records, write

from kikimori_core.journal.folder import segment_path, segments_of
from kikimori_core.journal.framing import DamageCode, Record, segment_head
from kikimori_core.journal.reading import locate, read_segment
from kikimori_core.journal.repairing import Repair, repair
from kikimori_core.journal.writing import SegmentWriter

if TYPE_CHECKING:
    from pathlib import Path

RECORDS = records(60)
FEW = RECORDS[:20]


def read(folder: Path) -> list[object]:
    return [each for path in segments_of(folder) for each in read_segment(path)]


def test_a_thousand_random_cuts_lose_the_last_record_alone(tmp_path: Path) -> None:
    """Each third with zeros after the cut, each third with other bytes, as a file system may leave them."""
    path = segment_path(tmp_path, 0)
    whole = segment_head(head()) + frames(FEW)
    path.write_bytes(whole)
    ends = [each.end for each in locate(path)]  # type: ignore[union-attr]
    chance = Random(25)  # noqa: S311 - repeatable
    for cut in range(1000):
        at = chance.randrange(len(whole) + 1)
        tail = (b"", bytes(chance.randrange(1, 5000)), chance.randbytes(chance.randrange(1, 5000)))[cut % 3]
        path.write_bytes(whole[:at] + tail)
        kept = sum(end <= at for end in ends)
        result = repair(tmp_path)
        assert result.next_number == kept
        assert result.cut_bytes == at + len(tail) - ([0, *ends][kept] if kept else 0) or result.set_aside
        assert read(tmp_path) == FEW[:kept]
        assert repair(tmp_path) == Repair(kept)
        for each in result.set_aside:
            each.unlink()


def test_a_repaired_journal_goes_on_with_the_next_number(tmp_path: Path) -> None:
    write(tmp_path, RECORDS[:30], max_bytes=20_000)
    last = segments_of(tmp_path)[-1]
    os.truncate(last, last.stat().st_size - 1)
    went_on = repair(tmp_path).next_number
    assert went_on == 29
    writer = SegmentWriter(tmp_path, head(went_on))
    writer.append(frames(RECORDS[29:]), 29, 31)
    writer.close()
    assert read(tmp_path) == RECORDS


def test_a_segment_that_was_only_begun_gives_way_to_its_next_one(tmp_path: Path) -> None:
    write(tmp_path, RECORDS[:5])
    begun = segment_path(tmp_path, 5)
    begun.write_bytes(segment_head(head(5))[:20])
    result = repair(tmp_path)
    assert (result.next_number, result.cut_bytes, result.set_aside) == (5, 20, ())
    assert [each.code for each in result.damage] == [DamageCode.CUT]
    write(tmp_path, RECORDS[5:])
    assert read(tmp_path) == RECORDS


def test_what_is_whole_after_a_flipped_bit_is_kept(tmp_path: Path) -> None:
    write(tmp_path, RECORDS)
    (path,) = segments_of(tmp_path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)
    result = repair(tmp_path)
    assert (result.next_number, result.cut_bytes, len(result.damage)) == (60, 0, 1)
    assert len([each for each in read(tmp_path) if isinstance(each, Record)]) == 59


def test_a_large_file_that_cannot_be_read_is_set_aside(tmp_path: Path) -> None:
    path = segment_path(tmp_path, 0)
    path.write_bytes(b"x" + segment_head(head()) + frames(RECORDS))
    result = repair(tmp_path)
    assert (result.next_number, result.cut_bytes) == (0, 0)
    assert [each.name for each in result.set_aside] == [f"{path.name}.damaged"]
    assert result.set_aside[0].stat().st_size > 100_000
    assert segments_of(tmp_path) == []


def test_nothing_to_repair(tmp_path: Path) -> None:
    assert repair(tmp_path / "none") == Repair(0)
    write(tmp_path, RECORDS)
    assert repair(tmp_path) == Repair(60)
