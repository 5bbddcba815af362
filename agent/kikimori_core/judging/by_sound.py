"""A category of phrases that are compared by sound: found in whole words, and besides by the bare sound."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kikimori_core.judging.sureness import Sureness
from kikimori_core.judging.words.auxiliaries import AFTER_TE
from kikimori_core.judging.words.form import Form
from kikimori_core.judging.words.moods import denied
from kikimori_core.judging.words.naming import AddressPattern, NamePattern
from kikimori_core.judging.words.parts import CONTEMPT
from kikimori_core.judging.words.pattern import Pattern, compile_phrase, cut
from kikimori_core.judging.words.predicate import predicate
from kikimori_core.judging.words.reporting import reported
from kikimori_core.judging.words.sentence import KEY
from kikimori_core.judging.words.sound import long_vowels
from kikimori_core.judging.words.subject import is_of_another
from kikimori_core.judging.words.together import (
    belongs_to_a_noun,
    is_described,
    is_longer,
    is_longer_by_suffix,
    joins,
)
from kikimori_core.judging.words.units import UnitPattern, compile_units

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Mapping

    from kikimori_core.judging.words.choice import Choice
    from kikimori_core.judging.words.moods import Mood
    from kikimori_core.judging.words.sentence import Sentence
    from kikimori_core.judging.words.sound import Pronunciation
    from kikimori_core.model.alert import Severity
    from kikimori_core.model.evidence import Role

ONE_WORD_TO = 2
"""Number of sounds up to which a phrase must be one word: シネ is not 為 and ね."""

Unit = UnitPattern | NamePattern | AddressPattern


@dataclass(slots=True)
class BySound:
    """Category whose phrases are compared by sound."""

    name: str
    said_by: Role
    unless: tuple[Pattern, ...]
    at_most: Severity | None = None
    sureness: Sureness = Sureness.USUAL
    not_of: frozenset[str] = frozenset()
    """Nouns, in normal spelling, of which its phrases may be said without meaning the listener."""
    by_key: dict[str, list[Pattern]] = field(default_factory=lambda: defaultdict(list))
    """Patterns by the first sounds of their longest word: most are ruled out by one look."""
    vocabulary: set[str] = field(default_factory=set)
    """Sounds of the phrases' nouns."""
    units: list[Unit] = field(default_factory=list)
    stems: dict[str, str] = field(default_factory=dict)

    def add(self, phrase: str, mood: Mood, choice: Choice | None = None, *, exact: bool = False) -> bool:
        """Add a phrase; False where its list of nouns must be written out.

        `choice`: a list of nouns that stands in it. `exact`: it is found as it is written, in no other form.

        Raises:
            ValueError: the phrase cannot be looked for, with the reason.
        """
        found = cut(phrase)
        if choice is not None and (
            exact or mood in ("address", "name", "named", "slur") or not choice.is_whole_in(found)
        ):
            return False
        sound = "".join(word.sound for word in found)
        if mood == "address":
            self._add_unit(AddressPattern(phrase, sound))
        elif mood in ("name", "named", "slur"):
            # 人間のクズ stands among the words of a sentence without its の.
            noun = [word for word in found if word.surface != "の"]
            sound = "".join(word.sound for word in noun)
            self._add_unit(NamePattern(phrase, mood != "named", mood == "slur", sound, long_vowels(noun)))
        else:
            # Fixed phrases with a list are found in whole words alone.
            if phrase not in CONTEMPT and (choice is None or mood != "fixed"):
                pattern = compile_phrase(phrase, mood, found, choice)
                self.vocabulary |= set(pattern.vocabulary)
                self.by_key[max(pattern.heads, key=len)[:KEY]].append(pattern)
            if not exact:
                self._add_unit(compile_units(phrase, mood, found, choice))
        return True

    def _add_unit(self, unit: Unit) -> None:
        self.units.append(unit)
        if isinstance(unit, UnitPattern):
            self.stems |= dict(unit.stems)

    def find(self, sentence: Sentence) -> str | None:
        """Return the recognised words that belong to this category by their sound."""
        for key in sentence.sounds & self.by_key.keys():
            for pattern in self.by_key[key]:
                if pattern.may_be_in(sentence.heard.sound):
                    matched = self.find_sound(sentence, pattern)
                    if matched is not None:
                        return matched
        return None

    def find_sound(self, sentence: Sentence, pattern: Pattern) -> str | None:
        """Return the recognised words in which a pattern is heard; None where it is not heard, or does not count."""
        heard = sentence.heard
        for match in pattern.expression.finditer(heard.sound):
            if not _counts(sentence, match, pattern, self._excused(sentence)):
                continue
            if _excused_after(sentence, match.end()) or self._is_of_another(sentence, *match.span()):
                continue
            return heard.between(match.start(), match.end())
        return None

    def find_unit(self, sentence: Sentence, unit: Unit) -> str | None:
        """Return the recognised words in which a pattern of whole words stands; None where it does not, or does not count."""
        heard = sentence.heard
        for first, end in unit.find(sentence):
            start, stop = heard.starts[first], heard.starts[end]
            if denied(heard.sound[stop:]) or reported(sentence, end):
                continue
            if _excuses(self._excused(sentence), start, stop) or self._is_of_another(sentence, start, stop):
                continue
            return heard.text[heard.words[first].start : heard.words[end - 1].end]
        return None

    def _is_of_another(self, sentence: Sentence, start: int, stop: int) -> bool:
        """Return whether the sounds from `start` to before `stop` are said of somebody under `not_of`."""
        if not self.not_of:
            return False
        heard = sentence.heard
        return is_of_another(sentence, heard.starts.index(start), sentence.word_from(stop), self.not_of)

    def _excused(self, sentence: Sentence) -> list[tuple[int, int]]:
        """Return where something listed under `unless` stands; looked for once in a sentence."""
        spans = sentence.excused.get(id(self.unless))
        if spans is None:
            sound = sentence.heard.sound
            spans = [
                match.span()
                for pattern in self.unless
                if pattern.may_be_in(sound)
                for match in pattern.expression.finditer(sound)
            ]
            sentence.excused[id(self.unless)] = spans
        return spans


