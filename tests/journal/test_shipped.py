"""Raw frames of a journal in the order in which they are sent."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.support.journals import AGENT, RUN, frames, head, records, write

from kikimori_core.journal.events import NoteGap, event_of
from kikimori_core.journal.folder import segments_of
from kikimori_core.journal.framing import DamageCode, FrameReader, JournalError, Kind, Record, segment_head
from kikimori_core.journal.reading import Owner
from kikimori_core.journal.shipped import RawFrames
from kikimori_core.journal.writing import SegmentWriter

if TYPE_CHECKING:
    from pathlib import Path

RECORDS = records(60)


def sent(folder: Path, at_most: int) -> list[Record]:
    """Return all records as a receiver takes them, which wants every number."""
    reader, source, number = FrameReader(0), RawFrames(folder), 0
    found: list[Record] = []
    while True:
        first, count, data = source.take(number, at_most)
        if not count:
            reader.finish()
            return found
        assert first == number
        assert len(data) <= at_most or count == 1
        found += reader.feed(data)
        number += count
        assert len(found) == number


def test_everything_is_sent_once_in_pieces_of_any_size(tmp_path: Path) -> None:
    write(tmp_path, RECORDS, max_bytes=30_000)
    for at_most in (1, 10_000, 100_000, 1 << 30):
        assert sent(tmp_path, at_most) == RECORDS
    assert RawFrames(tmp_path).take(17, 1) == (17, 1, frames(RECORDS[17:18]))
    assert RawFrames(tmp_path).take(60, 1000) == (60, 0, b"")
    assert RawFrames(tmp_path / "none").take(0, 1000) == (0, 0, b"")


def test_what_is_written_meanwhile_follows(tmp_path: Path) -> None:
    writer, source = SegmentWriter(tmp_path, head(), max_bytes=30_000), RawFrames(tmp_path)
    for each in RECORDS:
        assert source.take(each.number, 1 << 20)[1] == 0
        writer.append(frames([each]), each.number, 1)
        assert source.take(each.number, 1 << 20) == (each.number, 1, frames([each]))
    writer.close()


def test_half_a_record_waits_for_the_rest(tmp_path: Path) -> None:
    write(tmp_path, RECORDS[:3])
    (path,) = segments_of(tmp_path)
    more = frames(RECORDS[3:4])
    source = RawFrames(tmp_path)
    with path.open("ab") as file:
        file.write(more[:20])
        file.flush()
        assert source.take(3, 1000) == (3, 0, b"")
        file.write(more[20:])
    assert source.take(3, 1000) == (3, 1, more)


def test_damaged_records_are_sent_as_gaps_of_their_numbers(tmp_path: Path) -> None:
    """One flipped bit, a page of zeros, and the end of a segment that is not the last."""
    write(tmp_path, RECORDS, max_bytes=40_000)
    first, second, third, *_ = segments_of(tmp_path)
    for path, begin, zeros in ((first, 9_000, 1), (second, 8_192, 4_096), (third, -1_000, 1_000)):
        data = bytearray(path.read_bytes())
        data[begin : (begin + zeros) or None] = bytes(zeros)
        data[begin] ^= 1
        path.write_bytes(data)
    found = sent(tmp_path, 20_000)
    assert [each.number for each in found] == [each.number for each in RECORDS]
    changed = [each for each, was in zip(found, RECORDS, strict=True) if each != was]
    assert 3 <= len(changed) <= 12
    assert {each.kind for each in changed} == {Kind.NOTE_GAP}
    assert {type(event_of(each)) for each in changed} == {NoteGap}


def test_a_folder_whose_begin_is_gone_says_where_it_begins(tmp_path: Path) -> None:
    write(tmp_path, RECORDS, max_bytes=30_000)
    first, second, *_ = segments_of(tmp_path)
    first.unlink()
    assert RawFrames(tmp_path).take(2, 1)[0] == int(second.stem)


def test_a_file_that_was_replaced_meanwhile_is_read_on_at_the_right_place(tmp_path: Path) -> None:
    write(tmp_path / "run", RECORDS)
    source = RawFrames(tmp_path / "run")
    first, count, _ = source.take(0, 100_000)
    assert first == 0
    assert 2 < count < 50
    shorter = [RECORDS[0], Record(1, Kind.LINE, b"{}"), *RECORDS[2:]]
    write(tmp_path / "other", shorter)
    segments_of(tmp_path / "other")[0].replace(segments_of(tmp_path / "run")[0])
    assert source.take(count, 1 << 30) == (count, 60 - count, frames(RECORDS[count:]))


def test_a_segment_of_another_agent_or_a_newer_version_is_never_sent(tmp_path: Path) -> None:
    """Records before it are sent; it and all behind it stays where it is."""
    write(tmp_path, RECORDS, max_bytes=30_000)
    second = segments_of(tmp_path)[1]
    first = int(second.stem)
    whole = second.read_bytes()
    begin = len(segment_head(head(first)))
    newer = segment_head(head(first)).replace(b'"format":1', b'"format":2')[12:]
    prefix = b"KKJ1" + struct.pack("<II", len(newer), zlib.crc32(newer))
    foreign = segment_head(replace(head(first), agent_id="another"))
    for made, code in ((prefix + newer, DamageCode.FROM_FUTURE), (foreign, DamageCode.OTHER_AGENT)):
        second.write_bytes(made + whole[begin:])
        source = RawFrames(tmp_path, Owner(AGENT, RUN))
        assert source.take(0, 1 << 30)[:2] == (0, first)
        with pytest.raises(JournalError) as refused:
            source.take(first, 1 << 30)
        assert refused.value.code == code
