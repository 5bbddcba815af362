"""Tone of a sentence in which no phrase was found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tone:
    """Classification of a whole utterance."""

    category: str
    """The category that it is most like."""
    probability: float
    """Of being harassment of whatever category."""
    words: tuple[str, ...]
    """Recognised words with the greatest weight in it."""
