"""Parts of a phrase: nouns that are found by sound, and verbs that are found by dictionary form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori_core.judging.words.choice import Option
from kikimori_core.judging.words.form import Form
from kikimori_core.judging.words.potential import brings
from kikimori_core.judging.words.predicate import predicate
from kikimori_core.judging.words.sentence import BY_CONTEMPT, keys, says_nothing, stems_of
from kikimori_core.judging.words.sound import long_vowels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kikimori_core.judging.words.choice import Choice
    from kikimori_core.judging.words.sound import Morpheme

CONTEMPT = frozenset({"やがる"})


@dataclass(frozen=True)
class NounPart:
    """Words that are found by their sound, whole: one noun, or one of a list."""

    options: tuple[Option, ...]
    sounds: frozenset[str]

    @property
    def length(self) -> int:
        """Sounds of the shortest."""
        return min(len(each.sound) for each in self.options)


@dataclass(frozen=True)
class VerbPart:
    """A verb or adjective that is found by its dictionary form."""

    keys: tuple[str, ...]
    normal: str
    """Its normal spelling: of short verbs that stand alone the writing must agree, as 録る, 取る and 通る sound alike."""
    form: int
    """Form in which the phrase is written."""


class PartReader:
    """Reads the words of a phrase into its parts."""

    def __init__(self, found: Sequence[Morpheme], choice: Choice | None) -> None:
        self._found, self._choice = found, choice
        self._at = 0
        self._noun: list[Morpheme] = []
        """Words of the noun that has begun."""
        self.parts: list[NounPart | VerbPart] = []
        self.stems: list[tuple[str, str]] = []
        """Stem and key of each verb."""
        self.form = 0
        """Form of the last part."""
        self.tail = False
        """More than particles stands behind the last noun."""

    def read(self) -> None:
        while self._at < len(self._found):
            self._read_word(self._found[self._at])
        self._end_noun()

    def _read_word(self, word: Morpheme) -> None:
        found, at = self._found, self._at
        following = found[at + 1] if at + 1 < len(found) else None
        if self._choice is not None and self._choice.holds(word):
            self._read_choice(self._choice)
        elif word.lemma in CONTEMPT and len(found) == 1:
            self.parts.append(VerbPart((BY_CONTEMPT,), "", 0))
            self._at += 1
        elif says_nothing(found, at) and self._noun:
            # どういう教育
            self._take()
        elif word.part in ("動詞", "形容詞"):
            self._read_verb(word)
        elif word.surface == "に" and self._noun and self._noun[-1].normal in ("癖", "くせ"):
            # 女のくせに is no 癖.
            self._take()
        elif _falls_away(word) and self._noun and following is not None and following.surface == "も":
            # 小学生でも says more than 小学生が.
            self._take(2)
        elif _falls_away(word):
            begun = bool(self._noun)
            self._end_noun()
            if begun:
                self._read_form(at)
            else:
                self._at += 1
        else:
            self._take()
            self.form, self.tail = 0, False

    def _take(self, many: int = 1) -> None:
        """Take words for the noun that has begun."""
        self._noun += self._found[self._at : self._at + many]
        self._at += many

    def _read_form(self, after: int) -> None:
        """Read the form of the noun that ends before `after`, whose next word falls away."""
        said = predicate(self._found, after - 1, frozenset())
        self.form, self.tail = said.form, said.end > said.at + 1
        self._at = max(said.end, after + 1)

    def _end_noun(self) -> None:
        kept = [word for word in self._noun if word.surface != "の"]
        if kept:
            pronoun = len(kept) == 1 and kept[0].part == "代名詞"
            sound = "".join(word.sound for word in kept)
            option = Option(sound, long_vowels(kept), pronoun)
            self.parts.append(NounPart((option,), frozenset({sound})))
        self._noun.clear()

    def _read_choice(self, choice: Choice) -> None:
        self._end_noun()
        self.parts.append(NounPart(choice.options, frozenset(each.sound for each in choice.options)))
        while self._at < len(self._found) and choice.holds(self._found[self._at]):
            self._at += 1
        after = self._at
        self._read_form(after)
        if after == len(self._found) or not _falls_away(self._found[after]):
            self._at = after

    def _read_verb(self, word: Morpheme) -> None:
        found, at = self._found, self._at
        self._end_noun()
        said = predicate(found, at, frozenset())
        if said.form & Form.PLAN and said.end < len(found):
            # 聞く気あるのか: 気 is a part of its own.
            said = predicate(found[: _plan(found, at)], at, frozenset())
        part = VerbPart(keys(word), word.normal, said.form | brings(found, at))
        self.parts.append(part)
        self.form, self.tail = part.form, False
        self.stems += [(stem, part.keys[0]) for stem in stems_of(part.keys[0], word.conjugation)]
        self._at = said.end


def _plan(found: Sequence[Morpheme], at: int) -> int:
    return next(place for place in range(at, len(found)) if found[place].normal in ("積もり", "予定", "気"))


def _falls_away(word: Morpheme) -> bool:
    """Return whether speech may leave this word of a phrase out: a case particle or the copula, not だけ, なんか, まで."""
    if word.part == "助動詞":
        return word.normal in ("だ", "です", "や", "じゃ")
    return (
        word.part == "助詞"
        and word.surface not in ("の", "も")
        and word.detail != "副助詞"
        and word.surface not in ("から", "まで", "より")
    )
