"""A line of a call's transcript, made from an utterance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.wire.messages import DoubtedWords, OtherHearing, TranscriptLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kikimori_core.judging.phrases import Match
    from kikimori_core.model.evidence import Utterance

MOST_LETTERS = 2000


def transcript_line(call_id: str, utterance: Utterance, doubted: Sequence[Match]) -> TranscriptLine:
    """Return an utterance as it is published, with its doubted words."""
    other = utterance.other
    return TranscriptLine(
        call_id=call_id,
        line_id=utterance.line_id,
        role=utterance.role,
        start_s=round(utterance.start_s, 2),
        end_s=round(utterance.end_s, 2),
        text=utterance.text[:MOST_LETTERS],
        final=utterance.final,
        engine=utterance.engine,
        other=other and OtherHearing(text=other.text[:MOST_LETTERS], engine=other.engine),
        doubted=tuple(
            DoubtedWords(category=each.category, matched=each.matched[:MOST_LETTERS]) for each in doubted
        ),
    )
