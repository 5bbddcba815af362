"""Line of a call with the words that were looked for marked in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kikimori_records.search.normal import normal_with_places

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_SHOWN = 160
"""Letters of a line that are shown."""
AROUND = 60
"""Letters shown before the first mark of a longer line."""
CUT = "…"


@dataclass(frozen=True, slots=True)
class LinePart:
    """Stretch of a line, marked or not."""

    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class MarkedLine:
    """A line, or the part of a long one around the first mark."""

    number: int
    role: str
    start_s: float
    parts: tuple[LinePart, ...]

    @property
    def text(self) -> str:
        return "".join(each.text for each in self.parts)


def marked_line(row: Any, places: Sequence[tuple[int, int]]) -> MarkedLine:
    """Return a row of `recorded_lines` with marks; `places`: begin and end in the line's normal form."""
    text = row.text
    _, origins = normal_with_places(text)
    marks: list[tuple[int, int]] = []
    for begin, end in sorted(places):
        if begin < len(origins) and end > begin:
            last = origins[min(end, len(origins)) - 1]
            stop = origins[end] if end < len(origins) and origins[end] > last else last + 1
            # What is no letter behind the word is no part of it; the second half of a letter is.
            stop = min(stop, last + 1 + (text[last + 1 : last + 2] in _HALVES))
            marks.append((max(origins[begin], marks[-1][1] if marks else 0), stop))
    return MarkedLine(row.number, row.role, row.start_s, tuple(_parts(text, marks)))


_HALVES = frozenset({"\uff9e", "\uff9f", "\u3099", "\u309a"})


def _parts(text: str, marks: Sequence[tuple[int, int]]) -> list[LinePart]:
    first = marks[0][0] if marks else 0
    begin = 0 if len(text) <= MOST_SHOWN or first < AROUND else first - AROUND
    end = min(len(text), begin + MOST_SHOWN)
    made = [LinePart(CUT, marked=False)] if begin else []
    at = begin
    for start, stop in marks:
        if start >= end or stop <= start:
            continue
        made += [LinePart(text[at:start], marked=False), LinePart(text[start : min(stop, end)], marked=True)]
        at = min(stop, end)
    made.append(LinePart(text[at:end], marked=False))
    if end < len(text):
        made.append(LinePart(CUT, marked=False))
    return [each for each in made if each.text]
