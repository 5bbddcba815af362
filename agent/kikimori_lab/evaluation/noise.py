"""Recognition errors made on written sentences: the same text, seed and kind always give the same errors."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

from kikimori_lab.evaluation.lexicon import Token, hiragana, homophones, reading_of, tokens

if TYPE_CHECKING:
    from collections.abc import Callable

_FILLERS = ("えーと", "あの", "まあ", "その", "なんか", "えっと", "うーん")
_TRIES = 8
_CONTENT = ("名詞", "動詞", "形容詞", "形状詞", "代名詞", "副詞")
_SILENT = ("補助記号", "空白")
_DIGITS = "〇一二三四五六七八九"
_KANJI = re.compile(r"[\u4e00-\u9fff々]")
_NUMBER = re.compile(r"\d+")
_COUNTED = re.compile(r"[〇一二三四五六七八九十百千]+(?=[円回度人個時分日月年件万億割本台枚歳番])")
_WIDE = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
_NARROW = dict(
    zip(
        "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲンァィゥェォャュョッー",
        "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜｦﾝｧｨｩｪｫｬｭｮｯｰ",
        strict=True,
    )
)
_NEAR = (
    "カガ", "キギ", "クグ", "ケゲ", "コゴ", "サザ", "シジ", "スズ", "セゼ", "ソゾ", "タダ", "テデ", "トド", "ハバ", "ヒビ", "フブ", "ヘベ",
    "ホボ", "シヒ", "シチ", "キチ", "スツ", "ナマ", "ニミ", "ヌム", "ネメ", "ノモ", "ラダ", "ロド", "レデ", "ラナ", "イエ", "オウ",
    "ナラ", "リニ", "バパ", "ボポ", "ビピ", "ブプ", "ベペ",
)  # fmt: skip
"""Pairs of sounds that are taken for each other."""
_LONG = re.compile(
    r"(?<=[オコソトノホモヨロゴゾドボポョウクスツヌフムユルグズブプュ])ウ|(?<=[エケセテネヘメレゲゼデベペ])イ|ー"
)


def noised(text: str, kind: str, seed: int) -> str:
    """Return the text with errors of a kind; unchanged where that kind cannot occur."""
    return KINDS[kind](text, random.Random(f"{seed}:{kind}:{text}"))  # noqa: S311  (repeatable, not secret)


def _digits(text: str, _: random.Random) -> str:
    """Write figures as kanji numbers; where there are none, kanji numbers as figures."""
    if _NUMBER.search(text):
        return _NUMBER.sub(lambda found: _kanji_number(int(found.group())), text)
    return _COUNTED.sub(lambda found: str(_number(found.group())), text)


def _kanji_number(number: int) -> str:
    if number >= 10_000:
        rest = number % 10_000
        return f"{_kanji_number(number // 10_000)}万{_kanji_number(rest) if rest else ''}"
    written = ""
    for unit, sign in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            written += ("" if digit == 1 and unit > 1 else _DIGITS[digit]) + sign
    return written or _DIGITS[0]


def _number(kanji: str) -> int:
    total, digit = 0, 0
    for sign in kanji:
        if sign in _DIGITS:
            digit = digit * 10 + _DIGITS.index(sign)
        else:
            total += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[sign]
            digit = 0
    return total + digit


def _widths(text: str, _: random.Random) -> str:
    """Write Latin letters and figures wide, katakana narrow."""
    return "".join(_NARROW.get(sign, sign) for sign in text.translate(_WIDE))


def _fillers(text: str, rng: random.Random) -> str:
    """Begin with a filler, and put another one before some word."""
    found = tokens(text)
    at = [
        number
        for number, each in enumerate(found)
        if number and each.part in _CONTENT and found[number - 1].part == "助詞"
    ]
    inside = rng.choice(at) if at else -1
    written = "".join(
        (rng.choice(_FILLERS) if number == inside else "") + each.surface for number, each in enumerate(found)
    )
    return rng.choice(_FILLERS) + written


def _spaces(text: str, _: random.Random) -> str:
    """Write a space after every word and no signs, as Vosk does."""
    return " ".join(each.surface for each in tokens(text) if each.part not in _SILENT)


def _kanji(text: str, rng: random.Random) -> str:
    """Write every word with other kanji, as far as the sentence still sounds the same."""
    found = tokens(text)
    written = [each.surface for each in found]
    sound = reading_of(text)
    for number, each in enumerate(found):
        others = list(homophones(each.surface, each.reading)) if _KANJI.search(each.surface) else []
        for other in rng.sample(others, min(len(others), _TRIES)):
            written[number] = other
            if reading_of("".join(written)) == sound:
                break
            written[number] = each.surface
    return "".join(written)


def _particles(text: str, rng: random.Random) -> str:
    """Lose half of the particles, one at least."""
    found = tokens(text)
    there = [number for number, each in enumerate(found) if each.part == "助詞"]
    lost = set(rng.sample(there, (len(there) + 1) // 2))
    return "".join(each.surface for number, each in enumerate(found) if number not in lost)


def _near_sound(text: str, rng: random.Random) -> str:
    """Write one word with one sound taken for a near one, as it would be heard."""
    found = tokens(text)
    choices = [
        (number, place, other)
        for number, each in enumerate(found)
        if each.part not in _SILENT
        for place, sign in enumerate(each.reading)
        for pair in _NEAR
        if sign in pair
        for other in pair.replace(sign, "", 1)
    ]
    if not choices:
        return text
    number, place, other = rng.choice(choices)
    reading = found[number].reading
    wrong = reading[:place] + other + reading[place + 1 :]
    if found[number].surface == hiragana(reading):
        wrong = hiragana(wrong)
    return "".join(wrong if at == number else each.surface for at, each in enumerate(found))


def _word_lost(text: str, rng: random.Random) -> str:
    """Lose one word."""
    found = tokens(text)
    there = [number for number, each in enumerate(found) if each.part not in _SILENT]
    if len(there) < 2:
        return text
    lost = rng.choice(there)
    return "".join(each.surface for number, each in enumerate(found) if number != lost)


def _kana(text: str, rng: random.Random) -> str:
    """Write half of the words with kanji in kana, one at least."""
    found = tokens(text)
    there = [number for number, each in enumerate(found) if _KANJI.search(each.surface)]
    chosen = set(rng.sample(there, (len(there) + 1) // 2))
    return "".join(
        hiragana(each.reading) if number in chosen else each.surface for number, each in enumerate(found)
    )


def _stops(text: str, rng: random.Random) -> str:
    """Break the sentence by a full stop where a breath is taken."""
    found = tokens(text)
    there = [
        number
        for number, each in enumerate(found[:-1])
        if each.part == "助詞" and found[number + 1].part not in ("助詞", "助動詞", *_SILENT)
    ]
    if not there:
        return text
    at = rng.choice(there)
    return "".join(each.surface + ("。" if number == at else "") for number, each in enumerate(found))


def _long_vowels(text: str, _: random.Random) -> str:
    """Lose the long vowels; words that had one are written as they are heard."""
    return "".join(
        hiragana(_LONG.sub("", each.reading))
        if _content(each) and _LONG.search(each.reading)
        else each.surface
        for each in tokens(text)
    )


_SPELLED_OUT = (
    ("てんだ", "ているんだ"), ("でんだ", "でいるんだ"), ("てんの", "ているの"), ("でんの", "でいるの"), ("てる", "ている"), ("でる", "でいる"),
    ("ちゃう", "てしまう"), ("とけ", "ておけ"), ("とく", "ておく"), ("じゃない", "ではない"),
)  # fmt: skip
"""Forms of speech that a recogniser trained on subtitles spells out."""
_AFTER_OBJECT = re.compile("(?<=[をがは])")


def _written_by_recogniser(text: str, rng: random.Random) -> str:
    """Write the sentence as recognisers do, with two of their habits at once.

    Contractions spelled out (払ってんだ: 払っているんだ); を lost and the verb after it in kana (責任者だせ); the last verb in
    katakana without its small っ (黙っとれ: ダマトレ); a full stop after a particle.
    """
    habits = (_spelled_out, _object_in_kana, _word_in_katakana, _stop_inside)
    for habit in rng.sample(habits, len(habits) // 2):
        text = habit(text, rng)
    return text


def _spelled_out(text: str, _: random.Random) -> str:
    found = tokens(text)
    ends = "".join(each.surface for each in found)
    for said, written in _SPELLED_OUT:
        ends = re.sub(f"(?<=[っいんきぎしえけせてねべめれ]){said}", written, ends)
    return ends


def _object_in_kana(text: str, _: random.Random) -> str:
    found = tokens(text)
    written = ""
    for number, each in enumerate(found):
        before = found[number - 1] if number else None
        after = found[number + 1] if number + 1 < len(found) else None
        if each.surface == "を" and each.part == "助詞" and after is not None and after.part == "動詞":
            continue
        is_object = before is not None and before.surface == "を" and each.part == "動詞"
        written += hiragana(each.reading) if is_object else each.surface
    return written


def _word_in_katakana(text: str, _: random.Random) -> str:
    """Write the verb that ends the sentence, with its endings, as a name nobody knows."""
    found = tokens(text)
    begins = len(found)
    while begins and found[begins - 1].part in ("動詞", "助動詞"):
        begins -= 1
    ending = "".join(each.reading for each in found[begins:]).replace("ッ", "")
    return "".join(each.surface for each in found[:begins]) + ending


def _stop_inside(text: str, rng: random.Random) -> str:
    places = [found.start() for found in _AFTER_OBJECT.finditer(text) if found.start() < len(text)]
    if not places:
        return text
    at = rng.choice(places)
    return f"{text[:at]}。{text[at:]}"


def _content(token: Token) -> bool:
    return token.part in _CONTENT and token.detail != "数詞" and bool(token.reading)


KINDS: dict[str, Callable[[str, random.Random], str]] = {
    "digits": _digits,
    "widths": _widths,
    "fillers": _fillers,
    "spaces": _spaces,
    "kanji": _kanji,
    "particles": _particles,
    "near_sound": _near_sound,
    "word_lost": _word_lost,
    "kana": _kana,
    "stops": _stops,
    "long_vowels": _long_vowels,
    "recogniser": _written_by_recogniser,
}
"""Functions by the name that `--noise` takes."""
