"""Choice of the final among the likely texts of an utterance: the one that is nearest to all of them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from rapidfuzz.distance import Levenshtein

from kikimori.hearing.speech.engine import Recognised, join_words
from kikimori_core.model.evidence import LikelyText

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kikimori_core.model.evidence import RecognisedWord

    Words = tuple[RecognisedWord, ...]

LIKELY = 3.0
"""Largest difference of a likely text's log likelihood from the likeliest one's."""
SAME_WORD_S = 0.15
"""Seconds by which the beginnings of the same word in two texts may differ."""


def nearest_to_all(texts: Iterable[tuple[float, Words]]) -> Recognised | None:
    """Return the final, with the other likely texts; None when it has no word.

    A word's confidence is the share of the texts that hold it.

    Args:
        texts: With their log likelihoods, of which only differences count, the likeliest first.

    Raises:
        ValueError: a log likelihood is no number.
    """
    weights: dict[str, float] = {}
    words: dict[str, Words] = {}
    top = None
    for likelihood, spoken in texts:
        top = likelihood if top is None else top
        if top - likelihood <= LIKELY:
            text = join_words([word.text for word in spoken])
            words.setdefault(text, spoken)
            weights[text] = weights.get(text, 0.0) + math.exp(-max(top - likelihood, 0.0))
    if top is None:
        return None
    if not weights:
        raise ValueError("a log likelihood is no number")
    whole = sum(weights.values())
    shares = {text: weight / whole for text, weight in weights.items()}

    def distance(text: str) -> float:
        return sum(share * Levenshtein.distance(text, each) for each, share in shares.items())

    best = min(shares, key=distance)
    if not best:
        return None
    sure = tuple(
        replace(word, confidence=sum(share for each, share in shares.items() if _holds(words[each], word)))
        for word in words[best]
    )
    others = tuple(
        LikelyText(each, words[each], share) for each, share in shares.items() if each not in {"", best}
    )
    return Recognised(best, sure, final=True, others=others)


def _holds(words: Words, word: RecognisedWord) -> bool:
    return any(each.text == word.text and abs(each.start_s - word.start_s) <= SAME_WORD_S for each in words)
