"""Structure of an utterance: the place of each sound, and the predicates with their forms."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from typing import TYPE_CHECKING

from kikimori_core.judging.words.auxiliaries import AFTER_TE
from kikimori_core.judging.words.conjugation import forms
from kikimori_core.judging.words.form import Form
from kikimori_core.judging.words.potential import brings, potential
from kikimori_core.judging.words.predicate import predicate
from kikimori_core.judging.words.sound import sound_of_form

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kikimori_core.judging.words.form import Predicate
    from kikimori_core.judging.words.sound import Morpheme, Pronunciation

SUM_OF_MONEY = "キンガク"
"""Sound of the word 金額, by which phrases name any sum."""
LEAST_SUM = 10_000
"""A bare number from here on is a sum of money where something is to be paid."""
BY_CONTEMPT = "ヤガル"
"""Key of every predicate with やがる, for any verb."""

KEY = 3
"""Sounds by which phrases are looked up."""

LONGEST_PART = 5
"""Words that a part of a phrase may be made of: 責任 取れる 人."""

_UNFINISHED = frozenset({"を", "に", "へ", "が", "で"})
"""Case particles that end no sentence."""
_PAUSES = frozenset("。．.!！?？、，,…")


_SO = frozenset({"どう", "そう", "こう", "ああ", "と", "って"})


class Sentence:
    """Index of an utterance for phrases. Built once per reading, in the order of a tenth of a millisecond."""

    def __init__(self, heard: Pronunciation, stems: dict[str, str]) -> None:
        """`stems`: the stems of the phrases' verbs, for verbs that were taken for nouns (殺し たろか, お出し になって)."""
        self.heard = heard
        self.words = heard.words
        self.breaks = _breaks(heard)
        self.spans = self._spans()
        sound = heard.sound
        self.sounds = {sound[at : at + length] for at in range(len(sound)) for length in range(1, KEY + 1)}
        """Each one, two and three sounds that stand side by side."""
        self.predicates: dict[str, list[Predicate]] = {}
        self.excused: dict[int, list[tuple[int, int]]] = {}
        """Places of words that are no alarm, by the list that contains them."""
        self._read_predicates(stems)

    def _spans(self) -> dict[str, list[tuple[int, int]]]:
        """Return where each run of whole words stands, by its sound without の."""
        words, starts, sound = self.words, self.heard.starts, self.heard.sound
        found: dict[str, list[tuple[int, int]]] = {}
        for first, word in enumerate(words):
            if word.part in ("助詞", "助動詞") and word.normal != "ごとし":
                continue
            run = ""
            for last in range(first, min(first + LONGEST_PART, len(words))):
                if words[last].surface == "の":
                    continue
                run += sound[starts[last] : starts[last + 1]]
                found.setdefault(run, []).append((first, last + 1))
                if self._is_money(first, last):
                    found.setdefault(SUM_OF_MONEY, []).append((first, last + 1))
                if last + 1 in self.breaks:
                    break
        return found

    def _is_money(self, first: int, last: int) -> bool:
        """Return whether the words are a sum: 十万円, 50万, 百万."""
        words = self.words[first : last + 1]
        if words[0].detail != "数詞":
            return False
        if len(words) == 1:
            ended = last + 1 >= len(self.words) or self.words[last + 1].detail != "数詞"
            return ended and words[0].normal.isdigit() and int(words[0].normal) >= LEAST_SUM
        return words[-1].surface == "円" and all(word.detail == "数詞" for word in words[:-1])

    def _read_predicates(self, stems: dict[str, str]) -> None:
        for at, word in enumerate(self.words):
            if word.part in ("動詞", "形容詞"):
                if at > 0 and word.normal in AFTER_TE and self.words[at - 1].surface in ("て", "で", "た"):
                    # やる of 許してやる is no verb of its own.
                    continue
                if says_nothing(self.words, at):
                    continue
                honorific = self._honorific(at)
                said = honorific or predicate(self.words, at, self.breaks, brings(self.words, at))
                going = self._going(at)
                for key in keys(word):
                    self.predicates.setdefault(key, []).append(said)
                    if going is not None:
                        self.predicates[key].append(going)
                if said.form & Form.SCORN or self._roughly_forbids(said):
                    self.predicates.setdefault(BY_CONTEMPT, []).append(said)
                if (base := _with_aspect(word)) is not None and base in stems:
                    self.predicates.setdefault(stems[base], []).append(
                        predicate(self.words, at, self.breaks, Form.ASPECT)
                    )
            elif word.part == "名詞" and (verb := stems.get(word.sound)) is not None:
                said = self._honorific(at) or predicate(self.words, at, self.breaks)
                if said.end > at + 1:
                    self.predicates.setdefault(verb, []).append(said)

    def _roughly_forbids(self, said: Predicate) -> bool:
        """Return whether a verb is forbidden with contempt, whichever it is: 泣いてんじゃねえよ; not 泣いてんじゃねえか."""
        words = self.words[said.at : said.end]
        denies = [
            at for at, word in enumerate(words) if word.normal in ("無い", "ない") and word.surface != "ない"
        ]
        if not denies or not denies[0] or words[0].part != "動詞" or not said.form & Form.PROHIBITION:
            return False
        return words[denies[0] - 1].surface == "じゃ" and not said.form & Form.QUESTION

    def _going(self, at: int) -> Predicate | None:
        """Read 燃やしに行くぞ, 返しに来い as a form of 燃やす and 返す too: the form is that of 行く."""
        words = self.words
        if (
            at + 2 >= len(words)
            or words[at + 1].surface != "に"
            or words[at + 2].normal not in ("行く", "来る")
        ):
            return None
        if not words[at].form.startswith("連用形") or {at + 1, at + 2} & self.breaks:
            return None
        behind = predicate(words, at + 2, self.breaks, brings(words, at + 2))
        return replace(behind, at=at)

    def _honorific(self, at: int) -> Predicate | None:
        """Read お出しになる as the form of 出す: the form is that of なる."""
        words = self.words
        if at == 0 or words[at - 1].normal != "御" or at + 2 >= len(words):
            return None
        if words[at + 1].surface == "に" and words[at + 2].normal == "成る":
            behind = predicate(words, at + 2, self.breaks)
            return replace(behind, at=at, form=behind.form | Form.POLITE)
        if words[at + 1].normal in ("下さる", "頂く", "願う"):
            behind = predicate(words, at + 1, self.breaks, Form.REQUEST)
            return replace(behind, at=at, form=behind.form | Form.POLITE)
        return None

    def anchors(self) -> Iterator[str]:
        """Yield each sound that a phrase may be looked up by."""
        yield from self.spans
        yield from (key for key in self.predicates if key not in self.spans)

    def word_from(self, sound: int) -> int:
        """Return the place of the first word that begins at this place in the sounds or later; behind all of them the number of words."""
        return bisect_left(self.heard.starts, sound)

    def ended(self, after: int) -> bool:
        """Return whether a clause ends before the word at `after`."""
        return after >= len(self.words) or after in self.breaks


