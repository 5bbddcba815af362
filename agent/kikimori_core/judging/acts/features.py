"""Features of an utterance for the two acts: how it is built and how it ends, more than what it is about.

Words of meaning stand for their kind alone in the runs of words, so that a demand for a thing that no training sentence names is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from kikimori_core.judging.words.sound import Morpheme

BITS = 16
"""The table has 2 to the power of this rows."""
MOST_WORDS = 40
"""A breath; of more the last are read, where Japanese says what it is about."""
_AS_THEY_STAND = frozenset(
    {"助詞", "助動詞", "代名詞", "感動詞", "接続詞", "連体詞", "接尾辞", "接頭辞", "副詞"}
)
_JOINED = frozenset({"助詞", "助動詞", "接尾辞", "接頭辞"})
_RUNS = (1, 2, 3, 4)
"""Lengths of the runs of words."""
_SOUNDS = (3, 4)
"""Lengths of the pieces of sound anywhere …"""
_ENDS = (3, 4, 5, 6, 7)
"""… and at the end, where a dialect shows."""


def features(words: Sequence[Morpheme]) -> NDArray[np.int64]:
    """Return the rows of the table that an utterance touches, each once."""
    mask = (1 << BITS) - 1
    return np.fromiter({crc32(key.encode()) & mask for key in _pieces(words[-MOST_WORDS:])}, np.int64)


def _pieces(words: Sequence[Morpheme]) -> Iterator[str]:
    kinds = ["^", *map(_kind, words), "$"]
    for length in _RUNS:
        for at in range(len(kinds) - length + 1):
            yield f"t{' '.join(kinds[at : at + length])}"
    for at, word in enumerate(words):
        if word.part not in _JOINED:
            yield f"l{word.normal}"
            yield f"n{word.normal} {kinds[at + 2]}"
    sound = "".join(word.sound for word in words) + "$"
    for length in _ENDS:
        yield f"s{sound[-length:]}"
    for length in _SOUNDS:
        for at in range(len(sound) - length + 1):
            yield f"q{sound[at : at + length]}"


def _kind(word: Morpheme) -> str:
    if word.part in _AS_THEY_STAND or word.detail == "非自立可能":
        return f"{word.normal}/{word.form[:2]}"
    return "0" if word.detail == "数詞" else f"{word.part[:2]}/{word.form[:2]}"
