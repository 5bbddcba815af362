"""Searched words of one call: its lines in normal form with their readings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kikimori_records.search.normal import normal
from kikimori_records.search.readings import readings_of
from kikimori_records.search.terms import LINE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class SpokenWords:
    """Words of a call as the index has them; each part in the order of the lines."""

    numbers: tuple[int, ...] = ()
    """Numbers of the rows of `recorded_lines`."""
    text: str = ""
    readings: str | None = None


def spoken_in(lines: Iterable[Mapping[str, Any]]) -> SpokenWords:
    """Return the words of a call's rows of `recorded_lines`, which are in order. Blocks for ms, with long calls for more.

    A line that was heard again counts as it was heard last.
    """
    last: dict[tuple[str, str], tuple[int, str]] = {}
    for each in lines:
        last.pop((each["line_id"], each["role"]), None)
        if said := normal(each["text"]):
            last[each["line_id"], each["role"]] = (int(each["number"]), said)
    text = LINE.join(said for _, said in last.values())
    return SpokenWords(tuple(number for number, _ in last.values()), text, readings_of(text) if text else "")
