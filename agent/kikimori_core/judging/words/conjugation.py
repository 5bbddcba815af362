"""The forms of a Japanese verb, as sounds, from its dictionary form and class.

Classes are named as Sudachi's dictionary names them (五段, 上一段, 下一段, サ行変格, カ行変格).
"""

from __future__ import annotations

from dataclasses import dataclass

_ROWS = ("アイウエオ", "カキクケコ", "サシスセソ", "タチツテト", "ナニヌネノ", "マミムメモ", "ラリルレロ", "ワイウエオ",
         "ガギグゲゴ", "バビブベボ")  # fmt: skip
_TE_OF_GODAN = {
    "ウ": "ッテ",
    "ツ": "ッテ",
    "ル": "ッテ",
    "ム": "ンデ",
    "ブ": "ンデ",
    "ヌ": "ンデ",
    "ク": "イテ",
    "グ": "イデ",
    "ス": "シテ",
}


@dataclass(frozen=True, slots=True)
class Forms:
    """Katakana. 出す: ダサ, ダシ, ダス, ダセ, ダソ, ダシテ."""

    a: str
    """未然形: before ない, せる, んかい."""
    i: str
    """連用形: before ます, なさい, や."""
    u: str
    """The dictionary form."""
    order: tuple[str, ...]
    """命令形."""
    volition: str
    """意志形, its long vowel folded."""
    te: str
    """Form with て or で."""
    e_of_suru: str | None = None
    """せ of する, before ん and へん."""

    @property
    def te_stem(self) -> str:
        """Before the て that dialect and haste swallow: 出し+たろか, 殴っ+たる."""
        return self.te[:-1]


def forms(sound: str, conjugation: str) -> Forms | None:
    """Conjugate; None when the class is none of a verb's."""
    stem, last = sound[:-1], sound[-1]
    if conjugation.startswith("サ行変格"):
        stem = sound[:-2]
        return Forms(
            stem + "サ",
            stem + "シ",
            sound,
            (stem + "シロ", stem + "セ", stem + "セヨ"),
            stem + "シヨ",
            stem + "シテ",
            stem + "セ",
        )
    if conjugation.startswith("カ行変格"):
        stem = sound[:-2]
        return Forms(stem + "コ", stem + "キ", sound, (stem + "コイ",), stem + "コヨ", stem + "キテ")
    if "一段" in conjugation:
        return Forms(stem, stem, sound, (stem + "ロ", stem + "ヨ", stem + "イ"), stem + "ヨ", stem + "テ")
    if conjugation.startswith("五段-ワア行") and last != "ウ":
        # 襲う and 追う end in a long vowel, which is folded away.
        return Forms(sound + "ワ", sound + "イ", sound, (sound + "エ",), sound + "オ", sound + "ッテ")
    if conjugation.startswith("五段-ワア行") and sound == "ユウ":
        # 言う is said with イ in every other form.
        return Forms("イワ", "イイ", sound, ("イエ",), "イオ", "イッテ")
    if conjugation.startswith("五段"):
        row = next((row for row in _ROWS if row[2] == last and (last != "ウ" or row[0] == "ワ")), None)
        if row is None:
            return None
        a, i, _, e, o = (stem + kana for kana in row)
        te = stem + ("ッテ" if sound.endswith(("イク", "ユク")) else _TE_OF_GODAN[last])
        return Forms(a, i, sound, (e,), o, te)
    return None
