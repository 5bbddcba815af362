"""Denied verb, traced back through politeness to its object: お受けすることはできかねます to 受ける, with ability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kikimori_core.judging.words.sound import Morpheme

DENIALS = frozenset({"ない", "ず", "無い"})
POINTING = frozenset({"其れ", "其方", "其の", "そう", "此方", "此れ", "此の", "どう", "何れ"})
_LIGHT = frozenset({"為る", "致す", "行う", "遣る", "為さる"})
"""Verbs that take their meaning from the noun before."""
_HELPERS = frozenset({"だ", "ます", "てる", "居る", "おる", "頂く", "下さる", "て", "で", "は", "が", "も", "を", "に", "へ", "こと", "事", "方", "の", "御座る", "有る", "せる", "させる", "うち", "弊社", "当社", "当店", "私共", "私", "共", "所", "一切", "全く", "もう", "等"})  # fmt: skip
_ABILITY = frozenset({"れる", "られる"})
_SEEN = ("able", "by_itself", "light", "twice", "exists", "nominal", "becomes", "state")


@dataclass(frozen=True, slots=True)
class Denial:
    """Denied verb, traced back to its object."""

    core: int | None
    """Place of the word that carries the meaning; None when it is only できません."""
    able: bool
    """Inability, not unwillingness: できない, られない, かねる, わけにはいかない."""
    by_itself: bool
    """Said with できる or かねる, so that any noun may stand before it."""
    light: bool
    twice: bool
    """A denial of a denial."""
    exists: bool = False
    """Denies that there is something (ございません), which of an act says nothing: 変更はございません …"""
    nominal: bool = False
    """… unless the act was made a noun: 返金することはございません."""
    becomes: bool = False
    """対象にはなりません: a noun that is not reached."""
    state: bool = False
    """True = of a state: まだできておりません."""


def traced(words: Sequence[Morpheme], begin: int, place: int) -> Denial:
    """Trace a denial back to what is denied."""
    seen = set[str]()
    at = place - 1
    while at >= begin:
        word = words[at]
        if word.normal == "出来る":
            seen |= {"able", "by_itself"}
        elif word.normal in ("行く", "参る") and (reason := _reason_before(words, begin, at)):
            seen |= {"able", "by_itself"}
            at = reason
        elif (word.normal in _ABILITY and word.part == "助動詞") or word.lemma == "いただける":
            seen.add("able")
        elif word.normal in _LIGHT or (word.normal == "行く" and word.surface == "行っ"):
            # 値引きは行っておりません is cut as 行く, as 行う is written alike.
            seen.add("light")
        elif word.normal in DENIALS and word.part in ("助動詞", "形容詞"):
            seen.add("twice")
        elif word.normal == "成る":
            seen.add("becomes")
        elif word.normal in ("有る", "御座る"):
            seen.add("exists")
        elif word.normal in ("おる", "居る", "てる") and "by_itself" not in seen:
            seen.add("state")
        elif (
            word.normal in ("事", "の", "こと") and word.part in ("名詞", "助詞") and word.detail != "格助詞"
        ):
            seen.add("nominal")
        elif word.normal == "言う" and at > begin and words[at - 1].surface == "と":
            at -= 1
        elif word.normal not in _HELPERS and word.normal not in POINTING and word.part != "副詞":
            if word.part == "動詞" and word.lemma != word.normal and _potential(word):
                seen.add("able")
            return Denial(at, **{name: name in seen for name in _SEEN})
        at -= 1
    return Denial(None, **{name: name in seen for name in _SEEN})


def _potential(word: Morpheme) -> bool:
    """返せる is 返す with ability: the dictionary names the plain verb as the normal one."""
    return (
        "下一段" in word.conjugation
        and word.normal[-1:] in "うくすつぬむるぐぶ"
        and word.lemma[-2:-1] in "えけせてねめれげべ"
    )


def _reason_before(words: Sequence[Morpheme], begin: int, at: int) -> int:
    """Place of わけ in わけにはいかない; 0 when there is none."""
    return next((each for each in range(at - 1, max(begin - 1, at - 4), -1) if words[each].normal == "訳"), 0)
