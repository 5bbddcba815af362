"""Features of a sentence: pieces of its writing, its sound, its dictionary forms and their senses, hashed into numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from kikimori_core.judging.second_opinion.senses import Sense, Senses
    from kikimori_core.judging.words.sound import Morpheme

BITS = 22
"""A new model knows 2 to the power of this features; so many that few share a number."""
WRITTEN, SOUNDED = (2, 3, 4), (2, 3, 4, 5)
"""Lengths of the pieces, in characters of writing and of sound."""
MOST_WORDS = 60
"""A breath; of more the last are read, where Japanese says what it is about."""
FUNCTION_WORDS = frozenset({"助詞", "助動詞"})
"""Parts of speech without a meaning of their own."""
_EDGE = "^"

Piece = tuple[str, int, int]
"""A feature, and the words that it is made of: first, and end."""


def features(words: Sequence[Morpheme], senses: Senses | None, bits: int = BITS) -> NDArray[np.int64]:
    """Return the numbers of a sentence's features, each once."""
    mask = (1 << bits) - 1
    return np.fromiter({crc32(key.encode()) & mask for key, _, _ in pieces(words, senses)}, np.int64)


def number_of(key: str, bits: int = BITS) -> int:
    """Return the number of a feature."""
    return crc32(key.encode()) & ((1 << bits) - 1)


def pieces(words: Sequence[Morpheme], senses: Senses | None) -> Iterator[Piece]:
    """Yield each feature with its place; without senses those of a model of format 1."""
    words = words[-MOST_WORDS:]
    if not words:
        return
    yield from _runs("w", [_digits(word.surface) for word in words], WRITTEN)
    yield from _runs("s", [word.sound for word in words], SOUNDED)
    yield from _of_words(words)
    if senses is not None:
        yield from _of_senses(words, [senses.of(word) for word in words])


def _digits(surface: str) -> str:
    return "".join("0" if each.isdigit() else each for each in surface.lower())


def _runs(kind: str, parts: Sequence[str], lengths: Sequence[int]) -> Iterator[Piece]:
    text = _EDGE + "".join(parts) + _EDGE
    owner = [0, *(number for number, part in enumerate(parts) for _ in part), len(parts) - 1]
    for length in lengths:
        for at in range(len(text) - length + 1):
            yield f"{kind}{text[at : at + length]}", owner[at], owner[at + length - 1] + 1


def _of_words(words: Sequence[Morpheme]) -> Iterator[Piece]:
    """Yield lemmas alone, in pairs and threes, pairs of words of meaning, and the forms that end the sentence."""
    lemmas = [_EDGE, *(word.normal for word in words), _EDGE]
    last = len(words)
    for at, word in enumerate(words):
        yield f"l{word.normal}", at, at + 1
        if word.form != "*":
            yield f"f{word.form[:3]}{word.part[:2]}{word.normal}", at, at + 1
    for at in range(len(lemmas) - 1):
        yield f"b{lemmas[at]} {lemmas[at + 1]}", max(at - 1, 0), min(at + 1, last)
    for at in range(len(lemmas) - 2):
        yield f"t{lemmas[at]} {lemmas[at + 1]} {lemmas[at + 2]}", max(at - 1, 0), min(at + 2, last)
    meaning = [at for at, word in enumerate(words) if word.part not in FUNCTION_WORDS]
    for one, at in enumerate(meaning):
        for other in meaning[one + 1 : one + 4]:
            yield f"p{words[at].normal} {words[other].normal}", at, other + 1
    ending = " ".join(f"{word.part[:2]}{word.form[:2]}" for word in words[-4:])
    yield f"e{ending}", max(last - 4, 0), last
    for at in meaning:
        yield f"m{words[at].normal} {words[-1].normal}{words[-1].form[:2]}", at, at + 1


def _of_senses(words: Sequence[Morpheme], found: Sequence[Sense | None]) -> Iterator[Piece]:
    """Yield senses alone, the sentence with senses in place of its words of meaning, and pairs of senses."""
    meaning = [
        (at, sense) for at, sense in enumerate(found) if sense and words[at].part not in FUNCTION_WORDS
    ]
    mixed = [_EDGE, *(f"{word.normal}{word.form[:2]}" for word in words), _EDGE]
    ending = f"{words[-1].normal}{words[-1].form[:2]}"
    last = len(words)
    for one, (at, sense) in enumerate(meaning):
        mixed[at + 1] = f"#{sense.coarse}{words[at].form[:2]}"
        yield f"R{sense.fine}", at, at + 1
        yield f"C{sense.middle}", at, at + 1
        yield f"D{sense.coarse}", at, at + 1
        yield f"z{sense.middle} {ending}", at, at + 1
        for other, another in meaning[one + 1 : one + 4]:
            yield f"q{sense.coarse} {another.coarse}", at, other + 1
    for at in range(len(mixed) - 1):
        yield f"x{mixed[at]} {mixed[at + 1]}", max(at - 1, 0), min(at + 1, last)
    for at in range(len(mixed) - 2):
        yield f"y{mixed[at]} {mixed[at + 1]} {mixed[at + 2]}", max(at - 1, 0), min(at + 2, last)