def says_nothing(words: Sequence[Morpheme], at: int) -> bool:
    """Return whether the verb at `at` is the いう of どういう or という."""
    return words[at].surface == "いう" and at > 0 and words[at - 1].surface in _SO


def keys(word: Morpheme) -> tuple[str, ...]:
    """Return the sounds under which a verb or adjective is looked up: its dictionary form, and 使う for 使える."""
    lemma, normal = sound_of_form(word.lemma), sound_of_form(word.normal)
    plain = _PLAIN.get(lemma)
    if plain is not None:
        return (lemma, plain)
    return (lemma, normal) if lemma == potential(normal) else (lemma,)


_PLAIN = {
    "イラッシャル": "イル", "オル": "イル", "オッシャル": "イウ", "ユウ": "イウ", "ウカガウ": "イク", "マイル": "イク", "ナサル": "スル", "イタス": "スル", "ゾンジル": "シル",
    "モウス": "イウ", "モウシアゲル": "イウ", "サシアゲル": "ヤル",
}  # fmt: skip
"""Verbs of politeness and dialect by the plain ones: いらっしゃる and おる are いる."""


def _with_aspect(word: Morpheme) -> str | None:
    """Return the stem of a verb that was cut together with とる: なめとる is なめている and no 嘗め取る."""
    for ending in ("トル", "ドル"):
        lemma = sound_of_form(word.lemma)
        if lemma.endswith(ending) and len(lemma) > len(ending) and "取" not in word.surface:
            return lemma[: -len(ending)]
    return None


def stems_of(sound: str, conjugation: str) -> tuple[str, ...]:
    """Return the stems by which a verb is known when it was taken for a noun: 殺し, なめ, しばい."""
    conjugated = forms(sound, conjugation)
    if conjugated is None or conjugation.startswith(("サ行変格", "カ行変格")):
        return ()
    return tuple({conjugated.i, conjugated.te_stem} - {""})


def _awaits(word: Morpheme, following: Morpheme) -> bool:
    """Return whether a clause cannot be over: recognisers write 責任者を。出せ and ふざけて。いるのか."""
    if word.part != "助詞":
        return False
    if word.surface in ("て", "で") and following.part in ("動詞", "助動詞") and following.normal in AFTER_TE:
        return not any("\u4e00" <= letter <= "\u9fff" for letter in following.surface)
    return word.detail == "格助詞" and word.surface in _UNFINISHED


def _breaks(heard: Pronunciation) -> frozenset[int]:
    words: Sequence[Morpheme] = heard.words
    return frozenset(
        at
        for at in range(1, len(words))
        if words[at].start > words[at - 1].end
        and not _awaits(words[at - 1], words[at])
        and not _PAUSES.isdisjoint(heard.marks_before(at))
    )