def _excuses(spans: Iterable[tuple[int, int]], start: int, end: int) -> bool:
    """Return whether a phrase begins or ends inside something listed under `unless`: 釘を刺すようで."""
    return any(begin <= start < stop or begin < end <= stop for begin, stop in spans)


def _excused_after(sentence: Sentence, stop: int) -> bool:
    """Return whether the following words take it back: reported, or denied (あなたのせいじゃない)."""
    end = sentence.word_from(stop)
    if reported(sentence, end):
        return True
    if sentence.words[end - 1].part != "名詞":
        return False
    return bool(predicate(sentence.words, end - 1, sentence.breaks).form & Form.NEGATIVE)


def _counts(
    sentence: Sentence, match: re.Match[str], pattern: Pattern, excused: list[tuple[int, int]]
) -> bool:
    heard = sentence.heard
    start, end = match.span()
    if start not in heard.starts or _excuses(excused, start, end):
        return False
    fits = _fits_as_written if pattern.mood == "fixed" else _fits_in_its_mood
    if not fits(sentence, match, pattern):
        return False
    if end - start <= ONE_WORD_TO and end != next(each for each in heard.starts if each > start):
        return False
    return not denied(heard.sound[end:])


def _fits_as_written(sentence: Sentence, match: re.Match[str], pattern: Pattern) -> bool:
    """Return whether a fixed phrase stands in whole words, and nothing behind it changes its meaning."""
    heard = sentence.heard
    start, end = match.span()
    if end not in heard.starts or heard.words[heard.starts.index(start)].part == "助詞":
        return False
    return _as_long(heard, start, end, pattern.long) and not _goes_on(sentence, end, pattern)


def _fits_in_its_mood(sentence: Sentence, match: re.Match[str], pattern: Pattern) -> bool:
    """Return whether the parts of a phrase are words, belong together, and end in a verb."""
    heard = sentence.heard
    end = match.end()
    spans = [match.span(f"p{number}") for number in range(len(pattern.parts))]
    if not all(
        _is_part(heard, begin, stop, long) for (begin, stop), long in zip(spans, pattern.parts, strict=True)
    ):
        return False
    verb = match.start("verb")
    if verb not in heard.starts or not _may_be_verb(heard, verb, end, pattern.mood):
        return False
    begins = [*(begin for begin, _ in spans[1:]), verb]
    if not all(
        _belong_together(sentence, stop, begin, pattern.mood)
        for (_, stop), begin in zip(spans, begins, strict=False)
    ):
        return False
    if pattern.mood == "statement" and belongs_to_a_noun(sentence, end):
        return False
    last = max(each for each in heard.starts if each < end)
    return end in heard.starts or heard.sound[last:end] in _OPEN_ENDINGS


