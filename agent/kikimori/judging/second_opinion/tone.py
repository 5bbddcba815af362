"""Tone of a sentence in which no phrase was found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tone:
    """What an utterance is taken for as a whole."""

    category: str
    """The category that it is most like."""
    probability: float
    """Of being harassment of whatever category."""
    words: tuple[str, ...]
    """What spoke most for it, as recognised."""
