"""Segments as a writer leaves them, and as a reader finds them after all kinds of accidents."""

from __future__ import annotations

import os
import resource
import signal
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.journals import AGENT, NOON, RUN, frames, head, records, write

from kikimori_core.journal.damage import Damage
from kikimori_core.journal.folder import segment_path, segments_of
from kikimori_core.journal.framing import (
    MAX_RECORD,
    DamageCode,
    JournalError,
    Kind,
    Record,
    encode,
    segment_head,
)
from kikimori_core.journal.reading import Owner, read_segment
from kikimori_core.journal.repairing import repair
from kikimori_core.journal.writing import SegmentWriter

RECORDS = records(40)


def read(folder: Path, owner: Owner | None = None) -> list[Record | Damage]:
    return [each for path in segments_of(folder) for each in read_segment(path, owner=owner)]


def test_what_was_written_is_read_over_all_segments(tmp_path: Path) -> None:
    write(tmp_path, RECORDS, max_bytes=20_000)
    assert len(segments_of(tmp_path)) > 3
    assert all(path.stat().st_size <= 20_000 for path in segments_of(tmp_path))
    assert read(tmp_path, Owner(AGENT, RUN, NOON)) == RECORDS
    third = segments_of(tmp_path)[2]
    found = list(read_segment(third, from_number=int(third.stem) + 2))
    assert found[0] == RECORDS[int(third.stem) + 2]


def test_a_record_larger_than_a_segment_stands_alone(tmp_path: Path) -> None:
    large = [Record(0, Kind.SOUND, bytes(MAX_RECORD)), Record(1, Kind.LINE, b"{}")]
    write(tmp_path, large, max_bytes=1000)
    assert read(tmp_path) == large
    assert len(segments_of(tmp_path)) == 2


def test_a_writer_refuses_a_gap(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path, head(5))
    with pytest.raises(JournalError) as refused:
        writer.append(frames(RECORDS[6:7]), 6, 1)
    assert refused.value.code == DamageCode.NUMBER
    writer.close()
    assert segments_of(tmp_path) == []


def test_after_a_failed_write_the_file_is_as_before(tmp_path: Path) -> None:
    """A limit of file size is met in the middle of the second record, then lifted."""
    writer = SegmentWriter(tmp_path, head())
    first, second = Record(0, Kind.SOUND, bytes(50_000)), Record(1, Kind.SOUND, bytes(100_000))
    writer.append(frames([first]), 0, 1)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
        with pytest.raises(OSError, match="large"):
            writer.append(frames([second]), 1, 1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert read(tmp_path) == [first]
    writer.append(frames([second]), 1, 1)
    writer.close()
    assert read(tmp_path) == [first, second]


def test_frames_may_come_in_more_parts_than_the_system_takes_at_once(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path, head())
    data = frames(RECORDS)
    parts: list[bytes | memoryview] = [data[at : at + 7] for at in range(0, len(data), 7)]
    assert len(parts) > 1024
    writer.append(parts, 0, len(RECORDS))
    writer.close()
    assert read(tmp_path) == RECORDS


def test_flipped_bits_lose_one_record_and_are_named(tmp_path: Path) -> None:
    write(tmp_path, RECORDS)
    (path,) = segments_of(tmp_path)
    whole = path.read_bytes()
    begin = len(segment_head(head()))
    chance = Random(25)  # noqa: S311 - repeatable
    for _ in range(300):
        data = bytearray(whole)
        data[chance.randrange(begin, len(whole))] ^= 1 << chance.randrange(8)
        path.write_bytes(data)
        found = read(tmp_path)
        damage = [each for each in found if isinstance(each, Damage)]
        assert len(damage) == 1
        kept = [each for each in found if isinstance(each, Record)]
        lost = damage[0].number
        assert kept == RECORDS[:lost] + RECORDS[lost + 1 :]


def test_a_lost_page_costs_the_records_in_it(tmp_path: Path) -> None:
    write(tmp_path, RECORDS)
    (path,) = segments_of(tmp_path)
    data = bytearray(path.read_bytes())
    data[8192:12288] = bytes(4096)
    path.write_bytes(data)
    found = read(tmp_path)
    (damage,) = (each for each in found if isinstance(each, Damage))
    kept = [each for each in found if isinstance(each, Record)]
    assert damage.lost >= 1
    assert kept == RECORDS[: damage.number] + RECORDS[damage.number + damage.lost :]


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (replace(head(), agent_id="another"), DamageCode.OTHER_AGENT),
        (replace(head(), run="another"), DamageCode.OTHER_AGENT),
        (replace(head(), made_at=NOON + timedelta(days=2)), DamageCode.FROM_FUTURE),
        (head(7), DamageCode.NUMBER),
    ],
)
def test_a_segment_of_another_one_is_named_and_not_read(
    tmp_path: Path, made: object, code: DamageCode
) -> None:
    path = segment_path(tmp_path, 0)
    path.write_bytes(segment_head(made) + frames(RECORDS))  # type: ignore[arg-type]
    (damage,) = read_segment(path, owner=Owner(AGENT, RUN, NOON))
    assert isinstance(damage, Damage)
    assert damage.code == code
    assert damage.length == path.stat().st_size


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", DamageCode.CUT),
        (b"KKJ", DamageCode.CUT),
        (b"RIFF....WAVE", DamageCode.NOT_A_JOURNAL),
        (bytes(100), DamageCode.NOT_A_JOURNAL),
        (segment_head(head())[:-1] + b"x", DamageCode.BAD_CRC),
    ],
)
def test_a_file_that_is_no_journal_is_named(tmp_path: Path, content: bytes, code: DamageCode) -> None:
    path = segment_path(tmp_path, 0)
    path.write_bytes(content)
    (damage,) = read_segment(path)
    assert isinstance(damage, Damage)
    assert damage.code == code


