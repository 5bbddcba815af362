"""Spellings by which recognisers hide a word: a name in katakana that nobody bears, and an object whose を was not heard.

ダマトレ is だまっとれ without its small っ, フザケンナ is ふざけんな, the だ of 責任者だせや is no copula, and もん出せ is written 門出せ,
in which 門出 is a word; バカー is a drawn-out バカ. Such a place is cut once more with the spelling that people use, and kept where that gives a verb.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Cut = Callable[[str], Sequence[Any]]

SHORTEST = 3
"""Letters of the shortest katakana word that is looked at."""

_KATAKANA = re.compile("[ァ-ヴー]+")
_HIRAGANA = str.maketrans({chr(code): chr(code - 0x60) for code in range(ord("ァ"), ord("ヴ") + 1)})
_BEFORE_DOUBLED = frozenset("かきくけこさしすせそたちつてとぱぴぷぺぽ")
_VERBAL = ("動詞", "形容詞")
_NOUNS = ("名詞", "接尾辞", "代名詞")
_BEFORE_ORDER = frozenset({"を", "に", "て", "で", "まで", "と"})
_BEHIND_STEM = frozenset({"なさい", "て", "とけ", "やがれ", "ろ"})
_CALLS = {("よ", "べ"), ("よ", "ん")}
"""よべ and よんで cut as particles: 責任者よべや."""
_HIDING = re.compile("[一-鿿]出")
_BEHIND_HIDDEN = re.compile("せ.*|し.*|さん|さな.*")
"""Ends of a verb on す behind its 出: 出せ, 出して, 出さんかい, 出さない."""
_BEHIND_COPULA = ("助詞", "助動詞", "補助記号", "接続詞", "感動詞", "空白", "記号")


def respelled(text: str, found: Sequence[Any], cut: Cut) -> tuple[str, list[int]] | None:
    """Return the text as people write it, and the place in `text` of each of its letters; None where nothing is to be mended."""
    pieces: list[tuple[str, int, int]] = []
    changed = False
    for number, each in enumerate(found):
        begin, end, surface = each.begin(), each.end(), each.surface()
        other = (
            _verb_in_katakana(each, surface, cut)
            or _order_in_katakana(found, number, text, cut)
            or _not_drawn_out(each, surface, cut)
            or surface
        )
        if _lost_object(found, number, text, cut):
            other = "を" + other
        elif _hides_verb(found, number, text, cut):
            other = f"{surface[:-1]}を{surface[-1]}"
        changed |= other != surface
        pieces.append((other, begin, end))
    if not changed:
        return None
    places: list[int] = []
    for piece, begin, end in pieces:
        offset = max(0, len(piece) - (end - begin))
        places += [min(max(begin, begin + at - offset), end - 1) for at in range(len(piece))]
    return "".join(piece for piece, _, _ in pieces), places


def _verb_in_katakana(word: Any, surface: str, cut: Cut) -> str | None:
    """Return the word in hiragana where it is a verb or an adjective with its endings and no word of the dictionary."""
    if len(surface) < SHORTEST or not word.is_oov() or not _KATAKANA.fullmatch(surface):
        return None
    kana = surface.translate(_HIRAGANA)
    if _is_verbal(cut(kana)):
        return kana
    for at in range(1, len(kana)):
        if kana[at] in _BEFORE_DOUBLED:
            doubled = f"{kana[:at]}っ{kana[at:]}"
            found = cut(doubled)
            # No たい follows a small っ: オタク is no おったく.
            wish = len(found) > 1 and found[1].normalized_form() == "たい"
            if _is_verbal(found) and found[0].part_of_speech()[5] == "連用形-促音便" and not wish:
                return doubled
    return None


def _not_drawn_out(word: Any, surface: str, cut: Cut) -> str | None:
    """Return the word of the dictionary that is drawn out at its end: バカー; コピー is one itself."""
    short = surface.rstrip("ー")
    if short == surface or len(short) < 2 or not word.is_oov() or not _KATAKANA.fullmatch(short):
        return None
    found = cut(short)
    return short if len(found) == 1 and not found[0].is_oov() else None


def _order_in_katakana(found: Sequence[Any], number: int, text: str, cut: Cut) -> str | None:
    """Return the word in hiragana where it is the order that ends a clause: 責任者をダセ, 家までコイ; not 鯉 or a dog's name."""
    each, surface = found[number], found[number].surface()
    if number == 0 or not _KATAKANA.fullmatch(surface) or not _ends_clause(found, number):
        return None
    before = found[number - 1]
    part = before.part_of_speech()
    if not (before.surface() in _BEFORE_ORDER and part[0] == "助詞") and part[2] != "サ変可能":
        return None
    kana = surface.translate(_HIRAGANA)
    for again in cut(f"{text[: each.begin()]}{kana}{text[each.end() :]}"):
        if again.begin() == each.begin() and again.end() == each.end():
            found_part = again.part_of_speech()
            return kana if found_part[0] == "動詞" and found_part[5].startswith("命令形") else None
    return None


def _ends_clause(found: Sequence[Any], number: int) -> bool:
    following = found[number + 1].part_of_speech() if number + 1 < len(found) else None
    return following is None or following[0] == "補助記号" or following[1] == "終助詞"


def _is_verbal(found: Sequence[Any]) -> bool:
    """Return whether all of it is a verb or an adjective with its endings, or a noun and such an order."""
    parts = [each.part_of_speech() for each in found]
    if any(each.is_oov() for each in found):
        return False
    if parts[0][0] in _VERBAL:
        return all(part[0] in ("助詞", "助動詞", "接尾辞", *_VERBAL) for part in parts[1:])
    return (
        len(parts) > 1
        and parts[0][0] == "名詞"
        and parts[1][0] == "動詞"
        and parts[1][5].startswith("命令形")
    )


def _lost_object(found: Sequence[Any], number: int, text: str, cut: Cut) -> bool:
    """Return whether the だ at `number` begins a verb whose object stands before: 責任者だせ, but 責任者だぞ."""
    if not 0 < number < len(found) - 1 or found[number - 1].part_of_speech()[0] not in _NOUNS:
        return False
    each, following = found[number], found[number + 1]
    if (each.surface(), following.surface()) in _CALLS:
        return _is_verb_behind_object(text, each.begin(), cut)
    if each.surface() != "だ" or each.part_of_speech()[0] != "助動詞":
        return False
    is_stem = (
        following.surface() == "し"
        and number + 2 < len(found)
        and found[number + 2].surface() in _BEHIND_STEM
    )
    if following.part_of_speech()[0] in _BEHIND_COPULA and not is_stem:
        return False
    return _is_verb_behind_object(text, each.begin(), cut)


def _hides_verb(found: Sequence[Any], number: int, text: str, cut: Cut) -> bool:
    """Return whether a noun on 出 is an object and its verb: 上の門出せ, but 娘の門出を祝う."""
    each = found[number]
    if not 0 < number < len(found) - 1 or not _HIDING.fullmatch(each.surface()):
        return False
    if found[number - 1].surface() != "の" or not _BEHIND_HIDDEN.fullmatch(found[number + 1].surface()):
        return False
    return _is_verb_behind_object(text, each.end() - 1, cut, ("命令形", "連用形", "未然形"))


def _is_verb_behind_object(
    text: str, begin: int, cut: Cut, forms: tuple[str, ...] = ("命令形", "連用形")
) -> bool:
    for each in cut(f"{text[:begin]}を{text[begin:]}"):
        if each.begin() == begin + 1:
            part = each.part_of_speech()
            return bool(part[0] == "動詞" and part[5].startswith(forms))
    return False
