"""Insulting names: a noun that insults only when it is used for the listener.

馬鹿 is an insult in 「この馬鹿」, 「お前は馬鹿か」, 「死ね馬鹿」 and alone; in 「馬鹿な質問」, 「私が馬鹿でした」 and 「クズ餅」 it is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori_core.judging.words.form import Form
from kikimori_core.judging.words.predicate import predicate
from kikimori_core.judging.words.reporting import quoted
from kikimori_core.judging.words.sound import sounds_alike

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kikimori_core.judging.words.sentence import Sentence

_YOU = frozenset({"御前", "あんた", "貴方", "君", "御宅", "てめえ", "手前", "貴様", "己", "われ", "おどれ", "おのれ", "うぬ", "お前", "こいつ", "そいつ",
                  "此奴", "其奴", "おめえ", "おまえ", "おまはん", "オマエ", "アンタ", "おたく"})  # fmt: skip
_NOT_YOU = frozenset({"私", "僕", "俺", "自分", "うち", "家", "主人", "夫", "妻", "旦那", "女房", "嫁", "息子", "娘", "子", "子供", "孫", "母", "父", "親", "兄",
                      "弟", "姉", "妹", "友達", "友人", "彼", "彼女", "隣", "同僚", "先生", "犬", "猫", "わたし", "あたし", "我ながら"})  # fmt: skip
_THROWN_BEFORE = frozenset({"この", "此の", "おい", "こら", "糞", "ほんま", "ほんと", "本当", "マジ", "まじ", "ただ", "只", "所詮", "どうせ", "やっぱり", "まさに", "もう",
                            "単なる", "いや", "うわ", "全く", "この此の", "ええ", "よう", "はっきり", "ほんまもん", "やっぱ", "ど", "超"})  # fmt: skip
_POINTS = frozenset({"この", "此の", "おい", "こら", "糞", "ど"})
_SUFFIXES = frozenset({"女", "男", "店", "会社", "野郎", "役所", "爺", "婆", "じじい", "ばばあ", "ジジイ", "ババア", "店員", "役人", "公務員", "社員", "担当", "銀行",
                       "病院", "職員", "オペレーター", "共", "ども", "め", "以下", "同然", "教師", "医者", "上司", "企業", "ばっかり", "ばっか", "ばかり", "だらけ"})  # fmt: skip
_PERSONS = frozenset({
    "女", "男", "店", "会社", "野郎", "役所", "爺", "婆", "じじい", "ばばあ", "ジジイ", "ババア", "店員", "役人", "公務員",
})  # fmt: skip
_LIKE = frozenset({"みたい", "よう", "同然"})
_OF_IT = frozenset({"集まり", "塊", "分際", "極み", "癖", "くせ", "集団", "巣窟"})
_NO_NAME = Form.PAST | Form.CAUSE | Form.BUT | Form.NEGATIVE | Form.HEARSAY | Form.CONDITION | Form.CONCESSION


@dataclass(frozen=True)
class NamePattern:
    """One insulting noun."""

    phrase: str
    alone: bool
    """True = it insults also when nobody is named: 馬鹿, but not ゴキブリ."""
    always: bool
    """True = it has no harmless meaning: くそばばあ, 給料泥棒."""
    sound: str
    long: tuple[int, ...]

    @property
    def needs(self) -> tuple[frozenset[str], ...]:
        """Sound that must stand in a sentence."""
        return (frozenset({self.sound}),)

    def find(self, sentence: Sentence) -> Iterator[tuple[int, int]]:
        """Yield the first and the last word but one of each use of the noun for the listener."""
        for first, end in sentence.spans.get(self.sound, ()):
            if not sounds_alike(sentence.words[first:end], self.long, len(self.sound)):
                continue
            stop = _thrown(sentence, first, end, alone=self.alone, always=self.always)
            if stop is not None:
                yield first, stop


@dataclass(frozen=True)
class AddressPattern:
    """Rude word for the listener (お前), which marks the tone of an order, a question or a claim."""

    phrase: str
    sound: str

    @property
    def needs(self) -> tuple[frozenset[str], ...]:
        """Sound that must stand in a sentence."""
        return (frozenset({self.sound}),)

    def find(self, sentence: Sentence) -> Iterator[tuple[int, int]]:
        """Yield the first and the last word but one from the word to the end of its clause."""
        for first, end in sentence.spans.get(self.sound, ()):
            if sentence.words[first].part != "代名詞":
                # 多め is no おめえ.
                continue
            said = next(
                (
                    each
                    for each in sorted(
                        (each for found in sentence.predicates.values() for each in found),
                        key=lambda one: one.at,
                    )
                    if each.at >= end and (each.last or each.form & Form.INSISTS)
                ),
                None,
            )
            rough = said is not None and said.form & _ROUGH and not said.form & (_NO_NAME | Form.POLITE)
            if said is not None and rough and not any(quoted(sentence, at) for at in range(end, said.at)):
                yield first, said.end


_ROUGH = (
    Form.IMPERATIVE | Form.PROHIBITION | Form.INSISTS | Form.EXPLAINS | Form.QUESTION | Form.GUESS | Form.RHETORICAL | Form.SCORN
)  # fmt: skip


def _thrown(sentence: Sentence, first: int, end: int, *, alone: bool, always: bool) -> int | None:
    """Return the index after the insult, or None where the noun insults nobody."""
    words = sentence.words
    clause = _clause_start(sentence, first)
    before = words[clause:first]
    to_you = any(word.normal in _YOU and word.part != "接尾辞" for word in before)
    if to_you and not alone and _asks_about_yours(sentence, clause, first, end):
        return None
    if not to_you and any(word.normal in _NOT_YOU for word in before):
        return None
    if any(word.normal in _NOT_YOU for word in words[end : end + 4]) and not to_you:
        # ばかよねえ私
        return None
    if always and not sentence.ended(end) and words[end].surface == "が" and sentence.ended(end + 1):
        return end
    if always:
        if _of_another(sentence, end):
            return None
        said = predicate(words, end - 1, sentence.breaks)
        return None if said.form & (_NO_NAME & ~Form.NEGATIVE) else end
    compound = (
        first > clause
        and (words[first - 1].part in ("名詞", "接頭辞") or words[first - 1].surface == "の")
        and words[first - 1].normal not in _THROWN_BEFORE
    )
    if compound and not to_you:
        return None
    suffix = not sentence.ended(end) and words[end].surface in _SUFFIXES | {"の"}
    if suffix:
        return _with_suffix(sentence, end)
    said = predicate(words, end - 1, sentence.breaks)
    if said.form & _NO_NAME:
        return None
    to_them = not said.last and words[said.end].normal in _YOU and words[said.end].part != "接尾辞"
    closes = said.last or bool(said.form & Form.INSISTS)
    calling = not said.last and words[said.end].surface in ("が", "め", "は") and sentence.ended(said.end + 1)
    attributive = not closes and not to_them and not calling
    if attributive:
        like = words[end].normal in _LIKE or words[end].surface in _LIKE
        imperative = (
            alone
            and not before
            and any(
                each.at == end and each.form & (Form.IMPERATIVE | Form.PROHIBITION)
                for found in sentence.predicates.values()
                for each in found
            )
        )
        only_you = words[said.end].surface == "しか" and any(
            word.normal in ("居る", "おる", "雇う") for word in words[said.end + 1 : said.end + 3]
        )
        likened = like and (to_you or _is_office(sentence, end))
        compared = to_you and any(word.normal in _LIKE for word in before[-2:])
        vocative = compared or (
            to_you
            and words[said.end].part in ("助詞", "動詞", "形容詞")
            and words[said.end].surface in ("が", "め", "って")
        )
        return said.end if imperative or only_you or likened or vocative else None
    if to_you or to_them:
        return said.end
    if said.form & Form.POLITE:
        return None
    after_order = any(
        each.end == first and each.form & (Form.IMPERATIVE | Form.PROHIBITION | Form.RHETORICAL)
        for found in sentence.predicates.values()
        for each in found
    )
    thrown_before = any(word.normal in _THROWN_BEFORE for word in before[-2:])
    nothing_else = all(
        word.part in ("副詞", "感動詞", "連体詞", "接頭辞") or word.normal in _THROWN_BEFORE
        for word in before
    )
    if after_order or (thrown_before and (alone or _POINTS & {word.normal for word in before[-2:]})):
        return said.end
    asked = bool(said.form & (Form.QUESTION | Form.RHETORICAL))
    return said.end if alone and (nothing_else or (asked and len(before) <= 2)) else None


def _asks_about_yours(sentence: Sentence, clause: int, first: int, end: int) -> bool:
    """Return whether it is politely asked what the listener has: あなたの犬はどんな犬ですか."""
    words = sentence.words
    owned = any(words[at].normal in _YOU and words[at + 1].surface == "の" for at in range(clause, first))
    said = predicate(words, end - 1, sentence.breaks)
    return owned and bool(said.form & Form.POLITE and said.form & Form.QUESTION)


def _of_another(sentence: Sentence, end: int) -> bool:
    """Return whether the noun describes another one: 出来損ないの男性."""
    words = sentence.words
    return (
        end + 1 < len(words)
        and words[end].surface == "の"
        and words[end + 1].part == "名詞"
        and words[end + 1].surface not in _SUFFIXES
    )


def _with_suffix(sentence: Sentence, end: int) -> int | None:
    words = sentence.words
    if words[end].surface == "の":
        following = end + 1
        if sentence.ended(following) or words[following].surface not in _OF_IT:
            return None
        return following + 1
    said = predicate(words, end, sentence.breaks)
    if said.form & (_NO_NAME | Form.POLITE) or not (
        said.last or said.form & _ROUGH or words[end].surface in _PERSONS
    ):
        return None
    return said.end


def _is_office(sentence: Sentence, end: int) -> bool:
    return any(
        word.surface in _SUFFIXES or word.normal in ("対応", "仕事", "人間", "奴", "説明")
        for word in sentence.words[end + 1 : end + 4]
    )


def _clause_start(sentence: Sentence, first: int) -> int:
    at = first
    while at > 0 and at not in sentence.breaks and first - at < 10:
        at -= 1
    return at
