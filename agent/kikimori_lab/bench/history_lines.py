"""Made-up lines of calls for the bench of the history: the same for the same seed, common words common and rare ones rare."""

from __future__ import annotations

import random
from dataclasses import dataclass

from kikimori_records.search.normal import normal
from kikimori_records.search.readings import readings_of
from kikimori_records.search.terms import terms_of_call

DISTINCT = 20_000
"""Different lines; calls are made of these."""
_TOPICS = (
    "請求書", "先月の料金", "契約", "解約の手続き", "領収書", "引き落とし", "住所変更", "名義", "工事の日程", "配送", "荷物", "商品", "返品", "交換",
    "保証", "修理", "部品", "説明書", "予約", "キャンセル", "診察", "検査の結果", "保険証", "年金", "国民健康保険", "住民票", "印鑑証明", "戸籍", "税金",
    "滞納", "督促状", "水道", "下水", "ごみの収集", "騒音", "街灯", "道路", "公園", "保育園", "学校", "給食", "バス", "定期券", "忘れ物", "座席", "切符",
    "口座", "カード", "暗証番号", "振り込み", "手数料", "利息", "ローン", "査定", "インターネット", "電話回線", "端末", "機種変更", "パスワード", "メール",
)  # fmt: skip
_SAID = (
    "のことで電話しました", "がまだ届きません", "を確認していただけますか", "について教えてください", "が高すぎるんですけど", "をお調べいたします",
    "はこちらで承ります", "を変更したいのですが", "をもう一度お願いします", "が間違っていませんか", "はいつになりますか", "の担当に代わってください",
    "を送ってください", "は先週も言いました", "で困っているんです", "につきましては少々お待ちください", "を止めてほしいんです", "はできかねます",
    "の件で折り返しお電話いたします", "を早くしてもらえませんか", "はどうなっているんですか", "のお控えはございますか", "を拝見しております",
)  # fmt: skip
_OPENINGS = (
    "",
    "",
    "",
    "あの、",
    "ええと、",
    "すみません、",
    "恐れ入りますが、",
    "だから、",
    "それで、",
    "ですから、",
    "はい、",
    "先ほどの",
    "昨日の",
    "この前の",
)
_SPECIAL = (
    ("返金してください", 0.006), ("謝罪しろ", 0.004), ("上司を出せ", 0.004), ("責任者に代われ", 0.003), ("録音しているからな", 0.001), ("弁護士に相談します", 0.0004),
    ("土下座しろ", 0.0001), ("消費者庁に言います", 0.00005), ("変金しろって言ってるんだ", 0.0002), ("名誉毀損で訴えるぞ", 0.00002),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MadeUpLine:
    """One line with what the index has of it."""

    text: str
    normal: str
    reading: str
    terms: frozenset[str]


class MadeUpLines:
    """Lines in a row without end."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - made-up words, no secret
        self._common = [self._made(self._sentence()) for _ in range(DISTINCT)]
        self._special = [self._made(f"{said}、{self._sentence()}") for said, _ in _SPECIAL for _ in range(20)]
        self._share = sum(share for _, share in _SPECIAL)

    def of_call(self) -> list[MadeUpLine]:
        """Return the lines of one call: 40 as a rule, some of them hundreds."""
        count = max(4, min(1500, round(self._random.lognormvariate(3.6, 0.8))))
        lines = self._random.choices(self._common, k=count)
        for at in range(count):
            if self._random.random() < self._share:
                lines[at] = self._rare()
        return lines

    def _rare(self) -> MadeUpLine:
        chosen = self._random.choices(range(len(_SPECIAL)), [share for _, share in _SPECIAL])[0]
        return self._special[20 * chosen + self._random.randrange(20)]

    def _sentence(self) -> str:
        chosen = self._random.choice
        number = self._random.randrange(1, 31)
        when = chosen(("", "", "", f"{number}日の", f"{number}番の", "お客様の", "うちの", "会社の"))
        return chosen(_OPENINGS) + when + chosen(_TOPICS) + chosen(_SAID)

    def _made(self, text: str) -> MadeUpLine:
        said = normal(text)
        reading = readings_of(said) or ""
        return MadeUpLine(text, said, reading, frozenset(terms_of_call(said, reading, ())))
