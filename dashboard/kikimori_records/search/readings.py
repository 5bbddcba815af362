"""Readings of recorded lines and of words that are looked for, so that other kanji of the same sound are found too.

A line's reading is its words in hiragana; behind each stands a letter of Unicode's private area that says how many letters
of the line's normal form it covers. Readings are made where Sudachi is installed, in `kikimori up` and beside every agent.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.util import find_spec
from threading import Lock
from typing import TYPE_CHECKING, Any

from kikimori_records.search.normal import normal
from kikimori_records.search.terms import LINE

if TYPE_CHECKING:
    from collections.abc import Iterator

LEAST = 3
"""Kana of the shortest reading that is looked for: of shorter ones too many words sound so."""
FIRST_MARK = 0xE000
MOST_LETTERS = 0x7FF
_MARK = "\ue000-\uf8ff"
_WORD = re.compile(f"([^{_MARK}]*)([{_MARK}])")
_SAME = str.maketrans({"を": "お", "づ": "ず", "ぢ": "じ", "ゔ": "ぶ"})
_KANA = re.compile("[\u3041-\u3096ー]+")
_lock = Lock()
"""Held while Sudachi reads: calls are finished in several threads."""


@lru_cache(maxsize=1)
def _tokenizer() -> Any:
    """Open the dictionary. It is not that of judging, which is used in another thread."""
    from sudachipy import Dictionary, SplitMode  # noqa: PLC0415  (not with every dashboard)

    return Dictionary(dict="small").tokenizer(mode=SplitMode.C)


def available() -> bool:
    """Return whether readings can be made here."""
    return find_spec("sudachipy") is not None


def folded(kana: str) -> str:
    """Return hiragana with the letters as one that sound the same."""
    return kana.translate(_SAME)


def reading_of_line(text: str) -> str:
    """Return the reading of a line in normal form. Blocks; needs `available`."""
    with _lock:
        cut = [(len(each.surface()), each.reading_form()) for each in _tokenizer().tokenize(text)]
    return "".join(folded(normal(kana)) + chr(FIRST_MARK + min(length, MOST_LETTERS)) for length, kana in cut)


def readings_of(text: str) -> str | None:
    """Return the readings of a call's lines, which are in normal form; None where they cannot be made. Blocks."""
    if not available():
        return None
    return LINE.join(reading_of_line(each) for each in text.split(LINE))


def reading_of_word(word: str) -> str | None:
    """Return the reading of a word in normal form: its own kana, or Sudachi's; None where neither is known. Blocks."""
    if _KANA.fullmatch(word):
        return folded(word)
    if not available():
        return None
    found = "".join(kana for kana, _ in _words(reading_of_line(word)))
    return found if _KANA.fullmatch(found) else None


def is_heard(readings: str, wanted: str) -> bool:
    """Return whether whole words in one of a call's lines sound as `wanted`: whether `places_of` finds any."""
    return _heard(wanted).search(readings) is not None


@lru_cache(maxsize=64)
def _heard(wanted: str) -> re.Pattern[str]:
    """Return the pattern of whole words: between two marks, with any between its kana."""
    return re.compile(f"(?<![^{_MARK}\n])" + f"[{_MARK}]*".join(map(re.escape, wanted)) + f"(?=[{_MARK}])")


def places_of(reading: str, wanted: str) -> list[tuple[int, int]]:
    """Return where whole words sound as `wanted`: places in the line's normal form, begin and end."""
    kana = "".join(each for each, _ in _words(reading))
    if wanted not in kana:
        return []
    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    heard = written = 0
    for each, length in _words(reading):
        starts[heard] = written
        heard, written = heard + len(each), written + length
        ends[heard] = written
    found: list[tuple[int, int]] = []
    at = kana.find(wanted)
    while at >= 0:
        if at in starts and at + len(wanted) in ends:
            found.append((starts[at], ends[at + len(wanted)]))
        at = kana.find(wanted, at + 1)
    return found


def _words(reading: str) -> Iterator[tuple[str, int]]:
    for kana, mark in _WORD.findall(reading):
        yield kana, ord(mark) - FIRST_MARK