@given(
    edits=st.lists(
        st.tuples(
            st.floats(0, 1, exclude_max=True), st.sampled_from(("flip", "cut", "insert", "zero", "twice"))
        ),
        min_size=1,
        max_size=6,
    ),
    noise=st.binary(max_size=60),
)
def test_after_any_accident_every_record_is_true_or_named_as_lost(
    edits: list[tuple[float, str]], noise: bytes
) -> None:
    """Whatever is given was written so; records that are not given lie in a damage, or after the last one."""
    few = RECORDS[:12]
    begin = len(segment_head(head()))
    data = bytearray(segment_head(head()) + frames(few))
    for where, accident in edits:
        at = begin + int(where * (len(data) - begin))
        match accident:
            case "flip" if at < len(data):
                data[at] ^= 16
            case "cut":
                del data[at : at + 200]
            case "insert":
                data[at:at] = noise
            case "zero":
                data[at : at + 500] = bytes(min(500, len(data) - at))
            case "twice":
                data[at:at] = data[at : at + 3000]
    with TemporaryDirectory() as folder:
        path = segment_path(Path(folder), 0)
        path.write_bytes(data)
        found = list(read_segment(path))
    kept = [each for each in found if isinstance(each, Record)]
    damage = [each for each in found if isinstance(each, Damage)]
    numbers = [each.number for each in kept]
    assert numbers == sorted(set(numbers))
    assert all(each == few[each.number] for each in kept)
    last = numbers[-1] + 1 if numbers else 0
    assert len(kept) + sum(each.lost for each in damage) == last
    assert damage or kept == few[: len(kept)]


def test_ten_gigabytes_are_read_only_as_far_as_they_are_a_journal(tmp_path: Path) -> None:
    write(tmp_path, RECORDS)
    (path,) = segments_of(tmp_path)
    end = path.stat().st_size
    os.truncate(path, 10 << 30)
    *found, zeros, rest = read(tmp_path)
    assert found == RECORDS
    assert isinstance(zeros, Damage)
    assert isinstance(rest, Damage)
    assert (zeros.code, zeros.offset) == (DamageCode.CUT, end)
    assert (rest.code, rest.offset + rest.length) == (DamageCode.TOO_LONG, 10 << 30)
    assert repair(tmp_path).cut_bytes == (10 << 30) - end
    assert read(tmp_path) == RECORDS


def test_numbers_out_of_order_are_named(tmp_path: Path) -> None:
    path = segment_path(tmp_path, 0)
    twice = [Record(0, Kind.LINE, b"{}"), Record(0, Kind.LINE, b"{}"), Record(3, Kind.LINE, b"{}")]
    path.write_bytes(segment_head(head()) + b"".join(encode(each.number, each.kind, b"{}") for each in twice))
    first, again, gap, third = read_segment(path)
    assert [first, third] == [twice[0], twice[2]]
    assert isinstance(again, Damage)
    assert isinstance(gap, Damage)
    assert (again.code, again.lost) == (DamageCode.NUMBER, 0)
    assert (gap.code, gap.number, gap.lost) == (DamageCode.NUMBER, 1, 2)


def test_the_names_of_new_folders_are_on_the_disk_as_well(tmp_path: Path) -> None:
    opened: list[str] = []

    def note(event: str, args: tuple[object, ...]) -> None:
        if event == "open" and watching:
            opened.append(str(args[0]))

    watching = True
    sys.addaudithook(note)
    write(tmp_path / "agent" / "run", records(3))
    watching = False
    assert {str(tmp_path), str(tmp_path / "agent"), str(tmp_path / "agent" / "run")} <= set(opened)
