"""Weight of the words of a group of phrases alone, whoever says them to whom."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from kikimori_core.judging.words.moods import wonders
from kikimori_core.model.alert import Severity

if TYPE_CHECKING:
    from kikimori_core.judging.words.sound import Pronunciation


class Sureness(IntEnum):
    """The second opinion doubts more of what is less certain."""

    JEST = 0
    """Friends say it too, in jest or of something else: そっち行くわ."""
    USUAL = 1
    SURE = 2
    """Found in nothing harmless."""


def severest(sureness: Sureness, heard: Pronunciation, matched: str) -> Severity | None:
    """Return the worst severity of words that were found; None = as the rule says."""
    return Severity.NOTICE if sureness is not Sureness.SURE and wonders(heard, matched) else None
