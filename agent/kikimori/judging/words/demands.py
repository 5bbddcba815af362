"""What an utterance asks for, whatever its words: so that the same demand can be known again in other words.

Two demands are compared by the characters their content words are written with: 返金しろ and 金を返せ share 返 and 金,
where readings (ヘンキン, カネオカエセ) share nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kikimori.judging.words.sound import Word

SIMILAR = 0.6
"""Share of the smaller demand's units that the other must have too."""

_POLITE = frozenset({"下さる", "頂く", "願う", "致す", "ます", "です", "貰う", "宜しい"})
_REQUEST = frozenset({"下さる", "頂く", "貰う", "呉れる", "欲しい", "願う", "頂戴"})
_EMPTY = frozenset(
    {"為る", "居る", "有る", "成る", "遣る", "言う", "思う", "出来る", "事", "物", "方", "所", "時", "訳", "何", "今", "直ぐ",
     "早い", "電話", "話", "待つ", "聞く", "見る", "来る", "行く", "一", "度", "回", "様", "御", "無い", "良い", "済む", "掛ける",
     "分かる", "知る", "何度", "何回", "先"}
)  # fmt: skip
_KANJI = re.compile(r"[\u4e00-\u9fff々]")
_KATAKANA = re.compile(r"[ァ-ヴー]{2,}")


@dataclass(frozen=True, slots=True)
class Demand:
    units: frozenset[str]
    """Characters and loan words that carry its meaning."""
    polite: bool

    def is_like(self, other: Demand) -> bool:
        """Say whether both ask for the same."""
        common = len(self.units & other.units)
        return common >= SIMILAR * min(len(self.units), len(other.units)) and (
            common > 1 or max(len(self.units), len(other.units)) <= 2
        )


def demand_in(words: Sequence[Word]) -> Demand | None:
    """Return what is asked for, or None when nothing is."""
    asked = [number for number, word in enumerate(words) if _asks(words, number)]
    if not asked:
        return None
    units = frozenset(_units(words))
    if not units:
        return None
    polite = any(word.normal in _POLITE for word in words[asked[-1] :])
    return Demand(units, polite)


def _asks(words: Sequence[Word], number: int) -> bool:
    word = words[number]
    following = [each.normal for each in words[number + 1 : number + 4]]
    if word.form.startswith("命令形"):
        # 代われ, してください, しなさい; also what Kansai makes of it.
        return True
    if word.normal in _REQUEST and word.part != "名詞":
        # 返してもらえますか, してほしい, お願いします; not 返してもらいました.
        return "た" not in following
    if word.normal == "たい" and word.part == "助動詞":
        return not {"無い", "た"} & set(following)
    # 返して! at the end of a breath.
    last = number == len(words) - 1
    return last and word.surface in ("て", "で") and word.detail == "接続助詞"


def _units(words: Iterable[Word]) -> Iterable[str]:
    for word in words:
        if word.part == "名詞" and word.detail == "数詞":
            continue
        if word.part not in ("名詞", "動詞") or word.detail == "非自立可能" or word.normal in _EMPTY:
            continue
        yield from _KANJI.findall(word.normal)
        yield from _KATAKANA.findall(word.normal)
