"""Words around a predicate that decide its weight: a vow before it, what befalls after it, a verb that it only colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.judging.words.form import Form

if TYPE_CHECKING:
    from kikimori_core.judging.words.form import Predicate
    from kikimori_core.judging.words.sentence import Sentence

_FATES = frozenset({
    "文句", "仕方", "仕様", "しょうが", "知る", "可笑しい", "不思議", "自業自得", "当然", "良い", "当たり前", "恨む", "泣く",
})  # fmt: skip


def is_fate(sentence: Sentence, said: Predicate) -> bool:
    """Return whether what follows 殴られても says that it serves one right: 文句言えない; not 起きない."""
    if said.form & Form.PERMISSION or not said.form & Form.PASSIVE:
        return True
    return any(word.normal in _FATES for word in sentence.words[said.end : said.end + 3])


def is_adverb(sentence: Sentence, said: Predicate) -> bool:
    """Return whether an adjective only says how something is done: 頭が軽く感じる."""
    word = sentence.words[said.at]
    return (
        word.part == "形容詞"
        and word.form.startswith("連用形")
        and said.end == said.at + 1
        and not said.last
        and sentence.words[said.end].part == "動詞"
    )


_VOWS = frozenset({
    "絶対", "必ず", "マジ", "まじ", "いつか", "今度", "次", "本当", "ほんま", "本真", "直ぐ", "今直ぐ", "見付ける", "会う",
})  # fmt: skip


def is_vowed(sentence: Sentence, at: int) -> bool:
    """Return whether the verb at `at` is vowed, so that its bare form announces it: 絶対殺す, 今度会ったら殴る."""
    before = sentence.words[max(0, at - 3) : at]
    return any(word.normal in _VOWS for word in before) and all(
        word.part in ("副詞", "助詞", "助動詞", "形状詞") or word.normal in _VOWS for word in before[-2:]
    )
