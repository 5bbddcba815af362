"""Subject of a phrase: うちの旦那は頭おかしいんじゃないの and 頭悪いのよ、うちの息子 say nothing of the listener."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.judging.words.naming import is_you

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from kikimori_core.judging.words.sentence import Sentence

_SUBJECT = frozenset({"は", "が", "って", "も"})
_ENDS = frozenset({"の", "よ", "ね", "な", "わ", "か"})
"""Particles that end a sentence, behind which its subject may follow."""
_WHOSE = 3
"""Words before a noun among which stands whose it is: お前のところの息子."""


def is_of_another(sentence: Sentence, first: int, end: int, nouns: AbstractSet[str]) -> bool:
    """Return whether the words from `first` to before `end` have one of the nouns as their subject, and it is not the listener's.

    Args:
        sentence: The whole.
        first: Place of the first word.
        end: Place after the last.
        nouns: Normal forms.
    """
    return _is_another(sentence, _subject_before(sentence, first), nouns) or _is_another(
        sentence, _subject_behind(sentence, end), nouns
    )


def _subject_before(sentence: Sentence, first: int) -> int | None:
    """Return the place of the noun directly before a predicate: 旦那は, 旦那、."""
    if first > 1 and sentence.words[first - 1].surface in _SUBJECT:
        return first - 2
    return first - 1 if first and first in sentence.breaks else None


def _subject_behind(sentence: Sentence, end: int) -> int | None:
    """Return the place of the noun that ends the utterance behind a predicate: …の、うちの旦那は."""
    words = sentence.words
    while end < len(words) and words[end].part == "助詞" and words[end].surface in _ENDS:
        end += 1
    last = len(words) - 1
    if last > end and words[last].surface in _SUBJECT:
        last -= 1
    if not end <= last <= end + _WHOSE:
        return None
    # Nothing else may be said there: うちの旦那, not 旦那に代わる.
    owner = words[end:last]
    return (
        last
        if all(word.part in ("名詞", "代名詞", "連体詞") or word.surface == "の" for word in owner)
        else None
    )


def _is_another(sentence: Sentence, at: int | None, nouns: AbstractSet[str]) -> bool:
    if at is None or sentence.words[at].normal not in nouns:
        return False
    return not any(is_you(word) for word in sentence.words[max(0, at - _WHOSE) : at])
