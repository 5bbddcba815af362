"""Phrases checked by the second opinion: single finds may be doubted, and a sentence without any may have a tone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kikimori_core.judging.second_opinion.meaning import spoken
from kikimori_core.judging.second_opinion.tone import Tone
from kikimori_core.judging.sureness import Sureness
from kikimori_core.judging.words.rough import rough
from kikimori_core.model.evidence import Role

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from kikimori_core.judging.phrases import Match, PhraseBook, UtteranceFindings
    from kikimori_core.judging.second_opinion.model import Opinion, OpinionModel
    from kikimori_core.judging.sentence_encoder import SentenceEncoder
    from kikimori_core.judging.words.sound import Pronunciation
    from kikimori_core.model.evidence import Utterance


_SAYING = frozenset({"動詞", "形容詞", "助動詞"})
"""Parts of speech without which a fragment says nothing of anybody: 朝から晩まで, 旦那さんは."""


class CheckedPhrases:
    """Phrase book of which a model checks each result: it doubts single finds, and finds a tone where there are none."""

    def __init__(
        self,
        book: PhraseBook,
        model: OpinionModel,
        judged: Iterable[str],
        encoder: SentenceEncoder | None = None,
    ) -> None:
        """Put a model over a book.

        Args:
            book: Phrases.
            model: Judges whole sentences.
            judged: Categories of which one utterance raises an alert; others are never doubted.
            encoder: Gives the model the sentence's vector, where it has a use for it.
        """
        self._book = book
        self._model = model
        self._encoder = encoder
        self._vetoes = {name: below for name, below in model.note.veto_below.items() if name in set(judged)}
        self._critical = model.note.critical_from
        self._least_of_tone = model.least_log_odds(model.note.tone_from, model.note.tone_share)
        """Log odds of each category against none below which it is no tone."""
        self._least_of_rough = model.least_log_odds(model.note.rough_from, model.note.rough_share)
        """The same for a sentence in rough form."""

    @property
    def names(self) -> frozenset[str]:
        return self._book.names

    @property
    def skipped(self) -> tuple[str, ...]:
        return self._book.skipped

    def find(self, utterance: Utterance, *, acts: bool = True) -> UtteranceFindings:
        """Return the matches that count, those that are doubted, and the tone of an utterance without matches.

        `acts`: as in `PhraseBook.find`.
        """
        heard = self._book.hear(utterance.text)
        said = self._book.find_in(heard, utterance.role, acts=acts and utterance.final)
        if utterance.role is Role.OPERATOR:
            return said
        blamed = [match for match in said.matches if match.category in self._model.note.classes]
        if blamed:
            return self._checked(said, heard)
        return self._with_tone(said, heard) if utterance.final else said

    def _judged(self, heard: Pronunciation, least: NDArray[np.float32] | None = None) -> Opinion:
        encoder = self._encoder
        vector = None if encoder is None else lambda: encoder.of(spoken(heard.text, heard.words))
        return self._model.judge(heard.words, vector, least)

    def _checked(self, said: UtteranceFindings, heard: Pronunciation) -> UtteranceFindings:
        if not any(
            match.category in self._vetoes or match.category in self._critical for match in said.matches
        ):
            return said
        harm = self._judged(heard).harm
        near = any(harm < self._vetoes.get(match.category, 0.0) for match in said.matches)
        note = self._model.note
        least = note.rough_veto_below if near and rough(heard) else 1.0

        def stays(match: Match) -> bool:
            bar = self._vetoes.get(match.category, 0.0)
            if not bar:
                return True
            if match.sureness is Sureness.JEST:
                return harm >= max(bar, note.jest_veto_below)
            if match.sureness is Sureness.SURE:
                bar = min(bar, note.sure_veto_below)
            return harm >= min(bar, least)

        def weighed(match: Match) -> Match:
            return replace(match, unsure=harm < self._critical.get(match.category, 0.0))

        doubted = tuple(match for match in said.matches if not stays(match))
        counting = tuple(weighed(match) for match in said.matches if stays(match))
        return replace(said, matches=counting, doubted=doubted)

    def _with_tone(self, said: UtteranceFindings, heard: Pronunciation) -> UtteranceFindings:
        note = self._model.note
        if len(heard.words) < note.tone_words or not any(word.part in _SAYING for word in heard.words):
            return said
        bars, share, least = note.tone_from, note.tone_share, self._least_of_tone
        if note.rough_from and rough(heard):
            bars, share, least = note.rough_from, note.rough_share, self._least_of_rough
        opinion = self._judged(heard, least)
        bar = bars.get(opinion.category)
        if bar is not None and opinion.share < share:
            bar = note.tone_unclear_from
        if bar is None or opinion.harm < bar:
            return said
        weighed = self._model.weighed(heard.words, opinion.category)
        return replace(said, tone=Tone(opinion.category, opinion.harm, weighed))
