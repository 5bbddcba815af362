"""Demand in an utterance, in a form by which the same demand is recognised in other words.

A demand of a known group (`wanted`) is that group. Any other is its verb and what it is about, compared by the
characters their content words are written with: 調査しろ and 調べろ share 調, where readings share nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kikimori_core.judging.words.lexicon import Lexicon
from kikimori_core.judging.words.sound import plain, words
from kikimori_core.judging.words.wanted import DemandIndex

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kikimori_core.judging.words.sound import Morpheme, Pronunciation
    from kikimori_core.judging.words.wanted import FoundDemand

SIMILAR = 0.5
"""Share of all units of two demands that both must have (Jaccard)."""
SIMILAR_ORDERS = 1 / 3
"""Share for two orders, which give no new details."""

_POLITE = frozenset({"下さる", "頂く", "願う", "致す", "ます", "です", "貰える", "宜しい", "頂戴"})
_REQUEST = frozenset({"下さる", "頂く", "貰う", "呉れる", "欲しい", "願う", "頂戴"})
_EMPTY = frozenset(
    {"為る", "居る", "有る", "成る", "遣る", "言う", "思う", "出来る", "事", "物", "方", "所", "時", "訳", "何", "今", "直ぐ",
     "早い", "電話", "話", "待つ", "聞く", "見る", "来る", "行く", "度", "回", "様", "御", "無い", "良い", "済む", "掛ける",
     "分かる", "知る", "何度", "何回", "先", "人", "一寸", "全部", "次", "其れ", "此れ", "御免", "一度", "今日", "本日", "困る", "早く", "普通"}
)  # fmt: skip
_ASKING = frozenset({"どう", "何処", "何", "何時", "どれ", "誰", "どの", "どちら", "何方"})
_TOLD_ENDS = frozenset({"ちゃう", "仕舞う", "てる", "居る", "おる", "れる", "られる", "ない", "無い", "思う", "成る", "有る", "たい", "出来る", "困る"})  # fmt: skip
"""Endings that tell a story before a て at the end of a breath: けんかしちゃって."""
_KANJI = re.compile(r"[\u4e00-\u9fff々]")
_TIME = re.compile(r"曜日?$|^(?:午前|午後|夕方|来週|再来週|来月|明日|明後日|月末)$")
_KATAKANA = re.compile(r"[ァ-ヴー]{2,}")


@dataclass(frozen=True, slots=True)
class Demand:
    groups: frozenset[str]
    """Known demands made in it."""
    units: frozenset[str]
    """Characters and loan words that carry the meaning of one that is not known."""
    polite: bool
    insists: bool = False
    """True = the customer stresses the repetition, or says it twice in a breath."""
    name: str | None = None
    """The known demand that was made last in it."""
    title: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Display name of that by language code."""
    verb: str = ""
    """The verb that asks, or its noun: 変更 of 変更しろ."""
    refers: bool = False
    """True = it only says that a demand made before shall be met: だからそうしろって言ってるだろ, or 変更しろよ of another with its verb."""

    def is_like(self, other: Demand) -> bool:
        """Return whether both ask for the same."""
        if self.refers or other.refers:
            return (
                (self.refers and self.insists) or (other.refers and other.insists) or self.verb == other.verb
            )
        if self.groups and other.groups:
            return bool(self.groups & other.groups)
        if self._says_again(other):
            return True
        if self.groups or other.groups:
            return False
        similar = SIMILAR if self.polite or other.polite else SIMILAR_ORDERS
        return len(self.units & other.units) >= similar * len(self.units | other.units)

    def _says_again(self, other: Demand) -> bool:
        """Return whether both are orders with one verb and something in common: 金曜に変更しろって of 点検の日を金曜に変更しろ."""
        common = self.units & other.units
        if self.verb == "" or self.verb != other.verb or not common:
            return False
        orders = not any(each.polite and not each.insists for each in (self, other))
        within = common in (self.units, other.units)
        return orders or (within and not (self.polite and other.polite))


