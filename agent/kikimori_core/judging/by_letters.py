"""Categories compared as they are written, for languages whose words are recognised as people write them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori_core.judging.sureness import Sureness
from kikimori_core.judging.words.choice import expanded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kikimori_core.judging.words.sentence import Sentence
    from kikimori_core.model.alert import Severity
    from kikimori_core.model.evidence import Role

GAP = "…"
GAP_CHARACTERS = 20

_NOT_SPOKEN = re.compile(r"[\s\u3000、。，．,.!?！？「」『』・〜]+")


@dataclass(frozen=True, slots=True)
class ByLetters:
    """A category whose phrases are looked for in the letters of an utterance."""

    name: str
    said_by: Role
    phrases: re.Pattern[str]
    unless: re.Pattern[str] | None
    at_most: Severity | None = None
    sureness: Sureness = Sureness.USUAL

    def find(self, sentence: Sentence) -> str | None:
        text = normalised(sentence.heard.text)
        match = self.phrases.search(self.unless.sub("/", text) if self.unless else text)
        return match.group().strip() if match else None


def normalised(text: str) -> str:
    """Fold widths and case, write one space where there is something that is not spoken."""
    return _NOT_SPOKEN.sub(" ", unicodedata.normalize("NFKC", text).lower().replace("\u2019", "'")).strip()


def any_of(phrases: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern that finds any of the phrases, as whole words."""
    each = {
        f".{{0,{GAP_CHARACTERS}}}?".join(re.escape(normalised(part)) for part in one.split(GAP))
        for phrase in phrases
        for one in expanded(phrase)
    }
    return re.compile(rf"(?<!\w)(?:{'|'.join(sorted(each, key=len, reverse=True))})(?!\w)")
