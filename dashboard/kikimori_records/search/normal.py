"""Normal form of text in which words are looked up: widths, case, kana and variants of letters as one, without spaces and signs."""

from __future__ import annotations

import tomllib
import unicodedata
from functools import lru_cache
from pathlib import Path

MOST_ORIGINAL = 4000
"""Characters of one line that are searched; a line is one breath."""
_KATAKANA = range(0x30A1, 0x30F7)
_TO_HIRAGANA = 0x60
_KEPT = ("L", "N")
"""General categories that are kept: letters and digits, the long vowel's mark and the repetition marks among them."""


def variants() -> dict[str, str]:
    """Return the letter that stands for each variant of the letters of Japanese names: 高 for 髙."""
    said = tomllib.loads(Path(__file__).with_name("name_variants.toml").read_text(encoding="utf-8"))
    return {other: first for first, *others in said["groups"].split() for other in others}


_VARIANTS = str.maketrans(variants())


@lru_cache(maxsize=16_384)
def _normal_of(character: str) -> str:
    """Return the normal form of one character, empty for what is no letter and no digit."""
    kept = unicodedata.normalize("NFKC", character).casefold().translate(_VARIANTS)
    return "".join(_hiragana(each) for each in kept if unicodedata.category(each)[0] in _KEPT)


def _hiragana(character: str) -> str:
    return chr(ord(character) - _TO_HIRAGANA) if ord(character) in _KATAKANA else character


def normal(text: str) -> str:
    """Return a line's normal form: `ｶｽﾊﾗ` and `カスハラ` are かすはら, `ＡＢＣ` is abc, 髙 is 高, 、。 and spaces are gone."""
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
