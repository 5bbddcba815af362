"""Moods of a verb (order, intention, statement, …): regular expressions over what follows its stem.

Each mood lists the endings that count, politeness and dialect (Kansai) included. What is not listed does not count:
so a denial (代わらなくていい), an offer (代わりましょうか) or an idiom (殺す気か) is no alarm.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from kikimori_core.judging.words.conjugation import Forms
    from kikimori_core.judging.words.sound import Pronunciation

Mood = Literal[
    "demand",
    "order",
    "intention",
    "menace",
    "reproach",
    "statement",
    "name",
    "named",
    "slur",
    "address",
    "fixed",
]
"""`order`: a demand without politeness. `menace`: announced, wished or hinted at (殺すぞ, 殺したい, 殺されたいのか). `reproach`: forbidden or asked in anger (なめるな,
なめてんのか). `name`: a noun thrown at somebody. `named`: one that insults only
where the listener is named, as ゴミ does. `slur`: a noun without a harmless meaning. `address`: a rude word for the listener with an order, a question or a claim. `fixed`: a phrase in the form it is written in."""

_END = r"(?:$|ヨ|ネ|ナ(?:$|ヨ)|ヤ|ッテ|トイ|トユ|オイ|コラ)"

_AFTER_TE_DEMAND = (
    r"クレ(?!タ|テ|マシタ|ナクテ|ナカッ|ルト|ルナラ|レバ|ナイン(?:デス(?!カ)|ダ(?!ロ)|ヤ))", r"クダサ(?!ッタ|ッテ|イマシ)", r"モラエ(?!タ|マシタ|ナカッ|ルト|ルナラ)", r"モラオ", r"モライタ", r"モラウ",
    r"イタダ(?:キタ|ケマ|ケナイ|コ|カナイト)", r"ホシ(?!クナ)", r"チョダイ", r"ミロ", r"ヤッテクレ", r"コイ", r"ンカ", r"カ$", r"オクレ", r"クレヘン",
    r"モラワナ", r"モライマス", _END,
)  # fmt: skip
_AFTER_TE_ORDER = (
    r"クレ(?:ヨ|$|ヤ|ンカ|ヘンカ)", r"モラオ", r"モラウ(?:ゾ|カラ|ヨ|デ)", r"チョダイ", r"ミロ", r"コイ", r"ンカ", r"カ$", r"オクレ", _END,
)  # fmt: skip
_SWALLOWED_DEMAND = (
    r"(?:[トド]ケ|[トド]イテ|[タダ]レヨ?|[タダ]ランカ|[タダ]ッテ(?:クレ|ヤ|$)|[テデ]ンカ|[トド]クレ)"
)


_ASKED = r"(?:ノ|ン)(?:デス|デショ)?カ(?!ラ)|ノ$|(?:ン|ノ)?(?:ダロ|ヤロ|デショ)"
"""Endings that make a question or a guess of a statement: 毒を入れたんですか, 入れたやろ."""


def ending(forms: Forms, mood: Mood, *, alone: bool = False) -> str:
    """Return the expression for a verb in a mood.

    `alone`: nothing stands before the verb. Then its bare dictionary form announces nothing: 針を刺す.
    """
    if mood in ("demand", "order"):
        after_te = _AFTER_TE_DEMAND if mood == "demand" else _AFTER_TE_ORDER
        return _any(
            *(re.escape(each) + r"(?!バ|ル|テ|マ|ナ[イカク]|タ|ン|ズ)" for each in forms.order),
            f"{forms.te}(?:{'|'.join(after_te)})",
            f"{forms.i}(?:ナサ|イヤ|ヤ(?!ス)|タマエ|ナ(?:$|ヨ)|(?=$))"
            if forms.i != forms.a
            else f"{forms.i}(?:ナサ|イヤ|ヤ|タマエ|ナ$)",
            f"{forms.i}(?:ンサイ|ンシャイ|ナッセ|ナハレ|ンカ$)",
            f"{forms.te}(?:ケロ|ケレ|クンロ|クレンネ|ツカア)",
            f"{forms.a}(?:ンカイ?|ンネ$|セロ|セナサ|セエ|セイ)",
            f"{forms.a}サセロ",
            forms.te_stem + _SWALLOWED_DEMAND,
            *([forms.e_of_suru + r"(?:ンカイ?|ナアカン|ヤ)"] if forms.e_of_suru else []),
        )
    if mood == "reproach":
        return _any(
            f"{forms.u}ナ(?:$|ヨ|ヤ|コラ|ボケ)",
            f"{forms.te_stem}[トド](?:ン|ル)(?:ノ?カ|ノ|ケ|ネン|ンカ|ジャネ)",
            f"{forms.te_stem}(?:[トド]ッ|[タダ])ラ(?:アカン|イカン|イケン)",
            f"{forms.te_stem}[トド](?:ウ)?(?:トカ|ンカ|トヤ)",
            f"{forms.i}(?:クサッテ|ヤガッテ|ヤガル|サラシ)",
        )
    if mood in ("intention", "menace"):
        # The ウ of 襲う is folded away: 襲わ is no 襲うわ.
        wa = "" if forms.a == forms.u + "ワ" else "|ワ(?!ケ)"
        bare = () if alone else (f"{forms.u}$", f"{forms.i}マス$")
        return _any(
            *bare,
            f"{forms.u}(?:ゾ|カラ(?:ナ|ネ|ヨ)|カラ$|ヨ(?!ニ|ナ){wa}|デ$|ッテイッテ(?!ナ)|ケドイイ|シカナイ|コトニナル)",
            f"{forms.te}(?:ヤル(?!ナ)|ヤロ|ヤリタ|ヤンゾ|ヤンヨ|ヤッテモ|モイインダ[ゾナヨ]|モイイ(?:ノカ|ンデスカ|ンダナ|カ$)|モラウ(?:カラナ|ゾ|ヨ|シカナ))",
            f"{forms.te_stem}(?:[タダ]ル(?:$|ゾ|ワ|デ|カラ|ヨ)|[タダ]ロ(?:カ|$)|[チジ]ャル|[タダ]ンゾ|[チジ]ャオ)",
            f"{forms.volition}カ(?!ト|ナ|カンガ|マヨ|オモ|ラ)",
            f"{forms.i}マス(?:ヨ(?!ネ|ナ)|カラ(?:ネ|$))",
        )
    if mood == "statement":
        negated = r"(?!ナ[イカク]|ヌ|ズ|ヘン|マセン|マスマイ)"
        return _any(
            f"{forms.u}(?!ナ$|{_ASKED}|ワケ(?:ナイ|ジャ|ガナイ)|ツモリ(?:ハ|ワ)?ナ|コト(?:ハ|ワ)?ナ)",
            f"{forms.te}(?!ナ[イク]|マセン|ヘン|ナカッ)",
            f"{forms.te_stem}(?:タ|テ|ト)(?!ナ[イク]|{_ASKED})",
            f"{forms.i}マ(?:ス|シ)(?!マイ|カ(?:$|ネ)|タカ)",
            f"{forms.i}(?:タイ|ソ|ニ){negated}",
        )
    raise ValueError(f"{mood} conjugates nothing")


def _any(*each: str) -> str:
    return f"(?:{'|'.join(each)})"


_DENIED = re.compile(
    r"^[ァ-ン]{0,3}?(?:(?:ッテ|ト(?:ハ|ワ|モ)?|ナンテ|トカ)(?:(?:イッ|ユッ|モシ|オモッ)[ァ-ン]{0,4}?(?:ナイ|ナカッ|マセン|ヘン|ワケ(?:デ|ジャ))|(?:イワ|ユワ|オコラ|オドサ|キカサ)レ|ドナ|キイ|カイテア|イウワケ(?:デ|ジャ))|ツモリ(?:デ|ジャ|ハ|ワ)|ワケ(?:デワナ|ジャナ|デハナ))"
)


def denied(after: str) -> bool:
    """Return whether the words after a phrase take it back or report it: …とは言ってない, …って言われた."""
    return _DENIED.match(after) is not None


_WONDERED = re.compile(r"か(?:な+[ぁあー〜~]*|しら[ー〜~]*)$")
_CONTEMPT = frozenset({
    "御前", "お前", "おまえ", "オマエ", "おめえ", "あんた", "アンタ", "てめえ", "手前", "貴様", "此奴", "こいつ", "馬鹿", "ねえ", "ねぇ",
})  # fmt: skip


def wonders(heard: Pronunciation, matched: str) -> bool:
    """Return whether the words are a question that one only asks oneself: 話聞いてるのかなー; not お前, 話聞いてるのかな."""
    return _WONDERED.search(matched) is not None and not any(
        word.normal in _CONTEMPT or word.surface in _CONTEMPT for word in heard.words
    )
