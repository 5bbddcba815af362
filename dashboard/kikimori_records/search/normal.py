"""Normal form of text in which words are looked up: widths, case and kana as one, without spaces and signs."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

MOST_ORIGINAL = 4000
"""Characters of one line that are searched; a line is one breath."""
_KATAKANA = range(0x30A1, 0x30F7)
_TO_HIRAGANA = 0x60
_KEPT = ("L", "N")
"""General categories that are kept: letters and digits, the long vowel's mark and the repetition marks among them."""


@lru_cache(maxsize=16_384)
def _normal_of(character: str) -> str:
    """Return the normal form of one character, empty for what is no letter and no digit."""
    kept = (each for each in unicodedata.normalize("NFKC", character).casefold())
    return "".join(_hiragana(each) for each in kept if unicodedata.category(each)[0] in _KEPT)


def _hiragana(character: str) -> str:
    return chr(ord(character) - _TO_HIRAGANA) if ord(character) in _KATAKANA else character


def normal(text: str) -> str:
    """Return a line's normal form: `ｶｽﾊﾗ` and `カスハラ` are かすはら, `ＡＢＣ` is abc, 、。 and spaces are gone."""
    return normal_with_places(text)[0]


def normal_with_places(text: str) -> tuple[str, list[int]]:
    """Return the normal form, and of each of its characters the place in `text` from which it comes."""
    text = text[:MOST_ORIGINAL]
    made: list[str] = []
    places: list[int] = []
    for at, character in enumerate(text):
        # A half-width kana and its sound mark are two characters and one letter.
        mark = text[at + 1 : at + 2]
        if mark in _SOUND_MARKS:
            joined = unicodedata.normalize("NFKC", character + mark)
            character = joined if len(joined) == 1 else character  # noqa: PLW2901
        for each in _normal_of(character):
            made.append(each)
            places.append(at)
    return "".join(made), places


_SOUND_MARKS = frozenset({"\uff9e", "\uff9f", "\u3099", "\u309a"})
