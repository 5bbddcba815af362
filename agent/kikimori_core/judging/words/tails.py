"""Rest of a clause after a predicate: a statement, a reason, a condition, or another's words.

できません is a refusal; できません場合は, できませんか, できないとのことで and できないものも are none.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kikimori_core.judging.words.sound import Morpheme


class Link(Enum):
    """Relation of a clause to the one that follows."""

    MAIN = auto()
    """End of the sentence."""
    LEADS = auto()
    """Reason or a "but": the sentence goes on, and its rest may take it back."""
    ASKED = auto()
    """A question."""
    OPEN = auto()
    """Condition, another's words, or part of a noun: no statement."""


@dataclass(frozen=True, slots=True)
class ClauseEnd:
    """The end of a clause."""

    link: Link
    past: bool
    end: int
    """Place of the first word after it."""


_RULES = frozenset({"こと", "決まり", "規則", "規定", "規約", "ルール", "方針", "仕組み", "次第", "状況", "状態", "立場", "契約", "事", "制度", "扱い"})  # fmt: skip
"""できない決まりです says できない."""
_CONDITIONS = frozenset(
    {"場合", "時", "際", "様", "所", "方", "らしい", "そう", "限り", "かも", "とき", "よう", "ところ", "ほう"}
)
_TOLD = frozenset({"申す", "申し上げる", "伝える", "答える", "説明", "案内"})
_THOUGHT = frozenset({"思う", "存じる", "考える", "成る", "致す", "為る"})
_SOFT_ENDS = frozenset({"よ", "ね", "な", "わ", "もの", "もん", "さ", "ぞ"})
_HELPERS = frozenset({"ます", "です", "だ", "御座る", "てる", "おる", "居る", "頂く", "貰う", "下さる", "参る", "仕舞う", "ちゃう", "致す"})  # fmt: skip


def read_tail(words: Sequence[Morpheme], place: int, text: str) -> ClauseEnd:
    """Read on from `place`, the word after a predicate, to the end of its clause."""
    return _TailReader(words, place, text).read()


class _TailReader:
    """Reads word by word behind a predicate until its clause ends."""

    def __init__(self, words: Sequence[Morpheme], place: int, text: str) -> None:
        self.words, self.place, self.text = words, place, text
        self.polite = place > 0 and words[place - 1].normal in ("ず", "ます", "です")
        self.past = False

    def read(self) -> ClauseEnd:
        while self.place < len(self.words):
            link = self._read_word(self.words[self.place])
            if link is not None:
                return ClauseEnd(link, self.past, self.place)
            self.place += 1
        return ClauseEnd(Link.MAIN, self.past, self.place)

    def _following(self) -> Morpheme | None:
        return self.words[self.place + 1] if self.place + 1 < len(self.words) else None

    def _ends(self, link: Link, after: int = 1) -> Link:
        """Set the end of the clause `after` words on."""
        self.place += after
        return link

    def _read_word(self, word: Morpheme) -> Link | None:
        """Return the link where the clause ends at this word; `place` is then the first word after the clause."""
        following = self._following()
        stops = self.place and _stop_between(self.text, self.words[self.place - 1], word)
        if stops and word.part not in ("助詞", "助動詞"):
            return Link.MAIN
        if word.normal in ("です", "だ") and word.form.startswith("意志推量形"):
            return self._ends(Link.ASKED)
        if word.normal in _HELPERS or (word.normal == "た" and word.part == "助動詞"):
            return self._auxiliary(word)
        if word.detail == "準体助詞":
            return self._explanation(following)
        if word.surface == "か" and word.part == "助詞":
            if _we_think(self.words, self.place + 1):
                return self._ends(Link.MAIN, 3)
            return self._ends(Link.ASKED)
        if word.detail == "終助詞" and word.surface in _SOFT_ENDS:
            return None
        if _leads_on(word):
            return self._ends(Link.LEADS)
        if word.surface in ("ば", "なら") or word.normal in _CONDITIONS:
            return self._ends(Link.OPEN)
        if word.surface in ("と", "って") and word.part == "助詞":
            return self._quotation(following)
        if word.surface in ("て", "で") and word.detail == "接続助詞":
            goes_on = following is not None and following.normal in _HELPERS
            return None if goes_on else self._ends(Link.LEADS)
        if word.part == "名詞" and word.normal in _RULES:
            return self._rule(following)
        if word.part == "助詞":
            return self._ends(Link.OPEN)
        # A polite form never stands before the noun it describes.
        return Link.MAIN if self.polite else Link.OPEN

    def _auxiliary(self, word: Morpheme) -> Link | None:
        if word.form.startswith("仮定形"):
            return self._ends(Link.OPEN)
        self.past = self.past or word.normal == "た"
        self.polite = self.polite or word.normal in ("ます", "です")
        return None

    def _explanation(self, following: Morpheme | None) -> Link | None:
        """Read の or ん."""
        if following is None:
            return self._ends(Link.MAIN)
        if following.surface == "で" and not _copula_goes_on(self.words, self.place + 2):
            return self._ends(Link.LEADS, 2)
        return None if following.part == "助動詞" else self._ends(Link.OPEN)

    def _quotation(self, following: Morpheme | None) -> Link | None:
        """Read と: と申し上げております, こととなっております are our own words; とのこと, とおっしゃる, ますと are not."""
        if told := _told(self.words, self.place + 1):
            # できませんと何度もお伝えしたはずです: it was told before, and stands.
            self.past, self.place = False, told
            return Link.MAIN
        if following is None or following.normal not in _THOUGHT:
            return self._ends(Link.OPEN)
        self.place += 1
        return None

    def _rule(self, following: Morpheme | None) -> Link | None:
        """Read a noun such as 決まり."""
        if following is None or following.surface not in ("だ", "です", "で", "でし", "と", "に"):
            return self._ends(Link.OPEN)
        if following.surface == "に":
            verb = self.words[self.place + 2] if self.place + 2 < len(self.words) else None
            if verb is None or verb.normal != "成る":
                return self._ends(Link.OPEN)
            self.place += 2
        return None


def _copula_goes_on(words: Sequence[Morpheme], place: int) -> bool:
    return place < len(words) and words[place].normal == "御座る"


def _leads_on(word: Morpheme) -> bool:
    """Return whether the word joins clauses: が, けれど, から, し, ため."""
    joins = word.surface in ("が", "けれど", "けれども", "けど", "から", "し") and word.detail == "接続助詞"
    return joins or (word.normal in ("為", "ため") and word.part == "名詞")


def _told(words: Sequence[Morpheme], place: int) -> int:
    """Return the place after a verb of telling that has us for its subject; 0 when there is none near."""
    for at in range(place, min(place + 5, len(words))):
        if words[at].normal in _TOLD:
            by_us = not any(each.normal in ("れる", "られる", "頂く") for each in words[at + 1 : at + 4])
            return at + 1 if by_us else 0
    return 0


def _we_think(words: Sequence[Morpheme], place: int) -> bool:
    """Return whether the clause is an opinion of ours: 難しいかと存じます asks nothing."""
    return place + 1 < len(words) and words[place].surface == "と" and words[place + 1].normal in _THOUGHT


def _stop_between(text: str, before: Morpheme, after: Morpheme) -> bool:
    return any(each in text[before.end : after.start] for each in "。、?!")
