from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.journals import frames, head, records

from kikimori_core.journal.framing import (
    MAX_RECORD,
    DamageCode,
    FrameReader,
    JournalError,
    Kind,
    Record,
    encode,
    read_head,
    segment_head,
)

RECORDS = records(20)
FRAMES = frames(RECORDS)


@given(cuts=st.lists(st.integers(0, len(FRAMES)), max_size=12))
def test_frames_in_any_pieces_are_the_same_records(cuts: list[int]) -> None:
    reader = FrameReader(0)
    edges = [0, *sorted(cuts), len(FRAMES)]
    found = [each for a, b in pairwise(edges) for each in reader.feed(FRAMES[a:b])]
    reader.finish()
    assert found == RECORDS


def test_a_kind_from_a_later_version_is_kept() -> None:
    assert FrameReader(7).feed(encode(7, 200, b"later")) == [Record(7, 200, b"later")]


@given(data=st.binary(max_size=300), at=st.integers(0, len(FRAMES)))
def test_garbage_gives_whole_records_or_a_named_error(data: bytes, at: int) -> None:
    reader, code = FrameReader(0), None
    found = reader.feed(FRAMES[:at])
    try:
        found += reader.feed(data)
    except JournalError as error:
        code = error.code
    assert found == RECORDS[: len(found)]
    assert code in {None, DamageCode.BAD_CRC, DamageCode.TOO_LONG, DamageCode.NUMBER}


@given(at=st.integers(0, len(FRAMES) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_never_passes(at: int, bit: int) -> None:
    flipped = bytearray(FRAMES)
    flipped[at] ^= 1 << bit
    reader = FrameReader(0)
    with pytest.raises(JournalError):  # noqa: PT012 - a longer length is told by the end
        reader.feed(bytes(flipped))
        reader.finish()


def test_faults_of_frames_are_named() -> None:
    whole = encode(3, Kind.LINE, b"{}")
    for data, first, code in (
        (whole, 2, DamageCode.NUMBER),
        (whole + whole, 3, DamageCode.NUMBER),
        (b"\xff" * 40, 0, DamageCode.TOO_LONG),
        (whole[:-1] + b"x", 3, DamageCode.BAD_CRC),
    ):
        with pytest.raises(JournalError) as refused:
            FrameReader(first).feed(data)
        assert refused.value.code == code
    reader = FrameReader(3)
    assert reader.feed(whole[:-1]) == []
    with pytest.raises(JournalError) as refused:
        reader.finish()
    assert refused.value.code == DamageCode.CUT
    with pytest.raises(JournalError) as refused:
        encode(0, Kind.SOUND, bytes(MAX_RECORD + 1))
    assert refused.value.code == DamageCode.TOO_LONG


def test_a_head_is_read_as_it_was_written() -> None:
    data = segment_head(head(41))
    assert read_head(data + b"more") == (head(41), len(data))


@given(data=st.one_of(st.binary(max_size=200), st.binary(max_size=60).map(lambda tail: b"KKJ1" + tail)))
def test_other_bytes_are_no_head(data: bytes) -> None:
    with pytest.raises(JournalError):
        read_head(data)


@given(cut=st.integers(0, len(segment_head(head())) - 1))
def test_half_a_head_is_cut(cut: int) -> None:
    with pytest.raises(JournalError) as refused:
        read_head(segment_head(head())[:cut])
    assert refused.value.code == DamageCode.CUT