class DemandReader:
    """Finds demands with the lists of the configured languages."""

    def __init__(
        self,
        wanted: DemandIndex | None = None,
        generic: Sequence[str] = (),
        insists: Sequence[str] = (),
        titles: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        """`generic`: verbs without meaning by themselves; `insists`: signs of saying it again; `titles`: of known demands."""
        self._titles = titles or {}
        self._wanted = wanted or DemandIndex()
        self._lexicon = Lexicon({"generic": generic})
        self._insists = tuple("".join(word.sound for word in words(plain(each))) for each in insists)

    def read(self, heard: Pronunciation) -> Demand | None:
        """Return the demand, or None when there is none."""
        wants = self._wanted.find(heard)
        asked = [number for number, word in enumerate(heard.words) if _asks(heard.words, number)]
        units = frozenset(self._units(heard))
        insists = _twice(wants) or any(each in heard.sound for each in self._insists)
        polite = self._polite(heard, wants, asked)
        refers = not wants and not units and bool(asked) and (insists or not polite)
        if not wants and not refers and (not asked or not units):
            return None
        last = max(wants, key=lambda want: want.end, default=None)
        return Demand(
            frozenset(want.group for want in wants),
            units,
            polite,
            insists,
            None if last is None else last.group,
            {} if last is None else self._titles.get(last.group, {}),
            _verb(heard.words, asked[-1] if asked else len(heard.words) - 1),
            refers,
        )

    @staticmethod
    def _polite(heard: Pronunciation, wants: Sequence[FoundDemand], asked: Sequence[int]) -> bool:
        """Judge by what follows the verb that asks."""
        begins = [at for at in range(len(heard.words)) if wants and heard.starts[at] >= wants[-1].start]
        first = begins[0] if begins else asked[-1] if asked else 0
        return any(
            word.normal in _POLITE or word.lemma in ("もらえる", "いただける")
            for word in heard.words[first:]
            if not word.form.startswith("意志推量形")
        )

    def _units(self, heard: Pronunciation) -> Iterable[str]:
        before: Morpheme | None = None
        for word, lists in zip(heard.words, self._lexicon.mark(heard).marks, strict=True):
            # 終わる is a helper in 食べ終わる, and a verb of its own in 工事を終わらせろ.
            helps = word.detail == "非自立可能" and before is not None and before.part in ("動詞", "助動詞")
            helps = helps or (
                word.detail == "非自立可能" and before is not None and before.surface in ("て", "で")
            )
            before = word
            if word.part not in ("名詞", "動詞", "形状詞") or word.detail in ("数詞", "固有名詞"):
                continue
            if helps or lists or word.normal in _EMPTY or word.normal in _REQUEST:
                continue
            if _TIME.search(word.normal):
                # 金曜 and 土曜 share a character and nothing else.
                yield word.normal
                continue
            yield from _KANJI.findall(word.normal)
            yield from _KATAKANA.findall(word.normal)


def _verb(found: Sequence[Morpheme], asked: int) -> str:
    """Return the verb before or at the word that asks, or the noun that makes する one."""
    for at in range(asked, -1, -1):
        word = found[at]
        if word.part == "動詞" and word.normal not in _REQUEST and word.normal != "為る":
            return word.normal
        if word.part == "名詞" and word.normal not in _EMPTY:
            return word.normal
    return ""


def _twice(wants: Sequence[FoundDemand]) -> bool:
    """Return whether one demand is made at two places: クビだよクビ, and not the two phrases in 謝罪文を送ってこい."""
    return any(one.group == other.group and one.end <= other.start for one in wants for other in wants)


def _asks(found: Sequence[Morpheme], number: int) -> bool:
    word = found[number]
    following = [each.normal for each in found[number + 1 : number + 4]]
    if word.form.startswith("命令形"):
        # 代われ, してください, しなさい; also what Kansai makes of it.
        return True
    if (
        word.part == "動詞"
        and word.lemma not in (word.normal, word.surface)
        and word.form.startswith("連用形")
    ):
        # 外に出せ: cut as the beginning of 出せる, which never ends a breath.
        cut = (
            "下一段" in word.conjugation
            and word.surface == word.lemma[:-1]
            and word.lemma[:-2] == word.normal[:-1]
        )
        return cut and (number == len(found) - 1 or found[number + 1].surface in ("よ", "や", "って"))
    if word.normal in _REQUEST and (
        word.part != "名詞" or (number and found[number - 1].surface in ("て", "で"))
    ):
        # 返してもらえますか, してほしい, お願いします; not 返してもらいました.
        return "た" not in following
    if word.normal == "たい" and word.part == "助動詞":
        # してもらいたい; 飲みたい asks nobody.
        begged = number > 0 and found[number - 1].normal in ("貰う", "頂く")
        return begged and not {"無い", "た"} & set(following)
    if word.normal == "良い" and number and found[number - 1].surface == "ば":
        # 書き直せばいいだけだ; not どうすればいいですか.
        return "か" not in following and not any(each.normal in _ASKING for each in found[:number])
    # 返して! at the end of a breath, or before よ and な.
    if word.surface in ("て", "で") and word.detail == "接続助詞" and number:
        if found[number - 1].normal in _TOLD_ENDS:
            return False
        return number == len(found) - 1 or (found[number + 1].detail == "終助詞" and number == len(found) - 2)
    return False
