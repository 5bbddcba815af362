"""Text to words with their phones, as the synthesiser will speak them.

Words are OpenJTalk's morphemes as written (so that joining them gives readable Japanese); a word's phones come
from its reading in this context. Pauses are where OpenJTalk puts them (punctuation).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import pyopenjtalk

_VOWEL = {"ア": "a", "イ": "i", "ウ": "u", "エ": "e", "オ": "o"}
_ROWS = {
    "k": "カキクケコ", "s": "サ スセソ", "t": "タ  テト", "n": "ナニヌネノ", "h": "ハヒ ヘホ", "m": "マミムメモ",
    "y": "ヤ ユ ヨ", "r": "ラリルレロ", "w": "ワ", "g": "ガギグゲゴ", "z": "ザ ズゼゾ", "d": "ダ  デド",
    "b": "バビブベボ", "p": "パピプペポ",
}  # fmt: skip
_SINGLE = {
    "シ": "sh i", "チ": "ch i", "ツ": "ts u", "フ": "f u", "ジ": "j i", "ヂ": "j i", "ヅ": "z u", "ヲ": "o",
    "ン": "N", "ッ": "cl", "ヴ": "v u", "ヰ": "i", "ヱ": "e",
}  # fmt: skip
_DIGRAPH = {
    "ティ": "t i", "ディ": "d i", "トゥ": "t u", "ドゥ": "d u", "テュ": "ty u", "デュ": "dy u",
    "ファ": "f a", "フィ": "f i", "フェ": "f e", "フォ": "f o", "フュ": "fy u",
    "ウィ": "w i", "ウェ": "w e", "ウォ": "w o", "イェ": "y e",
    "ヴァ": "v a", "ヴィ": "v i", "ヴェ": "v e", "ヴォ": "v o",
    "シェ": "sh e", "ジェ": "j e", "チェ": "ch e",
    "ツァ": "ts a", "ツィ": "ts i", "ツェ": "ts e", "ツォ": "ts o", "スィ": "s i", "ズィ": "z i",
    "クァ": "kw a", "グァ": "gw a",
}  # fmt: skip
_PALATAL = {
    "キ": "ky", "シ": "sh", "チ": "ch", "ニ": "ny", "ヒ": "hy", "ミ": "my", "リ": "ry",
    "ギ": "gy", "ジ": "j", "ヂ": "j", "ビ": "by", "ピ": "py",
}  # fmt: skip


def _mora_table() -> dict[str, tuple[str, ...]]:
    table: dict[str, tuple[str, ...]] = {kana: (vowel,) for kana, vowel in _VOWEL.items()}
    for consonant, row in _ROWS.items():
        for kana, vowel in zip(row, "aiueo", strict=False):
            if kana != " ":
                table[kana] = (consonant, vowel)
    for kana, phones in (_SINGLE | _DIGRAPH).items():
        table[kana] = tuple(phones.split())
    for kana, consonant in _PALATAL.items():
        for small, vowel in (("ャ", "a"), ("ュ", "u"), ("ョ", "o")):
            table[kana + small] = (consonant, vowel)
    for small, vowel in zip("ァィゥェォ", "aiueo", strict=True):
        table[small] = (vowel,)
    return table


_MORA = _mora_table()
_KANA = {phones: kana for kana, phones in reversed(_MORA.items())}
"""Katakana of one syllable by its phones; of several the first in the table."""
DEVOICED = "’"
_LABEL_PHONE = re.compile(r"-(.+?)\+")


def kana_to_phones(kana: str) -> tuple[str, ...]:
    """Phones of a katakana reading; `ー` lengthens, `’` makes the vowel before it voiceless (I, U)."""
    phones: list[str] = []
    at = 0
    while at < len(kana):
        if kana[at] == "ー" and phones:
            phones.append(phones[-1])
            at += 1
        elif kana[at] == DEVOICED:
            phones[-1] = phones[-1].upper()
            at += 1
        elif kana[at : at + 2] in _MORA and len(kana[at : at + 2]) == 2:
            phones += _MORA[kana[at : at + 2]]
            at += 2
        else:
            phones += _MORA[kana[at]]  # KeyError: not a reading
            at += 1
    return tuple(phones)


def spelled(phones: tuple[str, ...]) -> list[tuple[str, tuple[str, ...]]]:
    """Return a word's syllables in katakana, each with its phones; raise KeyError where they make no syllables."""
    out: list[tuple[str, tuple[str, ...]]] = []
    at = 0
    while at < len(phones):
        for length in (2, 1):
            part = phones[at : at + length]
            kana = _KANA.get((*part[:-1], part[-1].lower() if part[-1] in {"I", "U"} else part[-1]))
            if kana and len(part) == length:
                break
        else:
            raise KeyError(phones)
        out.append((kana, part))
        at += length
    return out


@dataclass(frozen=True)
class SynthWord:
    text: str
    phones: tuple[str, ...]


@dataclass(frozen=True)
class SynthUtterance:
    text: str
    words: tuple[SynthWord | None, ...]
    """None is a pause inside the sentence."""
    labels: tuple[str, ...]
    """Full-context labels for the synthesiser, silence at both ends."""

    @property
    def tokens(self) -> list[str]:
        return [w.text for w in self.words if w is not None]


class UnreadableError(ValueError):
    """OpenJTalk's labels and our reading of its words disagree; such a sentence is left out."""


def analyse(text: str) -> SynthUtterance:
    features = pyopenjtalk.run_frontend(text)
    labels = pyopenjtalk.make_label(features)
    spoken: list[str] = []
    for label in labels[1:-1]:
        found = _LABEL_PHONE.search(label)
        if found is None:
            raise UnreadableError(text)
        spoken.append(found.group(1))
    words: list[SynthWord | None] = []
    at = 0
    for feature in features:
        reading = feature["pron"].replace("'", DEVOICED)
        if reading == "ー" and words and (last := words[-1]) is not None:
            # 「やろ|う」: the う only lengthens the word before, so it belongs to that word
            words[-1] = SynthWord(last.text + feature["string"], (*last.phones, spoken[at]))
            at += 1
            continue
        try:
            phones = kana_to_phones(reading)
        except (KeyError, IndexError):
            continue  # punctuation
        if at < len(spoken) and spoken[at] == "pau":
            words.append(None)
            at += 1
        if tuple(spoken[at : at + len(phones)]) != phones:
            raise UnreadableError(f"{text}: {feature['string']} {reading} {spoken[at : at + len(phones)]}")
        at += len(phones)
        words.append(SynthWord(unicodedata.normalize("NFKC", feature["string"]), phones))
    if at != len(spoken) or not words:
        raise UnreadableError(text)
    return SynthUtterance(text, tuple(words), tuple(labels))
