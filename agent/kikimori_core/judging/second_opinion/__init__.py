"""A small model of whole sentences: doubts what single phrases found, and notices a tone that no phrase names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.judging.kinds.phrase import PhraseRule
from kikimori_core.judging.second_opinion.checked import CheckedPhrases
from kikimori_core.judging.second_opinion.model import load_model
from kikimori_core.judging.sentence_encoder import load_encoder

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from kikimori_core.judging.kinds.rule import Rule
    from kikimori_core.judging.phrases import PhraseBook


def with_second_opinion(
    book: PhraseBook, rules: Iterable[Rule], folder: Path | None, sentences: Path
) -> PhraseBook | CheckedPhrases:
    """Put the model of a folder over a phrase book; without a folder the book stays alone. Raises ConfigError.

    `sentences`: folder of the encoder, which is read where the model has a use for it.
    """
    if folder is None:
        return book
    model = load_model(folder)
    model.open()
    judged = [rule.category for rule in rules if isinstance(rule, PhraseRule)]
    return CheckedPhrases(book, model, judged, load_encoder(sentences) if model.note.meaning_share else None)
