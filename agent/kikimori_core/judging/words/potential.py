"""Meaning of a verb's own form: 使える is the potential of 使う, 話せ an order that SudachiPy cuts as one of 話せる."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from kikimori_core.judging.words.form import Form
from kikimori_core.judging.words.sound import folded, sound_of_form

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kikimori_core.judging.words.sound import Morpheme


@lru_cache(maxsize=10_000)
def potential(sound: str) -> str | None:
    rows = {
        "ウ": "エ",
        "ク": "ケ",
        "ス": "セ",
        "ツ": "テ",
        "ヌ": "ネ",
        "ム": "メ",
        "ル": "レ",
        "グ": "ゲ",
        "ブ": "ベ",
    }
    return None if not sound or sound[-1] not in rows else folded(sound[:-1] + rows[sound[-1]] + "ル")


_AFTER_ORDERS = frozenset({"や", "って", "ってば", "と"})


def brings(words: Sequence[Morpheme], at: int) -> int:
    """Return the meaning of the head's own form: 使える is the potential of 使う."""
    word = words[at]
    lemma, normal = sound_of_form(word.lemma), sound_of_form(word.normal)
    if lemma == normal or lemma != potential(normal) or word.form.startswith("命令形"):
        return 0
    following = words[at + 1] if at + 1 < len(words) else None
    stem = word.form.startswith(("未然形", "連用形")) or word.form.endswith("省略")
    quoted = following is not None and following.part == "助詞" and following.surface in _AFTER_ORDERS
    if stem and (
        following is None or quoted or following.detail == "終助詞" or following.normal in ("つう", "言う")
    ):
        # 話せ and 出せよ are cut as forms of 話せる and 出せる.
        return Form.IMPERATIVE
    return Form.POTENTIAL
