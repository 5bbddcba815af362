"""A phrase as parts that stand in an order, found in whole words: nouns by sound, verbs by dictionary form and mood.

`頭おかしいんじゃないの` is the noun 頭 and the adjective おかしい, asked or reproached; so it is found in 頭ほんまにおかしいんじゃねえのか.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori_core.judging.words.agreement import same_form
from kikimori_core.judging.words.attitude import said_as
from kikimori_core.judging.words.form import Form
from kikimori_core.judging.words.parts import NounPart, PartReader, VerbPart
from kikimori_core.judging.words.predicate import predicate
from kikimori_core.judging.words.sound import sounds_alike
from kikimori_core.judging.words.surroundings import is_adverb, is_fate, is_vowed
from kikimori_core.judging.words.together import LIGHT, continues, describes, is_compound, is_longer, joins

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kikimori_core.judging.words.choice import Choice, Option
    from kikimori_core.judging.words.form import Predicate
    from kikimori_core.judging.words.moods import Mood
    from kikimori_core.judging.words.sentence import Sentence
    from kikimori_core.judging.words.sound import Morpheme


SHORTEST = 2
"""Sounds up to which a verb must be written as in the phrase: 要る and 居る sound alike."""
SHORT = 3
"""Sounds up to which a verb that is a phrase of its own must be written as in the phrase."""


_DO = "スル"
_MERE = "ゴトキ"
_VOICE = Form.PASSIVE | Form.CAUSATIVE | Form.POTENTIAL
_MIDDLE = Form.NEGATIVE | Form.PROHIBITION | Form.PLAN | Form.NOUNED | Form.HEARSAY | Form.CONCESSION | _VOICE


@dataclass(frozen=True)
class UnitPattern:
    """One phrase."""

    phrase: str
    mood: Mood
    parts: tuple[NounPart | VerbPart, ...]
    form: int
    """Form of the last part, as written."""
    opened: bool
    """Nothing may stand before: the phrase begins with 。."""
    closed: bool
    """Nothing may follow: the phrase ends in 。."""
    tail: bool
    """More than particles stands behind the last noun."""
    stems: tuple[tuple[str, str], ...]
    """Stem and key of its verbs."""

    @property
    def needs(self) -> tuple[frozenset[str], ...]:
        """Sounds of each part, one of which must stand in a sentence."""
        return tuple(
            part.sounds if isinstance(part, NounPart) else frozenset(part.keys) for part in self.parts
        )

    def find(self, sentence: Sentence) -> Iterator[tuple[int, int]]:
        """Yield the words of each place where the phrase stands, as a range: the first, and the one after the last."""
        for first, end in self._from(sentence, 0, 0, None):
            opens = first == 0 or first in sentence.breaks
            if opens or not (self.opened or continues(sentence, first, self.mood)):
                yield first, end
        if (
            len(self.parts) > 1
            and isinstance(self.parts[-1], VerbPart)
            and self.mood in ("demand", "order", "menace", "intention")
        ):
            yield from self._turned(sentence)

    def _from(
        self, sentence: Sentence, number: int, begin: int, before: int | None
    ) -> Iterator[tuple[int, int]]:
        part = self.parts[number]
        is_last = number == len(self.parts) - 1
        for first, end in self._places(sentence, part, is_last=is_last):
            if before is not None and not (
                before <= first
                and joins(
                    sentence, before, first, self.mood, part.keys[0] if isinstance(part, VerbPart) else None
                )
            ):
                continue
            start = first if before is None else begin
            if is_last:
                yield start, end
            else:
                yield from self._from(sentence, number + 1, start, end)

    def _turned(self, sentence: Sentence) -> Iterator[tuple[int, int]]:
        """Find 出せよ、上司を: the verb first."""
        last = len(self.parts) - 1
        for first, end in self._places(sentence, self.parts[-1], is_last=True):
            place = end
            for number in range(last):
                found = next(
                    (
                        at
                        for at in self._places(sentence, self.parts[number], is_last=False)
                        if at[0] == place
                    ),
                    None,
                )
                if found is None:
                    break
                place = found[1]
                while place < len(sentence.words) and sentence.words[place].part == "助詞":
                    place += 1
            else:
                if sentence.ended(place) or sentence.words[place].part == "助動詞":
                    yield first, place

    def _places(
        self, sentence: Sentence, part: NounPart | VerbPart, *, is_last: bool
    ) -> Iterator[tuple[int, int]]:
        if isinstance(part, NounPart):
            for each in part.options:
                yield from self._noun_places(sentence, each, is_last=is_last)
            return
        for key in part.keys:
            for said in sentence.predicates.get(key, ()):
                shortest = SHORT if len(self.parts) == 1 else SHORTEST
                word = sentence.words[said.at]
                # A stem that was taken for a noun is spelled otherwise: お出しになる.
                spelled = word.part == "名詞" or word.normal == part.normal
                if part.normal and len(key) <= shortest and key not in LIGHT and not spelled:
                    continue
                if is_last:
                    if self.mood in ("fixed", "statement") and (
                        describes(sentence, said) or is_adverb(sentence, said)
                    ):
                        continue
                    if self.mood == "menace" and said.form & Form.CONCESSION and not is_fate(sentence, said):
                        continue
                    if self._said(said, len(sentence.words), vowed=is_vowed(sentence, said.at)):
                        yield said.at, said.end
                elif said.form & _MIDDLE == part.form & _MIDDLE:
                    yield said.at, said.end

    def _noun_places(self, sentence: Sentence, noun: Option, *, is_last: bool) -> Iterator[tuple[int, int]]:
        for first, end in sentence.spans.get(noun.sound, ()):
            if not sounds_alike(sentence.words[first:end], noun.long, len(noun.sound)):
                continue
            if noun.sound == _MERE and sentence.words[first].normal != "ごとし":
                # 5時 is read so too.
                continue
            if noun.pronoun and sentence.words[first].part != "代名詞":
                continue
            if not is_last:
                if not is_compound(sentence, end):
                    yield first, end
                continue
            if self.mood == "fixed" and not self.tail and is_longer(sentence, end):
                continue
            said = predicate(sentence.words, end - 1, sentence.breaks)
            if self._said(said, len(sentence.words)):
                yield first, said.end

    def _said(self, said: Predicate, length: int, *, vowed: bool = False) -> bool:
        if self.closed and not (
            said.last and said.end == length and said.form & Form.POLITE <= self.form & Form.POLITE
        ):
            return False
        if isinstance(self.parts[-1], NounPart) and self.tail and not (said.last or said.end > said.at + 1):
            # 客だぞ is no 客が.
            return False
        if self.mood != "fixed":
            return said.form & self.form & _VOICE == self.form & _VOICE and said_as(
                said,
                self.mood,
                bare=(len(self.parts) > 1 or vowed) and said.end == length,
                final=said.end == length,
            )
        if self._is_one_word() and not self._alone(said):
            return False
        return same_form(said, self.form)

    def _is_one_word(self) -> bool:
        """Return whether there is one word, or a noun that する makes a verb of: 後悔する sounds like 公開する."""
        last = self.parts[-1]
        return len(self.parts) == 1 or (
            len(self.parts) == 2 and isinstance(last, VerbPart) and last.keys[0] == _DO
        )

    def _alone(self, said: Predicate) -> bool:
        """Return whether one word says as much as the phrase: its endings are all there is to tell it by."""
        endings = self.form & (Form.EXPLAINS | Form.INSISTS | Form.QUESTION | Form.GUESS | Form.RHETORICAL)
        if said.form & Form.POLITE and not self.form & Form.POLITE:
            return False
        if endings and not said.form & (endings | Form.PROHIBITION | Form.SCORN):
            return False
        if self.form & Form.RHETORICAL and not said.form & (Form.RHETORICAL | Form.NEGATIVE):
            # 恥ずかしいかな is the contrary of 恥ずかしくないのか.
            return False
        return said.last or not (endings or self.tail)


def compile_units(
    phrase: str, mood: Mood, found: Sequence[Morpheme], choice: Choice | None = None
) -> UnitPattern:
    """Make the pattern of a phrase that was cut into `found`. `choice`: a list of nouns in it.

    Raises:
        ValueError: no word of it carries a meaning.
    """
    reader = PartReader(found, choice)
    reader.read()
    if not reader.parts:
        raise ValueError("has no word that carries its meaning")
    return UnitPattern(
        phrase,
        mood,
        tuple(reader.parts),
        reader.form,
        phrase.startswith("。"),
        phrase.endswith("。"),
        reader.tail,
        tuple(reader.stems),
    )
