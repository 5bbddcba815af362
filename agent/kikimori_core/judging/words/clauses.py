"""An utterance cut into clauses, each with its meaning: refused, closed, offered, asked.

A clause is found by its predicate (できる, かねる, いたす, 断る, …). Its meaning depends on whether that is denied
(`denials`), what it is about (the lists of the category files), and how the clause ends (`tails`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TYPE_CHECKING

from kikimori_core.judging.words.denials import DENIALS, POINTING, traced
from kikimori_core.judging.words.lexicon import Lexicon, Marked
from kikimori_core.judging.words.tails import Link, read_tail

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kikimori_core.judging.words.denials import Denial
    from kikimori_core.judging.words.sound import Morpheme, Pronunciation
    from kikimori_core.judging.words.tails import ClauseEnd


class ClauseMeaning(Enum):
    """Meaning of a clause."""

    REFUSES = auto()
    """Stands, unless an offer follows."""
    LEADS = auto()
    """A refusal, or a goodbye, that stands only when nothing but politeness follows."""
    CLOSES = auto()
    GOODBYE = auto()
    """Ends the call too, unless a question or a request follows: お話の途中で失礼いたします、…"""
    OFFERS = auto()
    ASKS = auto()
    """A question or a request: the call is being dealt with."""
    FRIENDLY = auto()
    """Thanks for the call: with a goodbye beside it, the call ends in agreement."""


@dataclass(frozen=True, slots=True)
class Clause:
    says: ClauseMeaning
    start: int
    end: int
    """Places of its words."""


_COPULA = frozenset({"です", "だ", "と", "か", "が", "の", "御座る", "から", "けど", "けれど"})
_CARRIERS = frozenset({"為る", "成る", "致す", "出す", "上げる", "続ける", "言う", "事", "の", "こと", "御", "等", "もう", "余り", "れる", "られる", "頂く", "行為"})  # fmt: skip
_FORMAL = frozenset({"申し訳", "無理", "物", "事", "方", "訳", "所", "本日", "今日", "明日", "今", "今回", "現在", "現時点", "当日", "即日", "此方", "当方", "弊社", "当社", "当店", "私", "私共", "其れ", "其方"})  # fmt: skip
"""Nouns that say nothing of what is meant: 本日は難しいです."""
_FOR_NOW = frozenset({"一度", "一旦"})
_MILD_ENDS = frozenset({"失礼", "以上", "終わり"})
_DOES = frozenset({"為る", "致す", "ます", "です", "だ", "せる", "させる"})
_DECLINED = _DOES | {"申し上げる", "た", "てる", "て"}
_STATES = frozenset({"おる", "居る", "てる"})
_LETS = frozenset({"せる", "させる"})


class ClauseReader:
    """Reads utterances clause by clause with the lists of the category files."""

    def __init__(self, lists: Mapping[str, Sequence[str]]) -> None:
        """`lists`: words by the names that `ClauseWords` gives them."""
        self._lexicon = Lexicon(lists)

    def mark(self, heard: Pronunciation) -> Marked:
        """Look the words of an utterance up."""
        return self._lexicon.mark(heard)

    def clauses(self, said: Marked) -> Iterator[Clause]:
        words, begin, place = said.words, 0, 0
        while place < len(words):
            found = self._clause_at(said, begin, place)
            if found is None:
                if _joins(words, place):
                    begin = place + 1
                place += 1
                continue
            clause, tail = found
            place = max(tail.end, place + 1)
            if clause is not None:
                yield clause
            if tail.link is not Link.OPEN:
                begin = place

    def _clause_at(self, said: Marked, begin: int, place: int) -> tuple[Clause | None, ClauseEnd] | None:
        """Return the clause whose predicate stands at `place`, None where there is no predicate."""
        for reading in (self._denial, self._declining, self._hard, self._closing, self._giving, self._asking):
            found = reading(said, begin, place)
            if found is not None:
                says, tail = found
                return (None if says is None else Clause(says, begin, tail.end)), tail
        return None

    def _denial(self, said: Marked, begin: int, place: int) -> tuple[ClauseMeaning | None, ClauseEnd] | None:
        words = said.words
        word = words[place]
        reluctant = word.normal == "兼ねる" and (word.part == "接尾辞" or _is_suffix(words, place))
        if not reluctant and (word.normal not in DENIALS or word.part not in ("助動詞", "形容詞")):
            return None
        predicate = traced(words, begin, place)
        if reluctant:
            predicate = replace(predicate, able=True, by_itself=True, twice=False, state=False)
        tail = read_tail(words, place + 1, said.text)
        if word.form.startswith("仮定形") or (word.surface == "なく" and not _and_so(words, place + 1)):
            tail = replace(tail, link=Link.OPEN, end=place + 1)
        wish = predicate.core is not None and said.holds("wishes", predicate.core)
        if tail.link in (Link.OPEN, Link.ASKED) or (tail.past and not wish) or predicate.twice:
            return None, tail
        hedged = said.holds("hedges", begin, place) and tail.link is not Link.MAIN
        if hedged or not self._refuses(said, begin, place, predicate):
            return None, tail
        if word.surface == "ず":
            # ご希望に沿えず申し訳ございません refuses; すぐに対応できず申し訳ございませんでした is an apology.
            return (
                ClauseMeaning.LEADS
                if wish and not any(each.normal == "た" for each in words[place:])
                else None
            ), tail
        return (ClauseMeaning.REFUSES if tail.link is Link.MAIN else ClauseMeaning.LEADS), tail

    def _refuses(self, said: Marked, begin: int, place: int, predicate: Denial) -> bool:
        core, words = predicate.core, said.words
        if predicate.able and predicate.by_itself and predicate.state:
            return False
        if core is None:
            pointing = any(each.normal in POINTING for each in words[begin:place])
            return predicate.able or (predicate.light and pointing)
        if said.holds("troubles", core) or said.holds("reasons", 0, place):
            return False
        if predicate.able and predicate.by_itself:
            return True
        if said.holds("plans", core):
            return said.holds("deeds", begin, core) or said.holds("grounds", begin, core)
        if predicate.becomes:
            return False
        if said.holds("grounds", core):
            return True
        if not said.holds("deeds", core) or (predicate.exists and not predicate.nominal):
            return False
        return predicate.able or predicate.light or words[place - 1].normal in ("ます", "てる")

    def _declining(
        self, said: Marked, begin: int, place: int
    ) -> tuple[ClauseMeaning | None, ClauseEnd] | None:
        """断る, 辞退する; 控えさせて, ご遠慮ください of somebody's manner; ハラスメントに当たります."""
        words = said.words
        following = words[place + 1].normal if place + 1 < len(words) else ""
        if said.holds("declines", place):
            if following not in _DECLINED:
                return None
            tail = read_tail(words, _after_helpers(words, place + 1), said.text)
            return (None if tail.link in (Link.OPEN, Link.ASKED) else ClauseMeaning.REFUSES), tail
        if said.holds("refrains", place):
            let_us = any(each.normal in _LETS for each in words[place + 1 : place + 3])
            about = self._manner_before(said, begin, place)
            tail = read_tail(words, _after_helpers(words, place + 1), said.text)
            refuses = let_us or (about and following in ("下さる", "頂く", "願う", "為る", "致す", "て"))
            return (ClauseMeaning.REFUSES if refuses and tail.link is not Link.OPEN else None), tail
        if said.holds("amounts", place) and said.holds("wrongs", begin, place):
            tail = read_tail(words, place + 1, said.text)
            return (None if tail.link in (Link.OPEN, Link.ASKED) else ClauseMeaning.REFUSES), tail
        return None

    def _manner_before(self, said: Marked, begin: int, place: int) -> bool:
        """Return whether somebody's manner is to be refrained from: 大声を出すのは, not 番号を."""
        words = said.words
        before = (
            at
            for at in range(place - 1, begin - 1, -1)
            if words[at].part in ("名詞", "動詞", "形容詞") and words[at].normal not in _CARRIERS
        )
        last = next(before, None)
        return last is not None and said.holds("manner", last)

    def _hard(self, said: Marked, begin: int, place: int) -> tuple[ClauseMeaning | None, ClauseEnd] | None:
        """返金は難しいです, それは無理です, 保証の対象外となります; not 操作が難しい, 難しくありません."""
        words = said.words
        if not said.holds("hard", place):
            return None
        word = words[place]
        following = words[place + 1] if place + 1 < len(words) else None
        adjective = word.part == "形容詞" and not word.form.startswith(("連用形-一般", "仮定形"))
        noun = word.part != "形容詞" and (following is None or following.normal in _COPULA)
        if not (adjective or noun) or any(each.normal in DENIALS for each in words[place + 1 : place + 4]):
            return None
        tail = read_tail(words, place + 1, said.text)
        nouns = [
            at for at in range(begin, place) if words[at].part == "名詞" and words[at].normal not in _FORMAL
        ]
        about = said.holds("deeds", begin, place) or not nouns
        unsaid = tail.past or tail.link in (Link.OPEN, Link.ASKED)
        if not about or unsaid or said.holds("reasons", 0, place):
            return None, tail
        return (ClauseMeaning.REFUSES if tail.link is Link.MAIN else ClauseMeaning.LEADS), tail

    def _closing(self, said: Marked, begin: int, place: int) -> tuple[ClauseMeaning | None, ClauseEnd] | None:
        """お電話を切らせていただきます, 終了とさせてください; not 終了しました, 電話を切った後."""
        words = said.words
        if said.holds("friendly", place):
            return ClauseMeaning.FRIENDLY, read_tail(words, place + 1, said.text)
        if not said.holds("ends", place):
            return None
        after = place + 1
        while after < len(words) and words[after].surface in ("と", "に"):
            after += 1
        let_us = any(each.normal in _LETS for each in words[after : after + 2])
        do = after < len(words) and words[after].normal in _DOES
        do = do or (after < len(words) and words[after].normal == "成る" and words[place].normal != "切る")
        if not do:
            return None
        tail = read_tail(words, _after_helpers(words, after), said.text)
        state = any(each.normal in _STATES for each in words[after : tail.end])
        denied = any(each.normal in DENIALS for each in words[after : min(tail.end, after + 5)])
        if denied or state or tail.past or tail.link in (Link.OPEN, Link.ASKED):
            return None, tail
        nothing_else = not any(each.part == "名詞" for each in words[begin:place])
        about = said.holds("ends_of", begin, place + 1) or let_us or nothing_else
        if any(each.normal in _FOR_NOW for each in words[begin:place]):
            return None, tail
        if not about or tail.link is not Link.MAIN:
            return None, tail
        return (
            ClauseMeaning.CLOSES if let_us or words[place].normal not in _MILD_ENDS else ClauseMeaning.GOODBYE
        ), tail

    def _giving(self, said: Marked, begin: int, place: int) -> tuple[ClauseMeaning | None, ClauseEnd] | None:
        """Can do, shall do, will do: an offer, an agreement or a promise to check."""
        words = said.words
        word = words[place]
        following = words[place + 1] if place + 1 < len(words) else None
        if word.normal == "ます" and word.form.startswith("意志推量形"):
            tail = read_tail(words, place + 1, said.text)
            return (ClauseMeaning.OFFERS if tail.link is Link.ASKED else None), tail
        if word.normal == "如何" and following is not None and following.normal == "です":
            return ClauseMeaning.OFFERS, read_tail(words, place + 1, said.text)
        able = word.normal == "出来る" and following is not None and following.part not in ("助詞", "名詞")
        if said.holds("possible", place):
            able = following is None or following.normal in _COPULA
        granted = said.holds("grants", place)
        if granted and place and words[place].normal == "承る" and words[place - 1].surface == "が":
            # 担当の佐藤が承ります is a name, not a promise.
            return None
        checks = said.holds("checks", place)
        routes = said.holds("routes", place)
        if not (able or granted or checks or routes):
            return None
        after = _after_helpers(words, place + 1)
        helpers = {each.normal for each in words[place + 1 : after + 1]}
        tail = read_tail(words, after, said.text)
        denied = any(
            each.normal in DENIALS or each.normal == "兼ねる" for each in words[place + 1 : tail.end + 1]
        )
        if denied:
            return None
        if (granted or checks) and any(each.normal == "宜しい" for each in words[after : after + 3]):
            # お電話差し上げてもよろしいですか.
            return ClauseMeaning.OFFERS, tail
        if tail.link in (Link.OPEN, Link.ASKED) and not (routes and tail.link is Link.ASKED):
            return None if not able else (None, tail)
        if said.holds("not_granted", begin, place):
            return None, tail
        if able:
            return ClauseMeaning.OFFERS, tail
        if routes and helpers & {"下さる", "頂く", "願う"} and "せる" not in helpers:
            return ClauseMeaning.OFFERS, tail
        if granted and helpers & (_DOES | _STATES | {"れる"}):
            return ClauseMeaning.OFFERS, tail
        if checks and helpers & _DOES and not helpers & _STATES and not tail.past:
            return ClauseMeaning.OFFERS, tail
        return None

    def _asking(self, said: Marked, begin: int, place: int) -> tuple[ClauseMeaning | None, ClauseEnd] | None:
        words = said.words
        word = words[place]
        question = word.surface == "か" and word.detail == "終助詞"
        request = word.normal in ("下さる", "頂く", "願う") and word.part == "動詞"
        if not (question or request):
            return None
        tail = read_tail(words, place + 1, said.text)
        polite_only = said.holds("courtesies", begin, place)
        return (None if polite_only else ClauseMeaning.ASKS), tail


def _is_suffix(words: Sequence[Morpheme], place: int) -> bool:
    """Say whether 兼ねる stands behind a verb, as in でき兼ねます, and is no verb of its own."""
    return place > 0 and words[place - 1].part == "動詞" and words[place - 1].form.startswith("連用形")


def _joins(words: Sequence[Morpheme], place: int) -> bool:
    """Say whether a clause ends at a joining particle: が, から, ので."""
    word = words[place]
    if word.surface == "で":
        return place > 0 and words[place - 1].detail == "準体助詞"
    return word.detail == "接続助詞" and word.surface not in ("て", "ながら")


def _and_so(words: Sequence[Morpheme], place: int) -> bool:
    return place < len(words) and words[place].surface == "て"


def _after_helpers(words: Sequence[Morpheme], place: int) -> int:
    """Skip the words that make an act polite: いたし, させて いただき, お願い し."""
    while place < len(words) and (
        words[place].normal
        in (
            "為る",
            "致す",
            "せる",
            "させる",
            "て",
            "頂く",
            "貰う",
            "下さる",
            "申し上げる",
            "願う",
            "御",
            "れる",
        )
        or words[place].surface in ("て", "を", "お")
    ):
        place += 1
    return place
