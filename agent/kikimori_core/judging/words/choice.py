"""A list of nouns inside a phrase, kept as one part with many sounds: `{boss}を出す` is one pattern and no seventy."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from kikimori_core.judging.words.sound import long_vowels, plain, words
from kikimori_core.messages import text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kikimori_core.judging.words.sound import Morpheme

LEAST = 3
"""Nouns from which a list is kept together."""

_NOMINAL = frozenset({"名詞", "代名詞", "接頭辞", "接尾辞", "形状詞", "記号"})


@dataclass(frozen=True)
class Option:
    """One noun of a list, as it sounds."""

    sound: str
    long: tuple[int, ...]
    pronoun: bool
    """True = one pronoun, found only as a single word: 君 is no 気味."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The place of the list in the phrase, whose first noun is written there."""

    start: int
    end: int
    options: tuple[Option, ...]

    def holds(self, word: Morpheme) -> bool:
        """Return whether the word is part of the noun that stands for the list."""
        return self.start <= word.start and word.end <= self.end

    def is_whole_in(self, found: Sequence[Morpheme]) -> bool:
        """Return whether the phrase was cut at both ends of the list."""
        inside = [word for word in found if word.start < self.end and word.end > self.start]
        return bool(inside) and inside[0].start == self.start and inside[-1].end == self.end


@lru_cache(maxsize=10_000)
def option(noun: str) -> Option | None:
    """Return how a noun sounds; None where it holds a verb, an adjective or particles, which must be cut in the phrase."""
    found = words(plain(noun))
    if not found or any(word.part not in _NOMINAL and word.surface != "の" for word in found):
        return None
    kept = [word for word in found if word.surface != "の"]
    sound = "".join(word.sound for word in kept)
    return Option(sound, long_vowels(kept), len(kept) == 1 and kept[0].part == "代名詞") if sound else None


def written_out(
    phrase: str, lists: Mapping[str, Sequence[str]] | None = None
) -> Iterator[tuple[str, Choice | None]]:
    """Write out the alternatives of `(a|b)` and `{name}`, but keep the longest list of nouns together.

    Raises:
        ValueError: there is no such list.
    """
    groups = _groups(phrase, lists)
    nouns = {
        number: [each for each in group if option(each)] for number, group in enumerate(groups) if number % 2
    }
    kept = max(nouns, key=lambda number: len(nouns[number]), default=None)
    if kept is None or len(nouns[kept]) < LEAST:
        yield from ((text, None) for text in _product(groups))
        return
    # What is no plain noun is written out.
    rest = [each for each in groups[kept] if each not in nouns[kept]]
    if rest:
        yield from ((text, None) for text in _product([*groups[:kept], rest, *groups[kept + 1 :]]))
    first = nouns[kept][0]
    options = tuple(each for each in map(option, nouns[kept]) if each is not None)
    for before in _product(groups[:kept]):
        for after in _product(groups[kept + 1 :]):
            start = len(plain(before))
            yield before + first + after, Choice(start, start + len(plain(first)), options)


def expanded(phrase: str, lists: Mapping[str, Sequence[str]] | None = None) -> Iterator[str]:
    """Write out the alternatives of `(a|b)` and of `{name}`, a list of words.

    Raises:
        ValueError: there is no such list.
    """
    yield from _product(_groups(phrase, lists))


def _groups(phrase: str, lists: Mapping[str, Sequence[str]] | None) -> list[list[str]]:
    """Return the parts of a phrase, each with its alternatives: those of odd number stood in brackets."""
    for name in re.findall(r"\{([^{}]*)\}", phrase):
        if lists is None or name not in lists:
            raise ValueError(text("phrase_list_unknown", list=f"{{{name}}}"))
        phrase = phrase.replace(f"{{{name}}}", f"({'|'.join(lists[name])})")
    parts = re.split(r"\(([^()]*)\)", phrase)
    return [part.split("|") if number % 2 else [part] for number, part in enumerate(parts)]


def _product(groups: Sequence[Sequence[str]]) -> Iterator[str]:
    for chosen in itertools.product(*groups):
        yield "".join(chosen)
