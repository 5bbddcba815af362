"""What makes an order, an intention or a statement of a verb: regular expressions over what follows its stem.

Each mood lists the endings that count, politeness and dialect (Kansai) included. What is not listed does not count:
so a denial (代わらなくていい), an offer (代わりましょうか) or an idiom (殺す気か) is no alarm.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from kikimori.judging.words.conjugation import Forms

Mood = Literal["demand", "intention", "statement", "fixed"]
"""`fixed`: a phrase that is always said as it is written."""

_END = r"(?:$|ヨ|ネ|ナ(?:$|ヨ)|ヤ|ッテ|トイ|トユ|オイ|コラ)"

_AFTER_TE_DEMAND = (
    r"クレ(?!タ|テ|マシタ|ナクテ|ナカッ|ルト|ルナラ|レバ)", r"クダサ(?!ッタ|ッテ|イマシ)", r"モラエ(?!タ|マシタ|ナカッ|ルト|ルナラ)", r"モラオ", r"モライタ", r"モラウ",
    r"イタダ(?:キタ|ケマ|ケナイ|コ|カナイト)", r"ホシ(?!クナ)", r"チョダイ", r"ミロ", r"ヤッテクレ", r"コイ", r"ンカ", r"カ$", r"オクレ", r"クレヘン",
    r"モラワナ", r"モライマス", _END,
)  # fmt: skip
_SWALLOWED_DEMAND = (
    r"(?:[トド]ケ|[トド]イテ|[タダ]レヨ?|[タダ]ランカ|[タダ]ッテ(?:クレ|ヤ|$)|[テデ]ンカ|[トド]クレ)"
)


def ending(forms: Forms, mood: Mood, *, alone: bool = False) -> str:
    """Return the expression for a verb said in a mood.

    `alone`: nothing stands before the verb. Then its bare dictionary form announces nothing: 針を刺す.
    """
    if mood == "demand":
        return _any(
            *(re.escape(each) + r"(?!バ|ル|テ|マ|ナ[イカク]|タ|ン|ズ)" for each in forms.order),
            f"{forms.te}(?:{'|'.join(_AFTER_TE_DEMAND)})",
            f"{forms.i}(?:ナサ|イヤ|ヤ(?!ス)|タマエ|ナ(?:$|ヨ)|(?=$))"
            if forms.i != forms.a
            else f"{forms.i}(?:ナサ|イヤ|ヤ|タマエ|ナ$)",
            f"{forms.a}(?:ンカイ?|セロ|セテ(?!イタダキマ)|セナサ|セエ|セイ)",
            f"{forms.a}サ(?:セロ|セテ(?!イタダキマ))",
            forms.te_stem + _SWALLOWED_DEMAND,
            *([forms.e_of_suru + r"(?:ンカイ?|ナアカン|ヤ)"] if forms.e_of_suru else []),
            f"{forms.u}(?:ンダ(?:ヨ|$|ナ)|ヨニ(?:イエ|シロ|シテ)|ベキ|マデ|ノガ)",
        )
    if mood == "intention":
        bare = () if alone else (f"{forms.u}$", f"{forms.i}マス$")
        return _any(
            *bare,
            f"{forms.u}(?:ゾ|カラ(?:ナ|ネ|ヨ)|カラ$|ヨ(?!ニ|ナ)|ワ(?!ケ)|デ$|ッテイッテ(?!ナ)|ケドイイ|シカナイ|コトニナル)",
            f"{forms.te}(?:ヤル(?!ナ)|ヤロ|ヤリタ|ヤンゾ|ヤンヨ|ヤッテモ|モイインダ[ゾナヨ]|モイイ(?:ノカ|ンデスカ|ンダナ|カ$)|モラウ(?:カラナ|ゾ|ヨ|シカナ))",
            f"{forms.te_stem}(?:[タダ]ル(?:$|ゾ|ワ|デ|カラ|ヨ)|[タダ]ロ(?:カ|$)|[チジ]ャル|[タダ]ンゾ|[チジ]ャオ)",
            f"{forms.volition}カ(?!ト|ナ|カンガ|マヨ|オモ)",
            f"{forms.i}マス(?:ヨ(?!ネ|ナ)|カラ(?:ネ|$))",
        )
    if mood == "statement":
        negated = r"(?!ナ[イカク]|ヌ|ズ|ヘン|マセン|マスマイ)"
        return _any(
            f"{forms.u}(?!ナ$|ワケ(?:ナイ|ジャ|ガナイ)|ツモリ(?:ハ|ワ)?ナ|コト(?:ハ|ワ)?ナ)",
            f"{forms.te}(?!ナ[イク]|マセン|ヘン|ナカッ)",
            f"{forms.te_stem}(?:タ|テ|ト)(?!ナ[イク])",
            f"{forms.i}マ(?:ス|シ)(?!マイ)",
            f"{forms.i}(?:タイ|ソ|ニ){negated}",
        )
    raise ValueError(f"{mood} conjugates nothing")


def _any(*each: str) -> str:
    return f"(?:{'|'.join(each)})"


_DENIED = re.compile(
    r"^[ァ-ン]{0,3}?(?:(?:ッテ|ト(?:ハ|ワ|モ)?|ナンテ|トカ)(?:(?:イッ|ユッ|モシ|オモッ)[ァ-ン]{0,4}?(?:ナイ|ナカッ|マセン|ヘン|ワケ(?:デ|ジャ))|(?:イワ|ユワ|オコラ|オドサ|キカサ)レ|ドナ|キイ|カイテア|イウワケ(?:デ|ジャ))|ツモリ(?:デ|ジャ|ハ|ワ)|ワケ(?:デワナ|ジャナ|デハナ))"
)


def denied(after: str) -> bool:
    """Say whether what follows a phrase takes it back or puts it in another's mouth: …とは言ってない, …って言われた."""
    return _DENIED.match(after) is not None
