"""Weight of the words of a group of phrases alone, whoever says them to whom."""

from __future__ import annotations

from enum import IntEnum


class Sureness(IntEnum):
    """The second opinion doubts more of what is less certain."""

    JEST = 0
    """Friends say it too, in jest or of something else: そっち行くわ."""
    USUAL = 1
    SURE = 2
    """Found in nothing harmless."""
