"""Phrases by category, from `config/phrases/`, and where they stand in an utterance.

A phrase is written as it is spoken; `…` stands for up to eight characters in between. What stands in `unless` is
taken out of the utterance first, so that an offer or an idiom does not count.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from kikimori.errors import ConfigError
from kikimori.model.evidence import Role
from kikimori.toml_file import load
from kikimori_wire.topics import NAME_PATTERN

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from kikimori.model.evidence import Utterance

GAP = "…"
GAP_CHARACTERS = 8

_NOT_SPOKEN = re.compile(r"[\s\u3000、。，．,.!?！？「」『』・〜]+")

_Phrase = Annotated[str, Field(min_length=2, max_length=60)]


class _CategoryFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    category: Annotated[str, Field(pattern=NAME_PATTERN)]
    title: dict[str, str]
    said_by: Role
    phrases: Annotated[tuple[_Phrase, ...], Field(min_length=1)]
    unless: tuple[_Phrase, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """A category found in an utterance."""

    category: str
    matched: str
    """The words, as recognised."""


@dataclass(frozen=True, slots=True)
class _Category:
    name: str
    said_by: Role
    phrases: re.Pattern[str]
    unless: re.Pattern[str] | None


class PhraseBook:
    """All categories of the configured languages."""

    def __init__(self, categories: Iterable[_Category]) -> None:
        self._categories = tuple(categories)

    @property
    def names(self) -> frozenset[str]:
        return frozenset(category.name for category in self._categories)

    def find(self, utterance: Utterance) -> tuple[Match, ...]:
        """Return each category once that the utterance holds and that its speaker can be blamed or credited for."""
        text = normalised(utterance.text)
        found = []
        for category in self._categories:
            # A mixed leg does not say who spoke: both readings count, and the leg is labelled on the screen.
            if utterance.role not in (category.said_by, Role.MIXED):
                continue
            said = category.unless.sub("/", text) if category.unless else text
            match = category.phrases.search(said)
            if match:
                found.append(Match(category.name, match.group()))
        return tuple(found)


def normalised(text: str) -> str:
    """Fold widths and case and drop what is not spoken: spaces and punctuation."""
    return _NOT_SPOKEN.sub("", unicodedata.normalize("NFKC", text).lower())


def load_phrases(paths: Iterable[Path]) -> PhraseBook:
    """Read category files; the same category in several files (languages) is several entries of one name.

    Raises:
        ConfigError: names file, key and reason.
    """
    return PhraseBook(_category(path) for path in paths)


def _category(path: Path) -> _Category:
    file = load(path, _CategoryFile)
    if file.said_by is Role.MIXED:
        raise ConfigError(f"{path}: said_by: must be customer or operator")
    unless = _any_of(file.unless) if file.unless else None
    return _Category(file.category, file.said_by, _any_of(file.phrases), unless)


def _any_of(phrases: Iterable[str]) -> re.Pattern[str]:
    gap = f".{{0,{GAP_CHARACTERS}}}?"
    each = (gap.join(re.escape(normalised(part)) for part in phrase.split(GAP)) for phrase in phrases)
    return re.compile("|".join(sorted(each, key=len, reverse=True)))
