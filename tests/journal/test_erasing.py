"""One call erased from a journal: nothing of it is left in any byte, and nothing of the others is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from tests.support.journals import NOON, begun, frames, head, records, write

from kikimori_core.journal.erasing import rewrite_without
from kikimori_core.journal.events import AlertRevision, CallBegun, CallEnded, ErasedEvent, LegOpened, event_of
from kikimori_core.journal.folder import segments_of
from kikimori_core.journal.framing import Kind, Record
from kikimori_core.journal.reading import read_segment
from kikimori_core.journal.sound import SoundEncoding, decode_batch
from kikimori_core.journal.windows import decode_windows
from kikimori_core.journal.writing import SegmentWriter

if TYPE_CHECKING:
    from pathlib import Path

RECORDS = records(40, calls=3)


def read(folder: Path) -> list[Record]:
    found = [each for path in segments_of(folder) for each in read_segment(path)]
    records_ = [each for each in found if isinstance(each, Record)]
    assert records_ == found
    return records_


def test_a_call_is_gone_and_the_others_are_as_before(tmp_path: Path) -> None:
    write(tmp_path, RECORDS, max_bytes=30_000)
    sizes = [path.stat().st_size for path in segments_of(tmp_path)]
    assert rewrite_without(tmp_path, 1) > 20
    assert [path.stat().st_size for path in segments_of(tmp_path)] == sizes
    assert sorted(tmp_path.iterdir()) == segments_of(tmp_path)
    found = read(tmp_path)
    assert [(each.number, each.kind) for each in found] == [(each.number, each.kind) for each in RECORDS]
    for before, after in zip(RECORDS, found, strict=True):
        match before.kind:
            case Kind.SOUND:
                was, is_ = decode_batch(before.payload), decode_batch(after.payload)
                assert [is_.pcm(at) for at in (0, 2)] == [was.pcm(at) for at in (0, 2)]
                assert is_.pieces["encoding"].tolist() == [0, SoundEncoding.ERASED, 0]
                assert not any(is_.raw(1))
                assert is_.pieces["position"].tolist() == was.pieces["position"].tolist()
            case Kind.WINDOWS:
                rows = decode_windows(after.payload)
                assert np.isnan(rows["level_db"]).tolist() == [False, True, False]
            case _:
                event = event_of(before)
                if getattr(event, "call", None) != 1:
                    assert after == before
    assert rewrite_without(tmp_path, 1) == 0


def test_of_an_erased_call_begin_legs_and_end_are_still_known(tmp_path: Path) -> None:
    write(tmp_path, RECORDS)
    rewrite_without(tmp_path, 1)
    events = [event_of(each) for each in read(tmp_path)]
    mine = [each for each in events if getattr(each, "call", None) == 1]
    assert [type(each) for each in mine] == [
        CallBegun,
        LegOpened,
        *[ErasedEvent] * (len(mine) - 3),
        CallEnded,
    ]
    kept = mine[0]
    assert isinstance(kept, CallBegun)
    assert (kept.call_id, kept.started_at, kept.erased) == ("call-1", NOON, True)
    assert (kept.caller.number, kept.operator.name, kept.queue) == (None, None, None)


def test_no_byte_of_words_and_numbers_is_left(tmp_path: Path) -> None:
    call = begun(5, number="0901112222")
    alert = AlertRevision(call=5, media_s=1.0, alert={"evidence": "土下座しろ", "caller": "0901112222"})
    events = [Record(at, each.kind, each.to_payload()) for at, each in enumerate((call, alert))]
    writer = SegmentWriter(tmp_path, head())
    writer.append(frames(events), 0, 2)
    writer.rotate()
    rewrite_without(tmp_path, 5)
    writer.append(frames([Record(2, Kind.LINE, b'{"call":6}')]), 2, 1)
    writer.close()
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert [each for each in ("土下座", "0901112222", "佐藤") if each.encode() in content] == []
    assert len(read(tmp_path)) == 3


def test_damage_beside_it_stays_where_it_was(tmp_path: Path) -> None:
    write(tmp_path, RECORDS)
    (path,) = segments_of(tmp_path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    before = [each for each in read_segment(path) if not isinstance(each, Record)]
    rewrite_without(tmp_path, 0)
    assert [each for each in read_segment(path) if not isinstance(each, Record)] == before
