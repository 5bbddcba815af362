"""Insulting names: a noun that insults only when it is used for the listener.

馬鹿 is an insult in 「この馬鹿」, 「お前は馬鹿か」, 「死ね馬鹿」 and alone; in 「馬鹿な質問」, 「私が馬鹿でした」 and 「クズ餅」 it is not.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from kikimori_core.judging.words.form import Form
from kikimori_core.judging.words.predicate import predicate
from kikimori_core.judging.words.reporting import quoted
from kikimori_core.judging.words.sound import sounds_alike

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kikimori_core.judging.words.form import Predicate
    from kikimori_core.judging.words.sentence import Sentence
    from kikimori_core.judging.words.sound import Morpheme

_WORDS = {
    name: frozenset(words)
    for name, words in tomllib.loads(
        files(__package__).joinpath("naming.toml").read_text(encoding="utf-8")
    ).items()
}
_YOU, _NOT_YOU, _POINTS = _WORDS["you"], _WORDS["not_you"], _WORDS["points"]
_BEFORE_INSULT = _POINTS | _WORDS["before"]
_PERSONS = _WORDS["persons"]
_SUFFIXES = _PERSONS | _WORDS["suffixes"]
_OFFICE, _LIKE, _OF_IT = _WORDS["office"], _WORDS["like"], _WORDS["of_it"]
_NO_NAME = Form.PAST | Form.CAUSE | Form.BUT | Form.NEGATIVE | Form.HEARSAY | Form.CONDITION | Form.CONCESSION


@dataclass(frozen=True)
class NamePattern:
    """One insulting noun."""

    phrase: str
    alone: bool
    """True = it insults also when nobody is named: 馬鹿, but not ゴキブリ."""
    always: bool
    """True = it has no harmless meaning: くそばばあ, 給料泥棒."""
    sound: str
    long: tuple[int, ...]

    @property
    def needs(self) -> tuple[frozenset[str], ...]:
        """Sound that must stand in a sentence."""
        return (frozenset({self.sound}),)

    def find(self, sentence: Sentence) -> Iterator[tuple[int, int]]:
        """Yield the words of each insult of the listener, as a range: the first, and the one after the last."""
        for first, end in sentence.spans.get(self.sound, ()):
            if not sounds_alike(sentence.words[first:end], self.long, len(self.sound)):
                continue
            stop = _NameUse(sentence, first, end).insult_end(alone=self.alone, always=self.always)
            if stop is not None:
                yield first, stop


@dataclass(frozen=True)
class AddressPattern:
    """Rude word for the listener (お前), which marks the tone of an order, a question or a claim."""

    phrase: str
    sound: str

    @property
    def needs(self) -> tuple[frozenset[str], ...]:
        """Sound that must stand in a sentence."""
        return (frozenset({self.sound}),)

    def find(self, sentence: Sentence) -> Iterator[tuple[int, int]]:
        """Yield the words from each rude address to the end of its clause, as a range: the first, and the one after the last."""
        for first, end in sentence.spans.get(self.sound, ()):
            if sentence.words[first].part != "代名詞":
                # 多め is no おめえ.
                continue
            said = next(
                (
                    each
                    for each in sorted(_every_predicate(sentence), key=lambda one: one.at)
                    if each.at >= end and (each.last or each.form & Form.INSISTS)
                ),
                None,
            )
            rough = said is not None and said.form & _ROUGH and not said.form & (_NO_NAME | Form.POLITE)
            if said is not None and rough and not any(quoted(sentence, at) for at in range(end, said.at)):
                yield first, said.end


_ROUGH = (
    Form.IMPERATIVE | Form.PROHIBITION | Form.INSISTS | Form.EXPLAINS | Form.QUESTION | Form.GUESS | Form.RHETORICAL | Form.SCORN
)  # fmt: skip


class _NameUse:
    """One use of an insulting noun: the words before it in its clause, and the form behind it."""

    def __init__(self, sentence: Sentence, first: int, end: int) -> None:
        self.sentence, self.words = sentence, sentence.words
        self.first, self.end = first, end
        self.clause = _clause_start(sentence, first)
        self.before = self.words[self.clause : first]
        self.to_you = any(is_you(word) for word in self.before)
        self.said = predicate(self.words, end - 1, sentence.breaks)

    def insult_end(self, *, alone: bool, always: bool) -> int | None:
        """Return the index after the insult, or None where the noun insults nobody. `alone`, `always`: as in `NamePattern`."""
        if self._is_about_others(alone=alone):
            return None
        if always:
            return self._end_of_plain_insult()
        if self._is_compound() and not self.to_you:
            return None
        if not self.sentence.ended(self.end) and self.words[self.end].surface in _SUFFIXES | {"の"}:
            return _with_suffix(self.sentence, self.end)
        return self.said.end if self._insults(alone=alone) else None

    def _is_about_others(self, *, alone: bool) -> bool:
        if self.to_you:
            return not alone and self._asks_about_yours()
        # ばかよねえ私
        near = (*self.before, *self.words[self.end : self.end + 4])
        return any(word.normal in _NOT_YOU for word in near)

    def _asks_about_yours(self) -> bool:
        """Return whether it is politely asked what the listener has: あなたの犬はどんな犬ですか."""
        places = range(self.clause, self.first)
        owned = any(self.words[at].normal in _YOU and self.words[at + 1].surface == "の" for at in places)
        return owned and bool(self.said.form & Form.POLITE and self.said.form & Form.QUESTION)

    def _end_of_plain_insult(self) -> int | None:
        """Return the index after a noun that has no harmless meaning."""
        words, end = self.words, self.end
        ended = self.sentence.ended(end)
        if not ended and words[end].surface == "が" and self.sentence.ended(end + 1):
            return end
        describes = (
            end + 1 < len(words)
            and words[end].surface == "の"
            and words[end + 1].part == "名詞"
            and words[end + 1].surface not in _SUFFIXES
        )
        # 出来損ないの男性 is about another.
        return None if describes or self.said.form & (_NO_NAME & ~Form.NEGATIVE) else end

    def _is_compound(self) -> bool:
        if self.first == self.clause:
            return False
        word = self.words[self.first - 1]
        joined = word.part in ("名詞", "接頭辞") or word.surface == "の"
        return joined and word.normal not in _BEFORE_INSULT

    def _insults(self, *, alone: bool) -> bool:
        said = self.said
        if said.form & _NO_NAME:
            return False
        following = None if said.last else self.words[said.end]
        names_you = following is not None and is_you(following)
        calls = (
            following is not None
            and following.surface in ("が", "め", "は")
            and self.sentence.ended(said.end + 1)
        )
        if following is not None and not (names_you or calls or said.form & Form.INSISTS):
            return self._insults_before(following, alone=alone)
        if self.to_you or names_you:
            return True
        return not said.form & Form.POLITE and self._is_exclaimed(alone=alone)

    def _insults_before(self, following: Morpheme, *, alone: bool) -> bool:
        """Return whether the noun insults though its clause goes on with `following`."""
        words, end, said = self.words, self.end, self.said
        if alone and not self.before and self._order_at(end):
            return True
        if following.surface == "しか" and any(
            word.normal in ("居る", "おる", "雇う") for word in words[said.end + 1 : said.end + 3]
        ):
            return True
        like = words[end].normal in _LIKE or words[end].surface in _LIKE
        if like and (self.to_you or _is_office(self.sentence, end)):
            return True
        compared = any(word.normal in _LIKE for word in self.before[-2:])
        addressed = following.part in ("助詞", "動詞", "形容詞") and following.surface in ("が", "め", "って")
        return self.to_you and (compared or addressed)

    def _is_exclaimed(self, *, alone: bool) -> bool:
        """Return whether the noun is called out: after an order, after この, or with hardly another word."""
        before = self.before
        if self._order_until(self.first):
            return True
        last = {word.normal for word in before[-2:]}
        if last & _BEFORE_INSULT and (alone or last & _POINTS):
            return True
        nothing_else = all(
            word.part in ("副詞", "感動詞", "連体詞", "接頭辞") or word.normal in _BEFORE_INSULT
            for word in before
        )
        asked = bool(self.said.form & (Form.QUESTION | Form.RHETORICAL))
        return alone and (nothing_else or (asked and len(before) <= 2))

    def _order_at(self, at: int) -> bool:
        return any(
            each.at == at and each.form & (Form.IMPERATIVE | Form.PROHIBITION)
            for each in _every_predicate(self.sentence)
        )

    def _order_until(self, end: int) -> bool:
        return any(
            each.end == end and each.form & (Form.IMPERATIVE | Form.PROHIBITION | Form.RHETORICAL)
            for each in _every_predicate(self.sentence)
        )


def _every_predicate(sentence: Sentence) -> Iterator[Predicate]:
    return (each for found in sentence.predicates.values() for each in found)


def is_you(word: Morpheme) -> bool:
    """Return whether a word means the listener."""
    return word.normal in _YOU and word.part != "接尾辞"


def _with_suffix(sentence: Sentence, end: int) -> int | None:
    words = sentence.words
    if words[end].surface == "の":
        following = end + 1
        if sentence.ended(following) or words[following].surface not in _OF_IT:
            return None
        return following + 1
    said = predicate(words, end, sentence.breaks)
    if said.form & (_NO_NAME | Form.POLITE) or not (
        said.last or said.form & _ROUGH or words[end].surface in _PERSONS
    ):
        return None
    return said.end


def _is_office(sentence: Sentence, end: int) -> bool:
    """Return whether a word of an office follows: 馬鹿みたいな対応."""
    return any(
        word.surface in _SUFFIXES or word.normal in _OFFICE for word in sentence.words[end + 1 : end + 4]
    )


def _clause_start(sentence: Sentence, first: int) -> int:
    at = first
    while at > 0 and at not in sentence.breaks and first - at < 10:
        at -= 1
    return at
