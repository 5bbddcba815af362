"""Demand in an utterance, in a form by which the same demand is recognised in other words.

A demand of a known group (`wanted`) is that group. Any other is its verb and what it is about, compared by the
characters their content words are written with: 調査しろ and 調べろ share 調, where readings share nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from kikimori_core.judging.acts.weights import demands
from kikimori_core.judging.words.about import EMPTY, TIME, also, behind, content, joins, named, topics
from kikimori_core.judging.words.asking import REQUEST, asked
from kikimori_core.judging.words.lexicon import Lexicon
from kikimori_core.judging.words.passed_on import without_passed_on
from kikimori_core.judging.words.signs import DemandSigns
from kikimori_core.judging.words.wanted import DemandIndex

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kikimori_core.judging.words.lexicon import Marked
    from kikimori_core.judging.words.sound import Morpheme, Pronunciation
    from kikimori_core.judging.words.wanted import FoundDemand

SIMILAR = 0.5
"""Share of all units of two demands that both must have (Jaccard)."""
SIMILAR_ORDERS = 1 / 3
"""Share for two orders, which give no new details."""

BRIEF = 6
"""Most words of a brief demand."""
CORE_REACH = 9
"""Words before the one that asks among which the noun that it is about is looked for."""
_POLITE = frozenset({"下さる", "頂く", "願う", "致す", "ます", "です", "貰える", "宜しい", "頂戴"})
_MONEY = frozenset({"金", "お金", "代金", "料金", "分"})
_KANJI = re.compile(r"[\u4e00-\u9fff々]")
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

    about: frozenset[str] = frozenset()
    """Nouns that the verb is about, without times and amounts; empty = it names nothing."""
    core: frozenset[str] = frozenset()
    """Characters and loan words of the verb and of the noun next to it."""
    firm: frozenset[str] = frozenset()
    """The known demands without the vague ones, which go with any other: haste."""
    apart: bool = False
    """True = known, and of a kind that goes on with none but its own: 名前を言え after 返金しろ."""
    topics: frozenset[str] = frozenset()
    """Nouns of which it is said that they matter: 違約金 of 違約金は払わない、免除しろ."""
    near: frozenset[str] = frozenset()
    """Known demands that may be this one in other words after a refusal: 値引き of 返金."""
    goes_on: bool = False
    """True = a word at its beginning says that it is the same as before: だから, そこを何とか."""
    again: bool = False
    """True = it asks for nothing of its own: 何とかなりませんか."""
    anew: bool = False
    """True = a word says that it is another: じゃあ, それなら at its beginning, or 電話番号も."""
    informs: bool = False
    """True = it asks to be told something, which a plain statement does."""
    content: frozenset[str] = frozenset()
    """Words of meaning, in their normal spelling."""
    brief: bool = False
    """True = it has few words, and leaves the rest to what was said before."""
    listed: bool = True
    """True = the lists find it; False = the model of acts alone does."""
    order: bool = False
    """True = its verb stands as a plain order: 動かせ, 見せろよ."""

    @property
    def written(self) -> frozenset[str]:
        """Characters of what it is about, money left out."""
        return frozenset(_KANJI.findall("".join(self.about - _MONEY)))

    def is_like(self, other: Demand) -> bool:
        """Return whether both ask for the same."""
        if self.refers and other.refers and not (self.insists or other.insists):
            # 次は教えて after 次教えて may be the next thing.
            return False
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
        signs: DemandSigns | None = None,
        titles: Mapping[str, Mapping[str, str]] | None = None,
        vague: Iterable[str] = (),
        apart: Iterable[str] = (),
        informs: Sequence[str] = (),
        near: Iterable[frozenset[str]] = (),
    ) -> None:
        """Take the lists of the files of demands.

        Args:
            wanted: Known demands.
            generic: Verbs without meaning by themselves.
            signs: Words beside a demand by which it is the same as before, or another.
            titles: Display names of known demands by language code.
            vague: Known demands that go with any other.
            apart: Known demands that go with none but their own.
            informs: Verbs that ask to be told something.
            near: Known demands of which one may follow another for the same thing.
        """
        self._vague = frozenset(vague)
        self._apart = frozenset(apart)
        self._titles = titles or {}
        self._wanted = wanted or DemandIndex()
        self._lexicon = Lexicon({"generic": generic, "informs": informs})
        self._near = tuple(near)
        self._signs = signs or DemandSigns()

    def read(self, heard: Pronunciation, odds: float | None = None) -> Demand | None:
        """Return the demand, or None when there is none.

        `odds`: log odds that it is one by the model of acts; None = the lists alone decide.
        """
        return self.wording(heard, odds)[1]

    def wording(
        self, heard: Pronunciation, odds: float | None, *, anyway: bool = False
    ) -> tuple[Demand | None, Demand | None]:
        """Return the wording of an utterance as a demand, and the demand that it makes.

        Args:
            heard: The utterance.
            odds: Log odds that it is a demand by the model of acts; None = the lists alone decide.
            anyway: The wording is wanted also where there is no demand. Without, both are None there.
        """
        if not heard.words:
            return None, None
        asking: Sequence[int] = asked(heard)
        found = self._wanted.find(heard, heard.starts[asking[-1]] if asking else 0)
        asking, wants = without_passed_on(heard, asking, found)
        said = self._lexicon.mark(heard)
        amounts = frozenset(_amounts(heard.words))
        units = frozenset(self._units(said)) or amounts
        again = self._signs.again(heard)
        listed = bool(wants) or bool(asking) or (again and not units)
        is_one = listed if odds is None else demands(odds, listed=listed, known=bool(wants))
        if not (is_one or anyway):
            return None, None
        demand = self._demand(heard, said, asking, wants, units, amounts, listed=listed, again=again)
        return demand, demand if is_one else None

    def _demand(
        self,
        heard: Pronunciation,
        said: Marked,
        asking: Sequence[int],
        wants: Sequence[FoundDemand],
        units: frozenset[str],
        amounts: frozenset[str],
        *,
        listed: bool,
        again: bool,
    ) -> Demand:
        groups = frozenset(want.group for want in wants)
        goes_on = self._signs.go_on(heard)
        anew = self._signs.anew(heard) and not goes_on
        asks_at = asking[-1] if asking else len(heard.words) - 1
        verb = _verb(heard.words, asks_at)
        about = frozenset(named(heard.words, asking[-1] if asking else len(heard.words))) - {verb}
        last = max(wants, key=lambda want: want.end, default=None)
        return Demand(
            groups,
            units,
            polite=self._polite(heard, wants, asking),
            insists=_twice(wants) or self._signs.insist(heard),
            name=None if last is None else last.group,
            title={} if last is None else self._titles.get(last.group, {}),
            verb=verb,
            refers=not wants and not units,
            about=about,
            core=frozenset(self._core(heard, said, asks_at, wants)) | amounts,
            firm=groups - self._vague,
            apart=not self._apart.isdisjoint(groups),
            topics=frozenset(topics(heard.words)),
            near=frozenset[str]().union(*(each for each in self._near if not each.isdisjoint(groups))),
            goes_on=goes_on or again,
            again=again and not about and len(wants) <= 1,
            anew=anew or also(heard.words[: asking[-1] if asking else None], about),
            informs=said.holds("informs", 0, len(heard.words)),
            content=frozenset(content(heard.words)),
            brief=len(heard.words) <= BRIEF,
            listed=listed,
            order=bool(asking) and _orders(heard.words[asks_at]),
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

    @staticmethod
    def _core(heard: Pronunciation, said: Marked, asked: int, wants: Sequence[FoundDemand]) -> Iterable[str]:
        """Return what the verb that asks and the noun next to it are written with, a generic verb left out."""
        last = max((want.end for want in wants), default=0)
        # A phrase of a known demand ends with its verb.
        ends = [at for at in range(len(heard.words)) if heard.starts[at] < last]
        begin = ends[-1] if ends and asked >= len(heard.words) - 1 else asked
        nouns = verbs = 0
        for at in behind(heard.words, asked):
            yield from _KANJI.findall(heard.words[at].normal)
            yield from _KATAKANA.findall(heard.words[at].normal)
        for at in range(begin, max(-1, begin - CORE_REACH), -1):
            word, following = heard.words[at], [each.normal for each in heard.words[at + 1 : at + 3]]
            if joins(heard.words, at) and (nouns or verbs):
                return
            if word.normal in EMPTY or word.normal in REQUEST or TIME.search(word.normal):
                continue
            if following == ["に", "為る"]:
                # 違約金を無料にして is about 違約金.
                continue
            verb = word.part == "動詞" and not verbs and not nouns
            noun = word.part in ("名詞", "形状詞") and word.detail not in ("数詞", "固有名詞") and not nouns
            if not (verb or noun):
                continue
            verbs, nouns = verbs + verb, nouns + noun
            if not said.holds("generic", at):
                yield from _KANJI.findall(word.normal)
                yield from _KATAKANA.findall(word.normal)

    @staticmethod
    def _units(said: Marked) -> Iterable[str]:
        before: Morpheme | None = None
        for number, word in enumerate(said.words):
            # 終わる is a helper in 食べ終わる, and a verb of its own in 工事を終わらせろ.
            helps = word.detail == "非自立可能" and before is not None and before.part in ("動詞", "助動詞")
            helps = helps or (
                word.detail == "非自立可能" and before is not None and before.surface in ("て", "で")
            )
            before = word
            if word.part not in ("名詞", "動詞", "形状詞") or word.detail in ("数詞", "固有名詞"):
                continue
            if (
                helps
                or said.holds("generic", number)
                or (number and said.words[number - 1].detail == "数詞")
                or word.normal in EMPTY
                or word.normal in REQUEST
            ):
                continue
            if TIME.search(word.normal):
                # 金曜 and 土曜 share a character and nothing else.
                yield word.normal
                continue
            yield from _KANJI.findall(word.normal)
            yield from _KATAKANA.findall(word.normal)


def _orders(word: Morpheme) -> bool:
    """Return whether the word that asks is a plain order: 磨け, 読めよ, 磨いてくれ, and not 磨いて, 磨いてくれない or 磨きなさい."""
    if word.normal == "呉れる":
        return word.form == "命令形"
    return word.part == "動詞" and word.normal not in REQUEST and word.normal != "為さる"


def _amounts(found: Sequence[Morpheme]) -> Iterable[str]:
    """Return the sums of money, where a demand names nothing else: 三千円にしてください."""
    for word, unit in pairwise(found):
        if word.detail == "数詞" and unit.surface == "円":
            yield word.normal + unit.surface


def _verb(found: Sequence[Morpheme], asked: int) -> str:
    """Return the verb before or at the word that asks, or the noun that makes する one."""
    for at in range(asked, -1, -1):
        word = found[at]
        helps = word.detail == "非自立可能" and at > 0 and found[at - 1].surface in ("て", "で")
        if word.part == "動詞" and word.normal not in REQUEST and word.normal != "為る" and not helps:
            return word.normal
        if word.part == "名詞" and word.normal not in EMPTY:
            return word.normal
    return ""


def _twice(wants: Sequence[FoundDemand]) -> bool:
    """Return whether one demand is made at two places: クビだよクビ, and not the two phrases in 謝罪文を送ってこい."""
    return any(one.group == other.group and one.end <= other.start for one in wants for other in wants)
