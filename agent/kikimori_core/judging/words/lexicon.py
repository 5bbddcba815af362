"""Lists of words as data, found in an utterance in whatever form they stand.

An entry is a verb, noun or adjective in its dictionary form, or a few words. A verb is also found as the noun made of it:
支払う is in お支払いは, 断る in お断りいたします. A noun is also found by its sound, as a recogniser chooses kanji by
guesswork.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from kikimori_core.judging.words.sound import plain, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kikimori_core.judging.words.sound import Morpheme, Pronunciation

LEAST_SOUNDS = 4
"""A noun of fewer sounds is not looked for by sound: カイト is 解答 and a kite."""
LEAST_COMPOUND = 2
"""Least length in characters of a noun that is also found at the end of a longer one: 返品 in 途中返品."""
MOST_KEPT = 10_000
"""Size of the cache of words with their lists."""

_NOUN, _VERB = "名詞", "動詞"
_I_ROW = dict(zip("うくすつぬむるぐぶ", "いきしちにみりぎび", strict=True))
_NONE = frozenset[str]()


@dataclass(frozen=True, slots=True)
class Marked:
    """Utterance, with the lists of which each of its words ends an entry."""

    words: tuple[Morpheme, ...]
    text: str
    marks: tuple[frozenset[str], ...]

    def holds(self, name: str, start: int, end: int | None = None) -> bool:
        """Say whether a word from `start` to before `end`, or the one at `start`, is in the list `name`."""
        if end is None:
            return name in self.marks[start]
        return any(name in each for each in self.marks[start:end])


class Lexicon:
    """Lists of words by name."""

    def __init__(self, lists: Mapping[str, Sequence[str]]) -> None:
        self._single: dict[str, set[str]] = {}
        self._sounds: dict[str, set[str]] = {}
        self._longer: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for name, entries in lists.items():
            for entry in entries:
                found = words(plain(entry))
                if len(found) > 1:
                    spelled = tuple(each.normal for each in found)
                    self._longer.setdefault(spelled[-1], []).append((spelled, name))
                elif found:
                    self._add(found[0], name)
        self._compounds = tuple(sorted(each for each in self._single if len(each) >= LEAST_COMPOUND))
        self._lists_of = lru_cache(MOST_KEPT)(self._looked_up)

    def mark(self, heard: Pronunciation) -> Marked:
        """Look every word of an utterance up."""
        found = heard.words
        marks = [self._lists_of(word.normal, word.sound, word.part == _NOUN) for word in found]
        for at, word in enumerate(found):
            for spelled, name in self._longer.get(word.normal, ()):
                if tuple(each.normal for each in found[max(0, at + 1 - len(spelled)) : at + 1]) == spelled:
                    marks[at] |= {name}
        return Marked(found, heard.text, tuple(marks))

    def _add(self, word: Morpheme, name: str) -> None:
        spellings = {word.normal}
        if word.part == _VERB and "一段" in word.conjugation:
            spellings.add(word.normal[:-1])
        elif word.part == _VERB and word.conjugation.startswith("五段"):
            spellings.add(word.normal[:-1] + _I_ROW[word.normal[-1]])
        for spelling in spellings:
            self._single.setdefault(spelling, set()).add(name)
        if word.part == _NOUN and len(word.sound) >= LEAST_SOUNDS:
            self._sounds.setdefault(word.sound, set()).add(name)

    def _looked_up(self, normal: str, sound: str, noun: bool) -> frozenset[str]:
        found = set(self._single.get(normal, ()))
        if noun:
            found |= self._sounds.get(sound, _NONE)
            if normal.endswith(self._compounds):
                found |= {
                    name for each in self._compounds if normal.endswith(each) for name in self._single[each]
                }
        return frozenset(found)
