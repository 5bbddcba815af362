"""Nouns that a demand is about, and where the clause begins that names them."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from kikimori_core.judging.words.asking import REQUEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kikimori_core.judging.words.sound import Morpheme

EMPTY = frozenset(
    {"為る", "居る", "有る", "成る", "遣る", "言う", "思う", "出来る", "事", "物", "方", "所", "時", "訳", "何", "今", "直ぐ",
     "早い", "電話", "話", "待つ", "聞く", "見る", "来る", "行く", "度", "回", "様", "御", "無い", "良い", "済む", "掛ける",
     "分かる", "知る", "何度", "何回", "先", "人", "一寸", "全部", "次", "其れ", "此れ", "もん", "もの", "御免", "一度", "今日", "本日", "困る", "早く", "普通"}
)  # fmt: skip
"""Words that name nothing by themselves."""
TIME = re.compile(r"曜日?$|^(?:午前|午後|夕方|来週|再来週|来月|明日|明後日|月末)$")


def named(found: Sequence[Morpheme], asked: int) -> Iterable[str]:
    """Return the nouns between the last reason or "but" and the word that asks: 領収書 of 出すから領収書をくれ."""
    ends = [at for at in range(asked) if joins(found, at)]
    begins = ends[-1] + 1 if ends else 0
    for at in [*range(begins, asked), *behind(found, asked)]:
        word = found[at]
        counted = at > 0 and found[at - 1].detail == "数詞"
        if word.part != "名詞" or word.detail in ("数詞", "固有名詞") or counted:
            continue
        if word.normal not in EMPTY and word.normal not in REQUEST and not TIME.search(word.normal):
            yield word.normal


def topics(found: Sequence[Morpheme]) -> Iterable[str]:
    for word, after in pairwise(found):
        if word.part in ("名詞", "接尾辞") and after.surface == "は" and word.normal not in EMPTY:
            yield word.normal


def content(found: Sequence[Morpheme]) -> Iterable[str]:
    for word in found:
        counts = word.part in ("名詞", "動詞", "形状詞") and word.detail not in ("数詞", "非自立可能")
        if counts and word.normal not in EMPTY and word.normal not in REQUEST:
            yield word.normal


def also(found: Sequence[Morpheme], nouns: frozenset[str]) -> bool:
    """Return whether it asks for one more thing: 電話番号も変更して; not 今日も, 名前だけでも."""
    return any(
        word.surface == "も"
        and word.detail == "係助詞"
        and found[at - 1].normal in nouns
        and sum(each.part == "動詞" for each in found[at:]) <= 1
        for at, word in enumerate(found)
        if at
    )


def behind(found: Sequence[Morpheme], asked: int) -> Sequence[int]:
    """Return the places of a noun that ends the utterance, put last: 消してくださいよ写真を."""
    places = [at for at in range(asked + 1, len(found)) if found[at].part == "名詞"]
    last = found[-1]
    ends = last.part in ("名詞", "接尾辞") or (last.part == "助詞" and last.surface in ("を", "に", "は"))
    return places if ends and not any(each.part == "動詞" for each in found[asked + 2 :]) else []


def joins(found: Sequence[Morpheme], at: int) -> bool:
    """Return whether a reason, a "but" or a "not this" ends at a word: 一部じゃなくて."""
    word, before = found[at], found[at - 1] if at else None
    after = found[at + 1] if at + 1 < len(found) else None
    if word.detail != "接続助詞":
        ends = word.part == "助動詞" and word.form.startswith(("意志推量形", "終止形"))
        # 権利があるでしょう、教えてください: what is asked for has a sentence of its own.
        says = ends and after is not None and after.part not in ("助詞", "助動詞")
        closes = (
            word.detail == "終助詞" and before is not None and before.part in ("助動詞", "形容詞", "動詞")
        )
        closes = closes and (word.surface == "よ" or after is None or after.start > word.end)
        return says or closes or (word.surface == "に" and before is not None and before.detail == "準体助詞")
    if word.surface == "ば" and after is not None and after.normal == "良い":
        return False
    return word.surface not in ("て", "で") or (before is not None and before.normal in ("無い", "ない"))