def _is_part(heard: Pronunciation, begin: int, stop: int, long: Mapping[str, tuple[int, ...]]) -> bool:
    """Return whether the sounds are whole words and none a particle: 歯 is no は, 顔 is no 化を."""
    if begin not in heard.starts or stop not in heard.starts:
        return False
    return _as_long(heard, begin, stop, long[heard.sound[begin:stop]]) and not any(
        word.part == "助詞"
        for word, where in zip(heard.words, heard.starts, strict=False)
        if begin <= where < stop
    )


def _belong_together(sentence: Sentence, stop: int, begin: int, mood: Mood) -> bool:
    """Return whether a part that ends at the sound `stop` and one that begins at `begin` are of one phrase."""
    heard = sentence.heard
    before, first = heard.starts.index(stop), heard.starts.index(begin)
    return (
        not any(before <= at <= first for at in sentence.breaks)
        and joins(sentence, before, first, mood, None)
        and heard.words[before].surface != "の"
    )


_OPEN_ENDINGS = frozenset({
    "クレ", "クダサ", "モラエ", "モライタ", "モラオ", "イタダキタ", "イタダケマ", "イタダケナイ", "イタダコ", "ホシ", "モラワナ", "ナサ",
    "クレヘン",
})  # fmt: skip
"""Beginnings of words that ask for something, whatever their end: くれない, くれよ, くださいませんか."""


_NO_VERBS = frozenset({"形容詞", "副詞", "助詞", "助動詞", "形状詞", "連体詞", "接尾辞", "代名詞", "接続詞"})


def _may_be_verb(heard: Pronunciation, start: int, end: int, mood: Mood) -> bool:
    """Return whether a verb may begin at `start`: 今回 is no 来んかい, おります behind て no 折ります."""
    at = heard.starts.index(start)
    word = heard.words[at]
    if word.part in _NO_VERBS or (word.part == "名詞" and heard.starts[at + 1] >= end):
        return False
    if mood in ("demand", "order") and word.form.startswith("意志推量形"):
        # 開けよう is no 開けよ.
        return False
    return not (at > 0 and word.normal in AFTER_TE and heard.words[at - 1].surface in ("て", "で"))


def _as_long(heard: Pronunciation, start: int, end: int, long: tuple[int, ...]) -> bool:
    """Return whether the long vowels agree, as far as a recogniser hears them: 症状 is no 処女, 低迷 no てめえ."""
    said = [word for word, at in zip(heard.words, heard.starts, strict=False) if start <= at < end]
    if sum(len(word.sound) for word in said) != end - start:
        # Mended by the ear, or cut otherwise.
        return True
    return len(set(long_vowels(said)) ^ set(long)) <= (end - start) // 5


def _goes_on(sentence: Sentence, end: int, pattern: Pattern) -> bool:
    """Return whether the following words change its meaning: 馬鹿じゃないので, 話せます."""
    heard = sentence.heard
    at = heard.starts.index(end)
    if at == 0 or sentence.ended(at):
        return False
    if pattern.ends_in_order and (
        heard.words[at].part == "助動詞" or heard.words[at].surface in ("ば", "て", "ちゃ", "そう")
    ):
        return heard.words[at].normal != "つう"
    if is_described(sentence, at) or is_longer_by_suffix(sentence, at):
        return True
    before, word = heard.words[at - 1], heard.words[at]
    if before.part == "名詞" and is_longer(sentence, at):
        # どんなプレイ動画
        return True
    if word.surface == "みたい" and not sentence.ended(at + 1) and heard.words[at + 1].surface == "に":
        return True
    if before.form.startswith("意志推量形") and word.surface == "ね":
        # 独身でしょうね
        return True
    if before.surface == "か" and word.normal == "な":
        # 行ってやろうかな
        return True
    asks = before.detail == "準体助詞" or before.surface in ("の", "か")
    if asks and word.normal == "です" and not sentence.ended(at + 1):
        # 実家暮らしなのですが
        return heard.words[at + 1].surface in ("が", "けど", "けれど", "けれども")
    return asks and word.surface in (
        "で",
        "が",
        "を",
        "に",
        "は",
        "も",
        "と",
        "って",
        "どうか",
    )
