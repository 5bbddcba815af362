"""Rough forms: plain orders (調べろ, 返せよ), coarse endings (できねえのか, 二度手間だろうが, 何やってんだよ), and blunt questions (どうしてくれるんだ).

Hardly anybody speaks so to an office in calm talk. By itself such a form says nothing: 頑張れ, もうやめろ among friends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.judging.words.form import Form
from kikimori_core.judging.words.potential import brings
from kikimori_core.judging.words.reporting import quoted, reported
from kikimori_core.judging.words.sentence import Sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kikimori_core.judging.words.form import Predicate
    from kikimori_core.judging.words.sound import Morpheme, Pronunciation

_MILD = frozenset({
    "下さる", "為さる", "呉れる", "貰う", "頂く", "いらっしゃる", "御覧", "頑張る", "置く", "羽ばたく", "生きる", "戦う", "楽しむ",
})  # fmt: skip
"""Verbs whose order is a request, or cheers: してくれ, 頑張れ, 最後まで戦え."""
_INVITING = ("いつ", "で", "も")
"""Words before an order that invites: いつでも来い."""
_NO = frozenset({"ねえ", "ねぇ", "ねー"})
_ENDINGS = (
    ("だろう", "が"),
    ("だろ", "が"),
    ("やろ", "が"),
    ("の", "か", "よ"),
    ("ん", "か", "よ"),
    ("ん", "だ", "よ"),
    ("ん", "じゃ", "ない", "ぞ"),
    ("ん", "じゃ", "ない", "わ", "よ"),
)
"""Words that end a breath coarsely, as they are spelt."""
_LAST = frozenset(ending[-1] for ending in _ENDINGS)
_LAST_BUT_ONE = frozenset(ending[-2] for ending in _ENDINGS)
_CALLS = frozenset({"コラ", "コラァ", "こら", "こらぁ", "オラ", "オラァ", "おら", "おらぁ"})
"""Calls after the last word: どこ見てんねん、コラ."""
_ASKING = frozenset(
    {"何", "なに", "何で", "何故", "なぜ", "何処", "どこ", "いつ", "何時", "誰", "だれ", "どう", "どない", "どんな", "如何", "如何して", "幾ら", "いくら", "どれ"}
)  # fmt: skip
"""Dictionary forms of words that ask."""
_EXPLAINED = frozenset({"だ", "じゃ", "や"})
_BLAMED = frozenset({"ん", "の", "つもり", "積もり", "事", "こと", "何事"})
"""Words before だ by which a question accuses: なんで待たせるんだ, どういうつもりだ."""


def rough(heard: Pronunciation) -> bool:
    """Return whether somebody speaks roughly, in words of their own."""
    if not any(_may_be(heard.words, at) for at in range(len(heard.words))):
        return False
    sentence = Sentence(heard, {})
    if _ends_in_a_likeness(sentence):
        return False
    if any(_commands(sentence, each) for said in sentence.predicates.values() for each in said):
        return True
    return any(
        _coarse(sentence, at) and not reported(sentence, at + 1) for at in range(1, len(sentence.words))
    )


def _ends_in_a_likeness(sentence: Sentence) -> bool:
    """Return whether a quoting みたいな ends what is said, so that all before it is a scene: なんなんだよ? 分かんない! え? みたいな."""
    end = len(sentence.words)
    at = end - 2 if sentence.words[-1].surface == "な" else end - 1
    return at > 0 and sentence.words[at].surface == "みたい" and quoted(sentence, at)


def _may_be(words: Sequence[Morpheme], at: int) -> bool:
    """Return whether a word may be rough; most sentences have none, and need not be read."""
    word = words[at]
    return (
        word.form.startswith(("命令形", "仮定形"))
        or word.surface in _NO
        or (word.surface in _LAST and at > 0 and words[at - 1].surface in _LAST_BUT_ONE)
        or (word.surface in _CALLS and at > 0)
        or _accuses(words, at)
        or (word.part == "動詞" and bool(brings(words, at) & (Form.IMPERATIVE | Form.POTENTIAL)))
    )


def _accuses(words: Sequence[Morpheme], at: int) -> bool:
    """Return whether a word ends a plain explanation or demand for one: のだ, んじゃ, ねん."""
    if words[at].surface == "ねん":
        return True
    return words[at].surface in _EXPLAINED and at > 0 and words[at - 1].surface in _BLAMED


def _is_concerned(words: Sequence[Morpheme], at: int) -> bool:
    """Return whether a question asks after somebody rather than blames: 何があったんだ, どうしたんだ; not どうなってるんだ."""
    asked = tuple(word.normal for word in words[max(0, at - 5) : at - 1])
    return asked[-4:] == ("何", "が", "有る", "た") or asked[-3:] == ("どう", "為る", "た")


def _commands(sentence: Sentence, said: Predicate) -> bool:
    words = sentence.words
    if said.form == Form.POTENTIAL and words[said.at].form.startswith("連用形"):
        # 帰れ、馬鹿 is cut as a form of 帰れる.
        return said.end == said.at + 1 and sentence.ended(said.end)
    if not said.form & Form.IMPERATIVE or said.form & (Form.REQUEST | Form.POLITE | Form.PROHIBITION):
        return False
    particle = words[said.end - 1].surface in ("よ", "や")
    order = words[said.end - 1 - particle]
    if order.normal in _MILD or not (order.form.startswith("命令形") or said.end - particle == said.at + 1):
        return False
    before = tuple(word.surface for word in words[max(0, said.at - 3) : said.at])
    if words[said.at].normal in _MILD or before == _INVITING:
        # 羽ばたいていけ, いつでも来い
        return False
    if order.surface.endswith(("よ", "やろ", "とけ", "どけ")) or order.surface in ("いえ", "言え"):
        # 調べてみよ is a plan that lost its う, やめとけ advice, いえ a no.
        return False
    if not (said.last or particle or _insisted(sentence, said.end)):
        return False
    return not reported(sentence, said.end)


def _insisted(sentence: Sentence, end: int) -> bool:
    """Return whether the order is one's own, said again: 返せって言ってるんだ."""
    words = sentence.words[end : end + 2]
    return len(words) > 1 and words[0].surface in ("って", "と") and words[1].normal in ("言う", "云う")


def _coarse(sentence: Sentence, at: int) -> bool:
    words, word = sentence.words, sentence.words[at]
    if word.surface in _NO and word.part in ("助動詞", "形容詞"):
        # できねえ; not 確かにねえ, いねえよな.
        agrees = at + 2 < len(words) and words[at + 2].surface.startswith(("な", "ね"))
        return words[at - 1].form.startswith(("未然形", "連用形")) and not agrees
    if not sentence.ended(at + 1):
        return False
    if word.surface in _CALLS:
        return True
    if _accuses(words, at) and any(each.normal in _ASKING for each in words[:at]):
        return not _is_concerned(words, at)
    return any(
        at + 1 >= len(ending)
        and all(words[at + 1 - len(ending) + place].surface == each for place, each in enumerate(ending))
        for ending in _ENDINGS
    )
