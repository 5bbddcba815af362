"""An index of all phrases by what is rarest in them: of twenty thousand a sentence is compared with some dozens."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from kikimori_core.judging.words.sentence import KEY
from kikimori_core.model.evidence import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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
        pieces = Counter(piece for _, _, found in patterns for piece in found)
        self._sounds: dict[Role, dict[str, list[tuple[BySound, Pattern]]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for category, pattern, found in patterns:
            rarest_piece = min(found, key=lambda piece: (-len(piece), pieces[piece]))
            for role in (category.said_by, Role.MIXED):
                self._sounds[role][rarest_piece].append((category, pattern))

    def sounding_in(self, sentence: Sentence, role: Role) -> Iterator[tuple[BySound, Pattern]]:
        """Yield the patterns of whom the speaker may be, all of whose sounds are in a sentence."""
        sound, sounds = sentence.heard.sound, self._sounds[role]
        for key in sorted(sentence.sounds & sounds.keys()):
            for category, pattern in sounds[key]:
                if pattern.may_be_in(sound):
                    yield category, pattern

    def standing_in(self, sentence: Sentence, role: Role) -> Iterator[tuple[BySound, Unit]]:
        """Yield the patterns of whom the speaker may be, all of whose words may stand in a sentence."""
        there, units = {*sentence.spans, *sentence.predicates}, self._units[role]
        for anchor in sentence.anchors():
            for category, unit, others in units.get(anchor, ()):
                for keys in others:
                    if keys.isdisjoint(there):
                        break
                else:
                    yield category, unit


def _pieces(pattern: Pattern) -> list[str]:
    """Return the sounds by which a pattern can be looked up: up to three that stand side by side."""
    return [head[at : at + KEY] for head in pattern.heads for at in range(max(1, len(head) - KEY + 1))]
