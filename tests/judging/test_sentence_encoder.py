"""The encoder of sentences: likeness of meaning, batches, what nobody says, and folders that are wrong."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from kikimori.config import BUILTIN_SENTENCES
from kikimori_core.errors import ConfigError
from kikimori_core.judging.sentence_encoder import DIMENSIONS, MOST_KEPT, PIECES, WEIGHTS, SentenceEncoder

if TYPE_CHECKING:
    from collections.abc import Callable

ENCODER = SentenceEncoder.read(BUILTIN_SENTENCES)
TOLD = (
    ("返金してほしいんですけど", "お金を返してください", "明日の便の空きを教えてください"),
    ("店長さんとお話しできますか", "課長さんに話したいんだけど", "お店の場所を知りたいんだけど"),
    ("契約をやめたいです", "解約したいんですが", "住所を変えたいんですが"),
    ("もう生きていても仕方がない", "死にたい", "とても助かりました"),
)
"""Two of like meaning that share few words, and one that means something else."""


@pytest.mark.parametrize(("one", "alike", "other"), TOLD)
def test_likeness_follows_the_meaning(one: str, alike: str, other: str) -> None:
    vector = ENCODER.of(one)
    assert vector @ ENCODER.of(alike) > vector @ ENCODER.of(other) + 0.05


def test_a_sentence_has_the_same_vector_alone_and_among_others() -> None:
    texts = [each for row in TOLD for each in row] * 3
    together = ENCODER.encode(texts)
    assert together.shape == (len(texts), DIMENSIONS)
    for text, vector in zip(texts, together, strict=True):
        np.testing.assert_allclose(vector, ENCODER.encode([text])[0], atol=1e-5)


@settings(max_examples=20, deadline=None)
@given(some.lists(some.text(max_size=300), max_size=6))
def test_any_text_has_a_vector_of_length_1(texts: list[str]) -> None:
    lengths = np.linalg.norm(
        ENCODER.encode([each.encode("utf-8", "ignore").decode() for each in texts]), axis=1
    )
    np.testing.assert_allclose(lengths, 1.0, atol=1e-3)


def test_vectors_asked_for_last_are_kept() -> None:
    kept = ENCODER.of("返金してください")
    for number in range(MOST_KEPT - 1):
        ENCODER.of(f"{number}番")
    assert ENCODER.of("返金してください") is kept
    for number in range(MOST_KEPT):
        ENCODER.of(f"{number}号")
    assert ENCODER.of("返金してください") is not kept


def _rewrite(folder: Path, **arrays: np.ndarray) -> None:
    with np.load(folder / WEIGHTS) as file:
        found = {name: file[name] for name in file.files}
    np.savez(folder / WEIGHTS, allow_pickle=False, **(found | arrays))


WRONG: dict[str, Callable[[Path], object]] = {
    "no pieces": lambda folder: (folder / PIECES).unlink(),
    "no weights": lambda folder: (folder / WEIGHTS).unlink(),
    "empty pieces": lambda folder: (folder / PIECES).write_bytes(b""),
    "garbage for pieces": lambda folder: (folder / PIECES).write_bytes(b"\xff" * 400),
    "weights cut off": lambda folder: (folder / WEIGHTS).write_bytes(
        (folder / WEIGHTS).read_bytes()[:70_000]
    ),
    "garbage for weights": lambda folder: (folder / WEIGHTS).write_bytes(b"PK\x03\x04" + b"x" * 400),
    "a table too short": lambda folder: _rewrite(folder, table=np.zeros((7, DIMENSIONS), np.uint8)),
    "a network too narrow": lambda folder: _rewrite(folder, out_3=np.zeros((3, 3), np.float16)),
    "no groups": lambda folder: _rewrite(folder, group=np.zeros(0, np.uint8)),
}


@pytest.mark.parametrize("fault", WRONG)
def test_a_folder_that_is_wrong_is_named(tmp_path: Path, fault: str) -> None:
    folder = tmp_path / "sentences"
    shutil.copytree(BUILTIN_SENTENCES, folder)
    WRONG[fault](folder)
    with pytest.raises(ConfigError, match=str(folder)):
        SentenceEncoder.read(folder)
