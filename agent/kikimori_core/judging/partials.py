"""Words before the sentence is over: those that partial results held long enough to count.

A recogniser changes its mind about the last words, and the words that follow change the meaning (殺す → 殺す気か). A
category counts when the partials have held it without a break for `STABLE_S` of decoded audio; the final still has the
last word. Measured on 607 synthesised utterances with 71 alarming ones: 0.8 s told 32 of them earlier and took none
back, 0.4 s told 70 earlier and took one back (出せとは言ってない), finals alone come 0.7 s after the last word.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kikimori_core.judging.kinds.detector import Spoken
from kikimori_core.judging.last_lines import keep_last

if TYPE_CHECKING:
    from kikimori_core.judging.phrases import Match, PhraseFinder
    from kikimori_core.model.evidence import Utterance

STABLE_S = 0.8

_MOST_LINES = 8
"""Unfinished lines remembered in a call: one per leg and a few whose final never came."""


@dataclass(slots=True)
class _Line:
    text: str = ""
    held: dict[str, tuple[float, Match]] = field(default_factory=dict)
    """Categories that the line holds now: media time since when, and the match."""
    told: set[str] = field(default_factory=set)


class StablePartials:
    """One call's unfinished lines."""

    def __init__(self, phrases: PhraseFinder) -> None:
        self._phrases = phrases
        self._lines: dict[str, _Line] = {}

    def heard(self, partial: Utterance) -> Spoken | None:
        """Take a partial result, changed or not; return what counts from now on."""
        line = self._lines.get(partial.line_id)
        if line is None:
            line = _Line()
            keep_last(self._lines, partial.line_id, line, _MOST_LINES)
        if partial.text != line.text:
            line.text = partial.text
            line.held = {
                match.category: (line.held.get(match.category, (partial.end_s,))[0], match)
                for match in self._phrases.find(partial).matches
            }
        believed = tuple(
            match
            for category, (since_s, match) in line.held.items()
            if category not in line.told and partial.end_s - since_s >= STABLE_S - 1e-6
        )
        if not believed:
            return None
        line.told |= {match.category for match in believed}
        return Spoken(partial, believed, provisional=True)

    def finished(self, line_id: str, matches: tuple[Match, ...]) -> frozenset[str]:
        """Take the final's categories; return those that counted from partials and are not in it."""
        line = self._lines.pop(line_id, None)
        if line is None:
            return frozenset()
        return frozenset(line.told - {match.category for match in matches})
