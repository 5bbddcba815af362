"""The reader on the page of the format, run on real files: what the page says is enough to read them."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from tests.support.journals import frames, head, records, write

from kikimori_core.g711 import ALAW, ULAW
from kikimori_core.journal.events import EVENTS
from kikimori_core.journal.framing import DamageCode, Kind, Record
from kikimori_core.journal.sound import PIECE, WIDTHS, SoundEncoding
from kikimori_core.journal.sound_coder import SoundCoder
from kikimori_core.journal.windows import WINDOW
from kikimori_core.journal.writing import SegmentWriter

PAGE = (Path(__file__).parents[2] / "docs" / "journal-format.md").read_text("utf-8")


def reader() -> dict[str, Any]:
    (code,) = re.findall(r"(?s)```python\n(.*?)```", PAGE)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - the page of this repository
    return names


def test_the_reader_of_the_page_reads_every_record(tmp_path: Path) -> None:
    expected = records(60)
    write(tmp_path, expected, max_bytes=30_000)
    found = [Record(*each) for each in reader()["records"](tmp_path)]
    assert found == expected


def test_the_reader_of_the_page_decodes_all_forms_of_sound(tmp_path: Path) -> None:
    every = np.arange(256, dtype=np.uint8)
    noise = Random(3).randbytes(512)  # noqa: S311 - repeatable
    pcm = [ULAW[every].tobytes(), ALAW[every].tobytes(), bytes(512), noise]
    pieces = np.zeros(4, PIECE)
    pieces["call"], pieces["leg"], pieces["samples"] = 7, 1, 256
    pieces["position"] = np.arange(4) * 256
    (payload,) = SoundCoder().encode_batch(pieces, pcm)
    writer = SegmentWriter(tmp_path, head())
    writer.append(frames([Record(0, Kind.SOUND, payload)]), 0, 1)
    writer.close()
    found = list(reader()["sound"](tmp_path, 7, 1))
    assert [position for position, _ in found] == [0, 256, 512, 768]
    assert [np.array(samples, "<i2").tobytes() for _, samples in found] == pcm


def test_the_page_names_everything_there_is() -> None:
    kinds = dict(re.findall(r"(?m)^\| (\d+) \| `([A-Z_]+)` \|", PAGE))
    assert kinds == {str(each.value): each.name for each in Kind}
    assert set(re.findall(r"(?m)^\| `([a-z_]+)` \| [^|]+ \|$", PAGE)) >= set(DamageCode)
    encodings = dict(re.findall(r"(?m)^\| (\d+) \| ([012]) \|", PAGE))
    assert encodings == {str(int(each)): str(width) for each, width in WIDTHS.items()}
    assert f"| {int(SoundEncoding.ERASED)} | 0, 1 or 2 |" in PAGE
    for kind, model in EVENTS.items():
        (row,) = re.findall(rf"(?m)^\| `{Kind(kind).name}` \| (.*) \|$", PAGE)
        fields = set(model.model_fields) - {"call", "erased"}
        assert {each for each in fields if f"`{each}`" not in row} == set()


def test_the_page_has_the_bytes_of_each_field() -> None:
    lengths = {"u1": "u8", "<u2": "u16", "<u4": "u32", "<u8": "u64", "<f4": "f32", "<f8": "f64"}
    for form in (PIECE, WINDOW):
        assert form.names is not None
        for name in form.names:
            assert form.fields is not None
            kind, begin = form.fields[name][:2]
            end = begin + kind.itemsize - 1
            where = f"{begin}–{end}" if end > begin else str(begin)
            code = kind.str.replace("|", "")
            assert f"| {where} | {lengths[code]} |" in PAGE, name
