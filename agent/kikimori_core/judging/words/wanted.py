"""Known demands: groups of phrases that ask for the same, found by sound in every form in which they are asked for.

返金する and 返す are one demand: 返金しろ, 金返せや, かえしてよ, 返さんかい, 返してもらわないと, なんで返せないの,
返せばいいんだ. A noun may stand alone where it can only be a demand: だから返金, 返金でしょ, 弁償しかない.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from kikimori_core.judging.words.asking import AFTER_TE, UNTIL
from kikimori_core.judging.words.conjugation import forms
from kikimori_core.judging.words.sound import folded, plain, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kikimori_core.judging.words.conjugation import Forms
    from kikimori_core.judging.words.sound import Morpheme, Pronunciation

BETWEEN = 9
"""Sounds that may stand between the parts of a phrase."""
NEXT_TO = 3
"""Most sounds between a noun and its する: を fits, くらい does not."""


@dataclass(frozen=True, slots=True)
class FoundDemand:
    """A known demand in an utterance."""

    group: str
    start: int
    """Position of its beginning in the sounds heard."""
    end: int
    tight: bool = True
    """False = other words stand before its verb: 持って謝りに来い."""
    condition: bool = False
    """True = it says what follows where it is not met, or that it is not: 来ないなら, 払えないん."""


@dataclass(frozen=True, slots=True)
class DemandGroup:
    """Demand in all its words."""

    name: str
    phrases: tuple[str, ...]
    """Phrases in the dictionary form: 金を返す."""
    nouns: tuple[str, ...] = ()
    """Demands without a verb: 弁償."""
    stop: tuple[str, ...] = ()
    """Actions that the customer forbids: 電話する, said as 電話するな."""


@dataclass(frozen=True)
class _Asked:
    group: str
    head: str
    """Sound it cannot be without; looked for before the expression is tried."""
    source: str

    @cached_property
    def expression(self) -> re.Pattern[str]:
        """Compiled when its head was first heard."""
        return re.compile(self.source)


class DemandIndex:
    """Compiled demands of all groups, found by their sound."""

    def __init__(self) -> None:
        self._asked: dict[str, list[_Asked]] = defaultdict(list)
        """By their heads."""
        self._nouns: dict[str, str] = {}

    def add(self, group: DemandGroup) -> None:
        """Add a group. Raises ValueError when a phrase ends in no verb."""
        asked = [_compiled(group.name, phrase, _request) for phrase in group.phrases]
        asked += [_compiled(group.name, phrase, _ban) for phrase in group.stop]
        for each in asked:
            self._asked[each.head].append(each)
        for noun in group.nouns:
            self._nouns["".join(word.sound for word in words(plain(noun)))] = group.name

    def find(self, heard: Pronunciation, asked_at: int = 0) -> list[FoundDemand]:
        """Return the demands of an utterance in no particular order; one made twice stands twice.

        `asked_at`: place in the sounds of the last word that asks: 払えないから消して asks for no payment.
        """
        found = list(self._by_verb(heard))
        # 持ってこい holds 来い, and is another demand.
        longest = [each for each in found if not any(other.tight and _within(each, other) for other in found)]
        # 来ないなら返して asks for one of them.
        asks = [
            each
            for each in longest
            if not (
                each.condition and (asked_at > each.end or any(other.start >= each.end for other in longest))
            )
        ]
        return asks or list(self._by_noun(heard))

    def _by_verb(self, heard: Pronunciation) -> Iterator[FoundDemand]:
        sound = heard.sound
        for head, asked in self._asked.items():
            if head not in sound:
                continue
            for each in asked:
                for match in each.expression.finditer(sound):
                    begins = match.start() in heard.starts and _verb_begins(heard, match)
                    if begins and not _is_noun(heard, match):
                        yield FoundDemand(
                            each.group,
                            match.start(),
                            match.end(),
                            _is_tight(match),
                            match.group().endswith(("ナラ", "カギリ", "ナイノ", "ナイン", "ナイッテ")),
                        )

    def _by_noun(self, heard: Pronunciation) -> Iterator[FoundDemand]:
        for at, word in enumerate(heard.words):
            group = self._nouns.get(word.sound)
            if group is not None and word.part == "名詞" and _stands_alone(heard.words, at):
                yield FoundDemand(group, heard.starts[at], heard.starts[at + 1])


def _verb_begins(heard: Pronunciation, match: re.Match[str]) -> bool:
    """Return whether the verb begins a word, or stands directly behind its object: 半額にしんしゃい is cut as 半額, 鰊."""
    at = match.start("verb")
    if at == match.start():
        return True
    ends = match.end("object")
    return ends in heard.starts and (at in heard.starts or at == ends + 1)


def _is_tight(match: re.Match[str]) -> bool:
    at = match.start("verb")
    return at == match.start() or at - match.end("object") <= NEXT_TO


def _is_noun(heard: Pronunciation, match: re.Match[str]) -> bool:
    """Return whether what sounds like a verb that asks is a noun or an adjective: 今回, 濃いカレー; the 旋回 of 交換せんかい is a verb."""
    start, end = match.start("verb"), match.end()
    if start not in heard.starts or (start > match.start() and start == match.end("object")):
        return False
    at = heard.starts.index(start)
    return heard.words[at].part in ("名詞", "形容詞") and heard.starts[at + 1] >= end


def _within(one: FoundDemand, other: FoundDemand) -> bool:
    return other.start <= one.start and one.end <= other.end and other.end - other.start > one.end - one.start


def _compiled(group: str, phrase: str, ending: Callable[[Forms], str]) -> _Asked:
    found = [word for word in words(plain(phrase)) if word.part != "助詞"]
    if not found:
        raise ValueError(f"{phrase!r} has no sound")
    *before, last = found
    sound = last.sound if last.surface == last.lemma else _sound(last.lemma)
    conjugated = forms(sound, last.conjugation)
    if conjugated is None:
        raise ValueError(f"{phrase!r} must end in the dictionary form of a verb")
    # 探してこい asks for no visit.
    parts = "(?<![テデ])" if not before and last.conjugation.startswith("カ行変格") else ""
    for word in before:
        gap = NEXT_TO if word is before[-1] and last.conjugation.startswith("サ行変格") else BETWEEN
        last_of_object = word is before[-1]
        parts += (
            f"(?P<object>{_adverb(word)}).{{0,{gap}}}?" if last_of_object else f"{_adverb(word)}.{{0,{gap}}}?"
        )
    # 来る shares no sound with 来い.
    stem = "" if last.conjugation.startswith("カ行変格") else conjugated.u[:-1]
    head = max([word.sound.removesuffix("ク") for word in before] or [stem], key=len)
    return _Asked(group, head, f"{parts}(?P<verb>{ending(conjugated)})")


def _adverb(word: Morpheme) -> str:
    """Return the expression of a word before the verb: 安く is 安う in the west."""
    if word.part == "形容詞" and word.sound.endswith("ク"):
        return f"{re.escape(word.sound[:-1])}[クウ]?"
    return re.escape(word.sound)


def _sound(text: str) -> str:
    return folded("".join(word.sound for word in words(plain(text))))


def _request(verb: Forms) -> str:
    order = "|".join(re.escape(each) for each in _orders(verb))
    godan = verb.i != verb.a and verb.e_of_suru is None and len(verb.order) == 1
    ba = verb.order[0] if godan else verb.u[:-1] + "レ"
    able = verb.order[0] if godan else verb.u[:-2] + "デキ" if verb.e_of_suru else verb.a + "ラレ"
    return "|".join(
        (
            rf"(?:{order})(?!バ|ル|テ|マ|ナ[イカク]|タ|ン(?!カ)|ズ|ソ|ラ)",
            rf"{verb.te}(?:{'|'.join(AFTER_TE)})",
            rf"{verb.te_stem}(?:[トド]ケ|[トド]イテ|[タダ]レヨ?|[タダ]ランカ|[テデ]ンカ|[トド]クレ)",
            rf"{verb.i}(?:ナサ|ナ(?:$|ヨ)|クダサイ|ネガ|タイ(?:$|[ンノト]|デス|ッテ)|ヤ(?=$)|ンサイ|ンシャイ|ナッセ|ナハレ)",
            rf"{verb.a}(?:ンカイ?|ンネ(?=$)|セロ|セテ(?!イタダキマ|モラ[ッイ])|サセロ|サセテ(?!イタダキマ|モラ[ッイ])|ナイト(?:ダメ|イケ|コマ|ナット|$)|ナキャ|ナイ(?:ナラ|カギリ)(?!モ?イイ|ケッコ|{verb.a}ナ))",
            rf"{ba}バ(?:イイ|ヨイ|スム)",
            rf"{able}(?:ナイ(?:ノ|ン|ワケ|$|ッテ|カ)|マセンカ|ン(?:ノ|ネン|ワケ|トカ)|ヘン(?:ノ|ネン|ワケ|カ))",
            rf"{verb.u}(?:ベキ|ンダ(?:ヨ|$|ナ)|ヨニ(?:イエ|シロ|シテ)|マデ(?:ハ|ワ)?[キデ]|ノガ(?:スジ|トゼン|フツ|アタリマエ|ギム|ドリ|ジョシキ)|(?:ッテ|ト)イエバ)",
            rf"{verb.u}{UNTIL}",
            rf"{verb.u}(?:[クグ]ライ|コト)(?:ワ|ハ)?デキ(?:ル|マス)(?:デショ(?!カ)|ダロ(?!カ)|ヤロ|ヤン|ハズ)",
            rf"{verb.u}シカナイ(?:ジャナイ|デショ(?!カ)|ダロ(?!カ)|ヤロ|ノヨ|ンダヨ|ンデス)",
            *(
                [rf"{verb.a}レ(?:ルダロ|ルデショ|ナイノ|ナインダ|ナイワケ)"]
                if not godan and verb.e_of_suru is None
                else ()
            ),
            rf"{able}(?:ル)?(?:デショ(?!カ)|ダロ(?!カ)|ヤロ|ハズ)",
            *(
                [
                    rf"{verb.e_of_suru}(?:ンカイ?|ンネ(?=$)|ナアカン|ヤ|(?=$|[ヨエッユトイ]))",
                    r"クダサ(?!ッタ|ッテ|イマシ)",
                    r"イタダ(?:ケマ(?!シ)|ケナイデ|ケレバ|ケタラ|キタ)",
                    r"オネガイ(?!シマシタ|シタ|イタシマシタ|シテイ|シテオ)",
                ]
                if verb.e_of_suru
                else ()
            ),
        )
    )


def _orders(verb: Forms) -> list[str]:
    """Return the forms of command that are no other word: 来い, not 来; 見せろ, not 見せい."""
    if verb.i == verb.a and verb.e_of_suru is None:
        return [each for each in verb.order if each.endswith("ロ")]
    return [each for each in verb.order if len(each) > 1]


def _ban(verb: Forms) -> str:
    return rf"{verb.u}ナ(?=$|ヨ|ッテ|ト[イユ])|{verb.te}(?:クルナ|クンナ)|{verb.a}ナイデ(?:$|クレ|クダサ|ヨ|ホシ)"


def _stands_alone(found: Sequence[Morpheme], at: int) -> bool:
    """Say whether a noun is a demand without a verb, by what follows it."""
    if at + 1 == len(found):
        return True
    following = found[at + 1]
    after = found[at + 2] if at + 2 < len(found) else None
    if following.normal == "です":
        return following.form.startswith("意志推量形") and (after is None or after.surface != "か")
    if (
        following.normal in ("だ", "や")
        and following.part == "助動詞"
        and following.surface not in ("で", "な", "に")
    ):
        return after is None or after.surface in ("よ", "ろ", "って", "と", "ぞ") or after.part == "名詞"
    if (
        following.surface == "を"
        and after is not None
        and after.normal in ("求める", "要求", "要望", "希望", "御")
    ):
        # 返金を求めます, 返金をお願いします
        return True
    if following.surface in ("しか", "以外"):
        return after is not None
    return following.sound == found[at].sound or following.surface in ("一", "だろ", "だろう", "やろ")
