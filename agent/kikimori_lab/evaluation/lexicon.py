"""Words that sound alike, from SudachiPy's dictionary: spellings that a recogniser may write instead."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sudachipy import Dictionary, SplitMode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_KANJI = re.compile(r"[\u4e00-\u9fff々]+")
_MOST_SPELLINGS = 1500
"""Spellings of one reading that are looked up; common readings have tens of thousands."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word as written, with its reading in katakana."""

    surface: str
    reading: str
    part: str
    """Part of speech as Sudachi names it, first level."""
    detail: str
    """Part of speech, second level."""


@lru_cache(maxsize=1)
def _dictionary() -> tuple[Any, Any]:
    dictionary = Dictionary(dict="small")
    return dictionary, dictionary.tokenizer(mode=SplitMode.C)


def tokens(text: str) -> list[Token]:
    """Cut a text into words; their surfaces put together are the text."""
    _, tokenizer = _dictionary()
    return [
        Token(each.surface(), each.reading_form(), *each.part_of_speech()[:2])
        for each in tokenizer.tokenize(text)
    ]


def reading_of(text: str) -> str:
    return "".join(each.reading for each in tokens(text))


def hiragana(katakana: str) -> str:
    return "".join(chr(ord(sign) - 0x60) if "ァ" <= sign <= "ヶ" else sign for sign in katakana)


def katakana(text: str) -> str:
    return "".join(chr(ord(sign) + 0x60) if "ぁ" <= sign <= "ゖ" else sign for sign in text)


@lru_cache(maxsize=20_000)
def homophones(surface: str, reading: str) -> tuple[str, ...]:
    """Return other spellings with the same reading: words of the dictionary, else kanji that are read so."""
    kanji = _KANJI.match(surface)
    ending = surface[kanji.end() :] if kanji else ""
    if kanji is None or _KANJI.search(ending) or not reading.endswith(katakana(ending)):
        return ()
    stem = reading[: len(reading) - len(ending)]
    same = dict.fromkeys(itertools.islice(_spellings(stem, len(kanji.group())), _MOST_SPELLINGS))
    # No kanji by itself is read as it is in 代われ, 変われ, 替われ: all are tried.
    tried = [*_common_kanji(), *same] if ending else list(same)
    words = tuple(
        each + ending for each in tried if each != kanji.group() and _is_word(each + ending, reading)
    )
    return words or tuple(_read_as(reading, (each + ending for each in same if each != kanji.group())))


def _read_as(reading: str, spellings: Iterable[str]) -> Iterator[str]:
    """Yield the first few that are read so."""
    return itertools.islice((each for each in spellings if reading_of(each) == reading), 5)


def _is_word(surface: str, reading: str) -> bool:
    dictionary, _ = _dictionary()
    return any(
        each.surface() == surface and each.reading_form() == reading for each in dictionary.lookup(surface)
    )


def _spellings(reading: str, most_signs: int) -> Iterator[str]:
    """Yield kanji that may be read so, by as many signs as the word has or fewer."""
    by_reading = _kanji_by_reading()
    for signs in range(most_signs, 0, -1):
        for cuts in itertools.combinations(range(1, len(reading)), signs - 1):
            ends = [*cuts, len(reading)]
            parts = [reading[begin:end] for begin, end in zip([0, *cuts], ends, strict=True)]
            choices = [by_reading.get(part, ()) for part in parts]
            if all(choices):
                yield from ("".join(each) for each in itertools.product(*choices))


@lru_cache(maxsize=1)
def _kanji_by_reading() -> dict[str, tuple[str, ...]]:
    dictionary, _ = _dictionary()
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for sign in _common_kanji():
        for each in dictionary.lookup(sign):
            if each.surface() == sign and not each.is_oov():
                found[each.reading_form()][sign] = None
    return {reading: tuple(signs) for reading, signs in found.items()}


@lru_cache(maxsize=1)
def _common_kanji() -> tuple[str, ...]:
    """Return the signs of JIS level 1, about 3000: recognisers write hardly any others."""
    signs = map(chr, range(0x4E00, 0xA000))
    return tuple(
        sign for sign in signs if b"\x88\x9f" <= sign.encode("shift_jis", errors="replace") <= b"\x98\x72"
    )
