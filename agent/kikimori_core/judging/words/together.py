"""Words that belong together: those allowed between parts of a phrase, and those that make a longer word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.judging.words.form import Form
from kikimori_core.judging.words.reporting import quoted

if TYPE_CHECKING:
    from kikimori_core.judging.words.form import Predicate
    from kikimori_core.judging.words.moods import Mood
    from kikimori_core.judging.words.sentence import Sentence

_OF_PERSONS = frozenset({
    "さん", "様", "たち", "達", "ら", "等", "ちゃん", "君", "くん", "方", "ども", "共", "殿", "め", "さま", "料", "代", "金",
    "円",
})  # fmt: skip
"""Suffixes that do not change the noun's meaning."""
LIGHT = frozenset({"スル", "ヤル", "ナル", "クル", "イク"})
"""Verbs that mean something only together with what stands right before them."""
_ADVERBIAL = frozenset({"副詞", "感動詞", "接頭辞", "代名詞", "連体詞", "接続詞", "接尾辞", "形状詞"})
_ADVERBIAL_NOUNS = frozenset(
    {"今", "今日", "明日", "今度", "全部", "全員", "全て", "絶対", "一回", "一度", "一生", "本当", "マジ", "直接", "直ぐ", "何度", "何回",
     "毎日", "皆", "徹底", "人間", "電話", "ここ", "そこ", "一緒", "結局", "今回", "ほんま", "本真", "ほんと", "まじ", "ガチ", "今更", "早急", "至急", "即刻", "今直ぐ", "先", "位", "程", "後"}
)  # fmt: skip
_STOPPING_PARTICLES = frozenset({"から", "けど", "けれど", "けれども", "が", "し", "ので", "のに"})
MOST_BETWEEN = 3
"""Words with a meaning of their own that may stand between two parts of a phrase."""
MOST_BEFORE_VERB = 7
"""Words with a meaning of their own that may stand between what is demanded or announced and its verb."""


def joins(sentence: Sentence, before: int, first: int, mood: Mood, verb: str | None) -> bool:
    """Return whether the words between two parts of a phrase let them belong together.

    `before`, `first`: the words between them. `verb`: dictionary sound of the second part, if it is a verb.
    """
    others = 0
    most = MOST_BETWEEN if mood == "fixed" else MOST_BEFORE_VERB
    for at in range(before, first):
        word = sentence.words[at]
        if word.surface in ("たり", "だり") or quoted(sentence, at):
            # 有名だったりする, 黙れ！みたいな
            return False
        if at in sentence.breaks and "。" in sentence.heard.marks_before(at):
            return False
        if word.part == "助詞":
            if mood == "fixed" and word.surface == "も" and sentence.words[at - 1].part == "代名詞":
                # 私も常連です
                return False
            # 誰でもいいから goes on.
            if (
                word.detail == "接続助詞"
                and word.surface in _STOPPING_PARTICLES
                and sentence.words[at - 1].normal != "良い"
            ):
                return False
            continue
        if word.surface == "で" and word.part == "助動詞" and sentence.words[at - 1].detail == "準体助詞":
            # 食べたいので: another matter.
            return False
        if mood == "fixed" and word.surface in ("みたい", "よう"):
            # 失礼みたいなやつ
            return False
        if word.part in ("助動詞", "感動詞"):
            continue
        others += 1
        if others > most or verb in LIGHT:
            return False
        if word.part in _ADVERBIAL or word.normal in _ADVERBIAL_NOUNS or word.detail == "数詞":
            continue
        if word.part == "形容詞" and word.form.startswith("連用形"):
            continue
        if mood == "fixed":
            return False
        if word.part == "動詞" and not word.form.startswith("連用形"):
            return False
        if (
            word.part == "名詞"
            and others > MOST_BETWEEN
            and at + 1 < first
            and sentence.words[at + 1].surface in ("が", "は")
        ):
            # Another subject: another matter.
            return False
    if quoted(sentence, first):
        return False
    return not (first in sentence.breaks and "。" in sentence.heard.marks_before(first))


def is_longer(sentence: Sentence, end: int) -> bool:
    """Return whether the noun that ends here is the beginning of a longer one: 何カップ of 何カップ麺."""
    if sentence.ended(end):
        return False
    word = sentence.words[end]
    if is_longer_by_suffix(sentence, end):
        return True
    return word.part == "名詞" and word.detail == "普通名詞" and word.normal not in _ADVERBIAL_NOUNS


def is_longer_by_suffix(sentence: Sentence, at: int) -> bool:
    """Return whether a suffix makes something like it: お客様は神様的な."""
    word = sentence.words[at]
    return word.part == "接尾辞" and word.surface in ("的", "系", "風", "っぽい", "型")


def continues(sentence: Sentence, first: int, mood: Mood) -> bool:
    """Return whether what begins at `first` is the end of a longer word: タイプ of インドアタイプ, 学 of 心理学."""
    word, before = sentence.words[first], sentence.words[first - 1]
    if word.part == "接尾辞":
        return True
    return (
        mood == "fixed"
        and word.part == "名詞"
        and before.part == "名詞"
        and before.detail == "普通名詞"
        and before.normal not in _ADVERBIAL_NOUNS
    )


def is_compound(sentence: Sentence, end: int) -> bool:
    """Return whether a suffix makes another thing of the noun that ends here: 社長室, 課長代理."""
    if sentence.ended(end):
        return False
    word = sentence.words[end]
    return word.part == "接尾辞" and word.surface not in _OF_PERSONS


def describes(sentence: Sentence, said: Predicate) -> bool:
    """Return whether a predicate describes the noun behind it: ただじゃ済まない地域."""
    at = said.end
    if sentence.ended(at) or said.form & (
        Form.INSISTS | Form.QUESTION | Form.EXPLAINS | Form.TE | Form.GUESS
    ):
        return False
    return is_described(sentence, at)


def is_described(sentence: Sentence, at: int) -> bool:
    """Return whether the word at `at` is a noun that what stands before it describes."""
    word, before = sentence.words[at], sentence.words[at - 1]
    return (
        word.part == "名詞"
        and word.detail == "普通名詞"
        and word.normal not in _ADVERBIAL_NOUNS
        and word.surface != "こと"
        and before.part in ("動詞", "形容詞", "助動詞")
        and before.form.startswith(("連体形", "終止形"))
        and not (at + 1 < len(sentence.words) and sentence.words[at + 1].surface == "か")
    )


def belongs_to_a_noun(sentence: Sentence, end: int) -> bool:
    """Return whether a statement that ends at the sound `end` describes what follows: 毒を入れた事件, 毒入れたの誰."""
    starts = sentence.heard.starts
    at = starts.index(end) if end in starts else len(sentence.words)
    if at >= len(sentence.words) or sentence.ended(at):
        return False
    return is_described(sentence, at) or (
        sentence.words[at].surface == "の"
        and sentence.words[at].detail == "準体助詞"
        and not sentence.ended(at + 1)
        and sentence.words[at + 1].part in ("名詞", "代名詞", "助詞")
    )
