"""Marks between sentences, and vowels drawn out at their end: neither says anything, and both mislead the dictionary."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

_MARKS = re.compile(r"[。!?♪♫☆★♡♥]+|\.{2,}")
"""Marks between sentences: a `plain` text has … as dots."""
_CLOSING = re.compile(r"(?:[\s、,.・」』)]|(?<=[\u3041-\u3096\u4e00-\u9fff々ー〜~])[ー〜~])+\Z")
"""End of a sentence that is no word; also a vowel drawn out at will: ふざけんなー, but コピー is a word."""
_DRAWN_OUT = "ー〜~"


def stretches(text: str) -> Iterator[tuple[int, int]]:
    """Give begin and end of each sentence, without its marks: the dictionary cuts 死ね! into 死 and ね."""
    begin = 0
    for mark in (*_MARKS.finditer(text), None):
        end = mark.start() if mark else len(text)
        closed = _CLOSING.search(text, begin, end)
        if (stop := closed.start() if closed else end) > begin:
            yield begin, stop
        begin = mark.end() if mark else end


def without_drawn_ends(text: str, heard: AbstractSet[int]) -> str:
    """Return the text without long vowels behind a word that has none; `heard`: places of all words."""
    kept: list[str] = []
    behind_word = False
    for place, letter in enumerate(text):
        if behind_word and letter in _DRAWN_OUT and place not in heard:
            continue
        behind_word = place in heard
        kept.append(letter)
    return "".join(kept)
