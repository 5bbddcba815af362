"""The last lines of a call: what is remembered of an utterance is forgotten once some more were said."""

from __future__ import annotations

from typing import TypeVar

_T = TypeVar("_T")


def keep_last(kept: dict[str, _T], line_id: str, value: _T, most: int) -> None:
    """Remember something of a line; of more than `most` lines the oldest are forgotten."""
    kept[line_id] = value
    while len(kept) > most:
        del kept[next(iter(kept))]
