"""Verb that asks for something: 見せろ, 見せてください, 見せてもらえませんか, 見せんかい, 見せるまで切らない.

The endings after て are common to every verb. They are looked for by sound, as a dictionary cuts those of a dialect wrongly
(付けてけらいん is つけ, てけ, らいん), and then by the words.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kikimori_core.judging.words.sound import Morpheme, Pronunciation

AFTER_TE = (
    r"(?=$)", r"ヨ(?![イカクナ]|ロシ)", r"ヤ(?=$)", r"ネ(?!エ)", r"ナ(?=$)", "エナ", r"クレ(?!タ(?!ッテ|ラ(?!シ|ヨカッ))|テ(?!モ)|マシ|ナクテ|ナカッ|ルト(?!アリガタ|タスカ|ウレシ)|ルナラ|ナイナラ(?:モ?イイ|ケッコ)|ハッタ)", r"クダサ(?!ッタ|ッテ|イマシ)", r"モラエ(?!タ(?!ラ(?!シ|ヨカッ))|マシ|ナカッ|ルト|ルナラ)",
    r"モラッテ(?:モ?[イエ][イ]|$)", "モラオ", "モライタ", r"モラウ(?!ナラ)", "モラワナ", "モラワント", r"モライマス(?!ネ|カ$|カネ)", r"モロ(?:テ(?:モ|$)|ワナ)", r"イタダ(?:キタ|ケマ(?!シ)|ケナ(?!カッ)|ケル(?!ナラ|ト)|ケレバ|ケタラ|コ|カナ|ク)", r"ホシ(?!クナ)", "チョダイ", "ミロ", r"ヤッテクレ", "コイ", r"ンカ", "オクレ", r"ッテ(?:[イユ](?!ワレ)|オ|バ|[ヨバ]?$)", r"ト(?:イッテ|イウテ|モシ|タノ|オネガ)", r"(?:ト?ユウ?テ|イウテ|ユッテ)(?:マ|ル|ン|オ)", r"ル?ッテバ",
    r"チョ(?=$|ヨ)", r"ケ[ロレヘ](?!バ)", "ケサイ", "ケライン", r"ケネ(?=バ|ガ|ベ)", r"エ?ヤ(?=$)", "クンロ", "クレ[ンヘ]", "ツカアサイ", "ツカサイ", r"クイ(?:ヤ|(?=$))", "クンシャイ", "クリャ?レ", "クンナ[イサ]", "クレッチャ", "クンネ",
)  # fmt: skip
"""Endings after て or で that ask for something; not 返してくれました, 返してもらいました, 返してよかった."""

REQUEST = frozenset({"下さる", "頂く", "貰う", "貰える", "頂ける", "呉れる", "欲しい", "願う", "頂戴"})
"""Verbs that make a request of the verb before them."""

_ASKING = frozenset({"どう", "何処", "何", "何時", "どれ", "誰", "どの", "どちら", "何方"})
_TOLD_ENDS = frozenset({"ちゃう", "仕舞う", "てる", "居る", "おる", "れる", "られる", "ない", "無い", "思う", "成る", "有る", "たい", "出来る", "困る", "ます"})  # fmt: skip
"""Endings that tell a story before a て at the end of a breath: けんかしちゃって, はじめまして."""
_URGES = frozenset({
    "兎に角", "とにかく", "早い", "早く", "直ぐ", "今直ぐ", "さっさと", "良い", "頼む", "お願い", "もう", "ともかく",
})  # fmt: skip
_CHEERS = frozenset({"頑張る"})
_FELT = frozenset({
    "思う", "成る", "困る", "有る", "居る", "見える", "出来る", "分かる", "聞こえる", "違う", "気", "済む", "ふざける", "巫山戯る",
    "嘗める", "舐める", "言う", "抜かす", "乗る", "逃げる", "誤魔化す", "馬鹿にする",
})  # fmt: skip
"""Verbs whose な is no ban, but a feeling or an insult: 困るな, ふざけるな."""
_BEHIND = re.compile("|".join(each for each in AFTER_TE if each not in (r"(?=$)", "コイ")))
_FORBIDS = re.compile(r"ナイデ(?:$|ヨ|クレ|クダサ|ホシ|モラ|ッテ(?:イ|ユ|$))|ンデ(?:クレ|クダサ|モラ|ホシ)")
_WANTS = frozenset({"求める", "要求", "要望"})
"""Verbs that demand the noun before them."""
_DIALECT_ORDER = re.compile(r"サ?セン(?:ネ|シャイ)(?:$|ヨ|ッテ)|(?:サ?セ)?ンカイ(?:$|ヤ|ッテ)")
"""Orders of the west, of any verb: 使わせんね, 出さんかい."""
_CAN_YOU = re.compile(r"デキ(?:ル|マス)(?:デショ(?!カ)|ダロ(?!カ)|ヤロ|ヤン|ハズ)")
_NO_OTHER = re.compile(r"シカナイ(?:ジャナイ|デショ(?!カ)|ダロ(?!カ)|ヤロ|ノヨ|ンダヨ|ンデス)")
_FOR_ME = re.compile(r"[タダ]ッテ(?:チョ|エナ|クレ|モラ|ンカ|ヤ$)")
"""Endings of the west that ask to do it for somebody."""
_DUE = re.compile(r"ノガ(?:スジ|トゼン|フツ|アタリマエ|ギム|ドリ|ジョシキ|レイギ)")
_NEEDED = re.compile(r"(?:イル|ヒツヨ)(?:ナ)?(?:ン(?:デス|ダ|ヤ)|ノ(?:ヨ|$)|ッテ(?:イ|ユ))")
UNTIL = r"マデ(?:ハ|ワ|モ)?.{0,8}?(?:キラナ|キラヘ|キランゾ|キリマセ|カエラ|カエリマセ|カワナ|カワネ|カワン|ハラワナ|ハラワネ|ハライマセ|ヤメナ|ヤメマセ|ウゴカナ|ユルサ|アキラメ|マイニチ|ナンド|ナンカイ|マッテルカ|マチマス|マツカラ|カケ(?:ル|マス|ツヅケ)|ヒカナ|ヒキマセ)"
"""Threats to go on until something is done: 返すまで切らない."""
_UNTIL = re.compile(UNTIL)


def asked(heard: Pronunciation) -> list[int]:
    """Return the places of the words by which an utterance asks for something."""
    return [
        number
        for number in range(len(heard.words))
        if _asks(heard, number) and not _is_cheer(heard.words, number)
    ]


def _is_cheer(found: Sequence[Morpheme], number: int) -> bool:
    """Return whether somebody is only cheered on: 頑張ってください; not 頑張って値引きして."""
    return any(each.normal in _CHEERS for each in found[max(0, number - 2) : number + 1])


def _asks(heard: Pronunciation, number: int) -> bool:
    found = heard.words
    word = found[number]
    following = [each.normal for each in found[number + 1 : number + 4]]
    if word.form.startswith("命令形"):
        # 代われ, してください, しなさい; also what Kansai makes of it. A name may be cut as an order: ネロンガ as ねろ, ん and が.
        return following[:1] != ["ず"]
    if word.normal in REQUEST and (
        word.part != "名詞" or (number and found[number - 1].surface in ("て", "で"))
    ):
        # 返してもらえますか, してほしい, お願いします; not 返してもらいました.
        return "た" not in following and not (following[:1] == ["て"] and "有り難い" in following)
    if word.normal == "頂戴" and word.part == "名詞" and number and number == len(found) - 1:
        # 薬だけちょうだい
        return found[number - 1].part in ("名詞", "助詞", "接尾辞")
    if word.normal in _WANTS or (word.normal == "頂戴" and word.part == "名詞"):
        # 返金を求めます, お名前を頂戴できますか; not 求めました, 求められた, 要求ですか.
        does = following[:1] and following[0] in ("ます", "為る", "致す", "出来る", "下さる")
        return bool(does) and not {"た", "れる", "られる", "せる"} & set(following)
    if word.normal == "旋回" and word.surface.startswith("せん") and number:
        # 電話せんかい is cut as a turn.
        return found[number - 1].part == "名詞"
    if word.normal == "出来る" and _CAN_YOU.match(heard.sound, heard.starts[number]):
        # 半額にするくらいできるでしょ
        return number > 0 and found[number - 1].surface in ("くらい", "ぐらい", "こと", "は")
    if word.surface == "しか" and number and found[number - 1].part == "動詞":
        # 追い出すしかないじゃない
        return _NO_OTHER.match(heard.sound, heard.starts[number]) is not None
    if word.part == "動詞" and _cut_order(found, number):
        return True
    if word.normal == "たい" and word.part == "助動詞":
        # してもらいたい; 飲みたい asks nobody.
        begged = number > 0 and found[number - 1].normal in ("貰う", "頂く")
        return begged and not {"無い", "た"} & set(following)
    if word.normal == "良い" and number and found[number - 1].surface == "ば":
        # 書き直せばいいだけだ; not どうすればいいですか, 早く買えばよかった.
        return not {"か", "た"} & set(following) and not any(
            each.normal in _ASKING for each in found[:number]
        )
    return _by_sound(heard, number)


def _stops(heard: Pronunciation, number: int) -> bool:
    return not {"、", "。", "!"}.isdisjoint(heard.marks_before(number + 1))


def _called_for(before: Sequence[Morpheme]) -> bool:
    """Return whether a て before a stop is urged, and tells no story: とにかく消して、まぶしいの."""
    return any(each.normal in _URGES for each in before)


def _cut_order(found: Sequence[Morpheme], number: int) -> bool:
    """Return whether a verb is an order that the dictionary cut as the beginning of another verb: 外に出せ of 出せる."""
    word = found[number]
    if word.lemma in (word.normal, word.surface) or not word.form.startswith("連用形"):
        return False
    cut = (
        "下一段" in word.conjugation
        and word.surface == word.lemma[:-1]
        and word.lemma[:-2] == word.normal[:-1]
    )
    # 出せる never ends a breath so.
    return cut and (number == len(found) - 1 or found[number + 1].surface in ("よ", "や", "って"))


def _by_sound(heard: Pronunciation, number: int) -> bool:
    """Return whether a verb before this word is asked for by what follows: 見せて, 見せないで, 見せるな, 見せるまで切らない."""
    if not number:
        return False
    found, word, before = heard.words, heard.words[number], heard.words[number - 1]
    behind = heard.sound[heard.starts[number] :]
    if word.normal in ("要る", "必要"):
        # 領収書が要るんです
        return before.surface in ("が", "は", "も") and _NEEDED.match(behind) is not None
    if before.part not in ("動詞", "助動詞"):
        return False
    if word.sound[:1] in ("テ", "デ") and word.part in ("助詞", "助動詞"):
        if _BEHIND.match(behind, 1):
            return True
        # 返して! at the end of a breath or before a stop, or before よ and な.
        ends = number == len(found) - 1 or (found[number + 1].detail == "終助詞" and number == len(found) - 2)
        ends = ends or (_stops(heard, number) and _called_for(found[:number]))
        return (
            ends
            and word.surface in ("て", "で")
            and word.detail == "接続助詞"
            and before.normal not in _TOLD_ENDS
        )
    if _DIALECT_ORDER.match(behind):
        return before.form.startswith("未然形")
    if word.surface in ("た", "だ", "たって", "だって") and _FOR_ME.match(behind):
        # 診たってちょ
        return True
    if word.surface == "の" and word.detail == "準体助詞":
        # 車を出すのが当然でしょ
        return before.part == "動詞" and _DUE.match(behind) is not None
    if word.surface in ("ない", "ん") and word.part == "助動詞":
        return _FORBIDS.match(behind) is not None
    if word.surface == "な" and word.detail == "終助詞":
        plain = before.form.startswith(("終止形", "連体形")) and before.normal not in _FELT
        ends = number == len(found) - 1 or found[number + 1].surface in ("よ", "って", "と", "や")
        return plain and before.part == "動詞" and ends
    return word.surface == "まで" and _UNTIL.match(behind) is not None
