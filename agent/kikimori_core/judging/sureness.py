"""Certainty that a group of phrases is harassment by its words alone."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from kikimori_core.judging.words.moods import wonders
from kikimori_core.model.alert import Severity

if TYPE_CHECKING:
    from kikimori_core.judging.words.sound import Pronunciation


class Sureness(IntEnum):
    """Certainty of a group; the second opinion doubts the lower ones at higher probabilities."""

    JEST = 0
    """Friends say it too, in jest or of something else: そっち行くわ."""
    USUAL = 1
    SURE = 2
    """Found in nothing harmless."""


def severest(sureness: Sureness, heard: Pronunciation, matched: str) -> Severity | None:
    """Return the worst severity of words that were found; None = as the rule says."""
    return Severity.NOTICE if sureness is not Sureness.SURE and wonders(heard, matched) else None
