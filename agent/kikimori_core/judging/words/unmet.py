"""Denial of whatever kind, which refuses only as the answer to a demand: 空きがございません, 設置は難しい状況です."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.judging.words.denials import DENIALS, traced
from kikimori_core.judging.words.tails import Link, read_tail

if TYPE_CHECKING:
    from kikimori_core.judging.words.lexicon import Marked


def unmet(said: Marked) -> tuple[int, int] | None:
    """Return the places, from and to, of the words by which the last clause denies or calls something hard; None = it does not.

    A word of the list `harmless` before the denial makes it none: 申し訳ございません, 間違いございません.
    """
    words, begin = said.words, 0
    found: tuple[int, int] | None = None
    for place, word in enumerate(words):
        if word.detail == "接続助詞" and word.surface not in ("て", "ながら", "と", "ば"):
            begin = place + 1
        denial = word.normal in DENIALS and word.part in ("助動詞", "形容詞")
        denial = denial or (word.normal == "兼ねる" and place > 0 and words[place - 1].part == "動詞")
        hard = said.holds("hard", place) and not any(
            each.normal in DENIALS for each in words[place + 1 : place + 4]
        )
        if not (denial or hard):
            continue
        if said.holds("harmless", max(begin, place - 4), place + 1):
            continue
        wish = said.holds("wishes", begin, place)
        tail = read_tail(words, place + 1, said.text)
        stands = tail.link in (Link.MAIN, Link.LEADS) and (wish or not tail.past)
        if stands and not (denial and traced(words, begin, place).twice):
            found = begin, tail.end
    return found
