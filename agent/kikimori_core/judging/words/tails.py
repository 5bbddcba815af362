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
    polite = place > 0 and words[place - 1].normal in ("ず", "ます", "です")
    past = False
    while place < len(words):
        word = words[place]
        following = words[place + 1] if place + 1 < len(words) else None
        if place and _stop_between(text, words[place - 1], word) and word.part not in ("助詞", "助動詞"):
            return ClauseEnd(Link.MAIN, past, place)
        if word.normal in ("です", "だ") and word.form.startswith("意志推量形"):
            return ClauseEnd(Link.ASKED, past, place + 1)
        if word.normal == "た" and word.part == "助動詞":
            if word.form.startswith("仮定形"):
                return ClauseEnd(Link.OPEN, past, place + 1)
            past = True
        elif word.normal in _HELPERS:
            polite = polite or word.normal in ("ます", "です")
            if word.form.startswith("仮定形"):
                return ClauseEnd(Link.OPEN, past, place + 1)
        elif word.detail == "準体助詞":
            if following is not None and following.surface == "で" and not _copula_goes_on(words, place + 2):
                return ClauseEnd(Link.LEADS, past, place + 2)
            if following is None or following.part != "助動詞":
                return ClauseEnd(Link.OPEN if following is not None else Link.MAIN, past, place + 1)
        elif word.surface == "か" and word.part == "助詞":
            if _we_think(words, place + 1):
                return ClauseEnd(Link.MAIN, past, place + 3)
            return ClauseEnd(Link.ASKED, past, place + 1)
        elif word.detail == "終助詞" and word.surface in _SOFT_ENDS:
            pass
        elif _leads_on(word):
            return ClauseEnd(Link.LEADS, past, place + 1)
        elif word.surface in ("ば", "なら") or word.normal in _CONDITIONS:
            return ClauseEnd(Link.OPEN, past, place + 1)
        elif word.surface in ("と", "って") and word.part == "助詞":
            # と申し上げております, こととなっております: our own words; とのこと, とおっしゃる, ますと: not.
            # できませんと何度もお伝えしたはずです: it was told before, and stands.
            if told := _told(words, place + 1):
                return ClauseEnd(Link.MAIN, False, told)
            if following is None or following.normal not in _THOUGHT:
                return ClauseEnd(Link.OPEN, past, place + 1)
            place += 1
        elif word.surface in ("て", "で") and word.detail == "接続助詞":
            if following is None or following.normal not in _HELPERS:
                return ClauseEnd(Link.LEADS, past, place + 1)
        elif word.part == "名詞" and word.normal in _RULES:
            if following is None or following.surface not in ("だ", "です", "で", "でし", "と", "に"):
                return ClauseEnd(Link.OPEN, past, place + 1)
            if following.surface == "に":
                if place + 2 >= len(words) or words[place + 2].normal != "成る":
                    return ClauseEnd(Link.OPEN, past, place + 1)
                place += 2
        elif word.part == "助詞":
            return ClauseEnd(Link.OPEN, past, place + 1)
        else:
            # A polite form never stands before the noun it describes.
            return ClauseEnd(Link.MAIN if polite else Link.OPEN, past, place)
        place += 1
    return ClauseEnd(Link.MAIN, past, place)


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
