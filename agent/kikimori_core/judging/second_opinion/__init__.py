"""A small model of whole sentences: doubts what single phrases found, and notices a tone that no phrase names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.judging.kinds.phrase import PhraseRule
from kikimori_core.judging.second_opinion.checked import CheckedPhrases
from kikimori_core.judging.second_opinion.model import load_model

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from kikimori_core.judging.kinds.rule import Rule
    from kikimori_core.judging.phrases import PhraseBook


def with_second_opinion(
    book: PhraseBook, rules: Iterable[Rule], folder: Path | None
) -> PhraseBook | CheckedPhrases:
    """Put the model of a folder over a phrase book; without a folder the book stays alone. Raises ConfigError."""
    if folder is None:
        return book
    model = load_model(folder)
    model.open()
    return CheckedPhrases(book, model, [rule.category for rule in rules if isinstance(rule, PhraseRule)])
