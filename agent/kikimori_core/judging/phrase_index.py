"""Index of all phrases by their rarest part: of twenty thousand patterns a sentence is compared with some dozens."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING

from kikimori_core.judging.words.sentence import KEY
from kikimori_core.model.evidence import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from kikimori_core.judging.by_sound import BySound, Unit
    from kikimori_core.judging.words.pattern import Pattern
    from kikimori_core.judging.words.sentence import Sentence


class PhraseIndex:
    """Patterns of whole words and patterns of sounds, of all categories."""

    def __init__(self, categories: Iterable[BySound]) -> None:
        categories = tuple(categories)
        self.stems: dict[str, str] = {}
        """Keys of the phrases' verbs by their stems."""
        for category in categories:
            self.stems |= category.stems
        units = [(category, unit, unit.needs) for category in categories for unit in category.units]
        frequency = Counter(key for _, _, needs in units for keys in needs for key in keys)
        self._units: dict[Role, dict[str, list[tuple[BySound, Unit, tuple[frozenset[str], ...]]]]] = (
            defaultdict(lambda: defaultdict(list))
        )
        for category, unit, needs in units:
            most = [max(map(frequency.__getitem__, keys)) for keys in needs] if len(needs) > 1 else [0]
            rarest = needs[most.index(min(most))]
            others = tuple(keys for keys in needs if keys is not rarest)
            for key in rarest:
                for role in (category.said_by, Role.MIXED):
                    self._units[role][key].append((category, unit, others))
        patterns = [
            (category, pattern, _pieces(pattern))
            for category in categories
            for of_key in category.by_key.values()
            for pattern in of_key
        ]
        counts = Counter(piece for _, _, found in patterns for piece in found)
        by_rarest = [(_rarest(found, counts), category, pattern) for category, pattern, found in patterns]
        # Of several patterns of a category the first one that counts is quoted: their order must not depend on the look-up.
        by_rarest.sort(key=lambda each: each[0])
        self._patterns = tuple((category, pattern) for _, category, pattern in by_rarest)
        self._sounds: dict[Role, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        """Numbers of the patterns in `_patterns`, by a sound that each of them needs, or one of its nouns needs."""
        for number, (piece, category, pattern) in enumerate(by_rarest):
            for each in _looked_up_by(pattern, piece, counts):
                for role in (category.said_by, Role.MIXED):
                    self._sounds[role][each].append(number)

    def sounding_in(self, sentence: Sentence, role: Role) -> Iterator[tuple[BySound, Pattern]]:
        """Yield the patterns of this speaker's categories whose sounds are all in a sentence."""
        sound, sounds = sentence.heard.sound, self._sounds[role]
        numbers = {number for key in sentence.sounds & sounds.keys() for number in sounds[key]}
        for number in sorted(numbers):
            category, pattern = self._patterns[number]
            if pattern.may_be_in(sound):
                yield category, pattern

    def standing_in(self, sentence: Sentence, role: Role) -> Iterator[tuple[BySound, Unit]]:
        """Yield the patterns of this speaker's categories whose words may all stand in a sentence."""
        there, units = {*sentence.spans, *sentence.predicates}, self._units[role]
        for anchor in sentence.anchors():
            for category, unit, others in units.get(anchor, ()):
                for keys in others:
                    if keys.isdisjoint(there):
                        break
                else:
                    yield category, unit


def _pieces(pattern: Pattern) -> list[str]:
    """Return the sounds of its heads by which a pattern can be looked up."""
    return [piece for head in pattern.heads for piece in _pieces_of(head)]


@lru_cache(maxsize=20_000)
def _pieces_of(sound: str) -> tuple[str, ...]:
    """Return the pieces of up to three sounds that stand side by side."""
    return tuple(sound[at : at + KEY] for at in range(max(1, len(sound) - KEY + 1)))


def _rarest(pieces: Iterable[str], counts: Mapping[str, int]) -> str:
    """Return the rarest of the longest pieces. `counts`: number of patterns with each piece."""
    return min(pieces, key=lambda piece: (-len(piece), counts.get(piece, 0)))


def _looked_up_by(pattern: Pattern, piece: str, counts: Mapping[str, int]) -> Iterable[str]:
    """Return the sounds to file a pattern under, of which every sentence with it has one: its rarest piece, or one of each noun of a list.

    The list is taken where the heads are short: half of all sentences have the デ of (支配人|上司|…)が出る.
    """
    if len(piece) == KEY:
        return (piece,)
    ways = [{piece}]
    ways += [
        {_rarest(_pieces_of(noun), counts) for noun in nouns} for nouns in pattern.parts if len(nouns) > 1
    ]
    return min(ways, key=lambda way: (-min(map(len, way)), sum(counts.get(each, 0) for each in way)))
