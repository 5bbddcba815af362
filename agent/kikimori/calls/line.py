"""Lines of a call's transcript, made from utterances; the last of them are kept."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from kikimori_core.wire.messages import DoubtedWords, OtherHearing, TranscriptLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kikimori_core.judging.phrases import Match
    from kikimori_core.model.evidence import Utterance
    from kikimori_core.wire.messages import SpokenBy

MOST_LETTERS = 2000
TAIL_LINES = 6
"""Finals of a call that later pages get with its state."""


class LineTail:
    """The last finals of a call."""

    def __init__(self) -> None:
        self._lines: deque[TranscriptLine] = deque(maxlen=TAIL_LINES)

    def keep(self, line: TranscriptLine) -> None:
        """Keep a final; a second one of the line replaces the first."""
        for number, kept in enumerate(self._lines):
            if kept.line_id == line.line_id:
                self._lines[number] = line
                return
        if line.text:
            self._lines.append(line)

    def lines(self) -> tuple[TranscriptLine, ...]:
        return tuple(self._lines)


def transcript_line(
    call_id: str, utterance: Utterance, doubted: Sequence[Match], spoken_by: SpokenBy | None = None
) -> TranscriptLine:
    """Return an utterance as it is published, with its doubted words, and the superior who says it."""
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
        spoken_by=spoken_by,
    )
