"""Recognised against spoken: character error rate, as written and as it sounds."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rapidfuzz.distance import Levenshtein

from kikimori_core.judging.words.sound import plain, words

if TYPE_CHECKING:
    from collections.abc import Iterable

_NOT_SPOKEN = re.compile(r"[^\w]+")


@dataclass(slots=True)
class CharacterErrors:
    """Over any number of calls. A rate is errors by spoken characters: above 1 is possible."""

    characters: int = 0
    errors: int = 0
    sounds: int = 0
    sound_errors: int = 0

    def add(self, spoken: Iterable[str], recognised: Iterable[str]) -> None:
        """Add one leg: its spoken and its recognised utterances, each in order."""
        wanted, got = _written(spoken), _written(recognised)
        self.characters += len(wanted)
        self.errors += Levenshtein.distance(wanted, got)
        wanted, got = _sounds(spoken), _sounds(recognised)
        self.sounds += len(wanted)
        self.sound_errors += Levenshtein.distance(wanted, got)

    def as_json(self) -> dict[str, float | int | None]:
        return {
            "characters": self.characters,
            "cer": round(self.errors / self.characters, 4) if self.characters else None,
            "cer_sound": round(self.sound_errors / self.sounds, 4) if self.sounds else None,
        }


def _written(texts: Iterable[str]) -> str:
    return "".join(_NOT_SPOKEN.sub("", unicodedata.normalize("NFKC", text).lower()) for text in texts)


def _sounds(texts: Iterable[str]) -> str:
    """Return the sound of a text: 代われ and 変われ are the same; sighs and fillers are left out."""
    return "".join(word.sound for text in texts for word in words(plain(text)))
