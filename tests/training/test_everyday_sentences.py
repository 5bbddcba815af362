"""Everyday sentences to learn from: what is read of files of three shapes, and what is left out."""

from __future__ import annotations

import lzma
import sys
from typing import TYPE_CHECKING

from kikimori_training.everyday_sentences import main, sentences_of

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_each_shape_of_line_gives_its_sentence(tmp_path: Path) -> None:
    (tmp_path / "mixed.txt").write_text(
        "Go.\t行け。\nROHAN4600_0002:他者(たしゃ)を見下(みくだ)すか？,タシャヲミクダスカ？\n水 を ください 。\n",
        encoding="utf-8",
    )
    assert list(sentences_of([tmp_path / "mixed.txt"])) == ["行け。", "他者を見下すか？", "水をください。"]


def test_alarming_ones_and_those_had_before_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, out = tmp_path / "before.txt.xz", tmp_path / "out.txt.xz"
    with lzma.open(before, "wt", encoding="utf-8") as file:
        file.write("0\t水をください。\n")
    (tmp_path / "pairs.txt").write_text(
        "Water.\t水をください！\nDie.\tぶっ殺すぞ\nRain.\t雨が降りそうだ。\nRain.\t雨が、降りそうだ\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(
        sys,
        "argv",
        ["x", "tatoeba", str(tmp_path / "pairs.txt"), "--besides", str(before), "--out", str(out)],
    )
    main()
    with lzma.open(out, "rt", encoding="utf-8") as file:
        head, *rest = file.read().splitlines()
    assert head.startswith("#")
    assert len(rest) == 1
    assert "雨が" in rest[0]
