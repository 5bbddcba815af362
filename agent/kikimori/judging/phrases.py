"""Phrases by category, from `config/phrases/`, and which of them an utterance holds.

Japanese is compared by sound (`judging.words`), other languages as it is written, where `…` stands for up to twenty
characters in between. A phrase that lies inside something listed under `unless` does not count: so an offer or an
idiom is no alarm.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from kikimori.errors import ConfigError
from kikimori.judging.answers import AnswerCategory, ClauseWords, reader_of
from kikimori.judging.demand_file import holds_demands, load_demands
from kikimori.judging.words.demands import DemandReader
from kikimori.judging.words.moods import Mood, denied
from kikimori.judging.words.pattern import Pattern, compile_phrase, expanded
from kikimori.judging.words.sound import Ear
from kikimori.model.evidence import Role
from kikimori_wire.toml_file import load
from kikimori_wire.topics import NAME_PATTERN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from kikimori.judging.words.demands import Demand
    from kikimori.judging.words.sound import Heard
    from kikimori.model.evidence import Utterance

GAP = "…"
GAP_CHARACTERS = 20
WHOLE_WORDS_BELOW = 5
"""A fixed phrase of fewer sounds must end where a word ends: カス is not the beginning of カスタマー."""
ONE_WORD_TO = 2
"""A phrase of so few sounds must be one word: シネ is not 為 and ね."""
LOOSE_FROM = 7
"""A phrase of more sounds than this is found inside a word too, as a recogniser cuts words wrongly."""

_NOT_SPOKEN = re.compile(r"[\s\u3000、。，．,.!?！？「」『』・〜]+")

_Phrase = Annotated[str, Field(min_length=2, max_length=400)]


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    mood: Mood = "fixed"
    phrases: Annotated[tuple[_Phrase, ...], Field(min_length=1)]


class _CategoryFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    category: Annotated[str, Field(pattern=NAME_PATTERN)]
    title: dict[str, str]
    said_by: Role
    compare: Literal["sound", "letters"] = "sound"
    """`sound` for Japanese, `letters` for languages that are written as they are recognised."""
    unless: tuple[_Phrase, ...] = ()
    words: dict[str, Annotated[tuple[str, ...], Field(min_length=1)]] = {}
    """Lists that phrases name as `{list}`."""
    clauses: ClauseWords | None = None
    """Words of a category that is read clause by clause, over the phrases."""
    group: tuple[_Group, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """A category found in an utterance."""

    category: str
    matched: str
    """The words, as recognised."""


@dataclass(frozen=True, slots=True)
class Said:
    """What an utterance holds."""

    matches: tuple[Match, ...] = ()
    demand: Demand | None = None
    """What is asked for, of whatever category or none."""


class _Category(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def said_by(self) -> Role: ...

    def find(self, heard: Heard) -> str | None:
        """Return the words that fall under this category, as recognised."""


class PhraseFinder(Protocol):
    """What judging needs of a `PhraseBook`."""

    def find(self, utterance: Utterance) -> Said: ...


class PhraseBook:
    """All categories of the configured languages."""

    def __init__(
        self, categories: Iterable[_Category], ear: Ear, demands: DemandReader | None = None
    ) -> None:
        self._categories = tuple(categories)
        self._ear = ear
        self._demands = demands or DemandReader()

    @property
    def names(self) -> frozenset[str]:
        return frozenset(category.name for category in self._categories)

    def find(self, utterance: Utterance) -> Said:
        """Return each category once that the utterance holds and that its speaker can be blamed or credited for."""
        heard = self._ear.hear(utterance.text)
        if not heard.sound:
            return Said()
        found = []
        for category in self._categories:
            # A mixed leg does not say who spoke: both readings count, and the leg is labelled on the screen.
            if utterance.role not in (category.said_by, Role.MIXED):
                continue
            matched = category.find(heard)
            if matched is not None:
                found.append(Match(category.name, matched))
        # An operator demands nothing.
        demand = None if utterance.role is Role.OPERATOR else self._demands.read(heard)
        return Said(tuple(found), demand)


@dataclass(slots=True)
class _BySound:
    name: str
    said_by: Role
    unless: tuple[Pattern, ...]
    by_head: dict[str, list[Pattern]] = field(default_factory=lambda: defaultdict(list))
    """Patterns by the longest sound they cannot be without: most are ruled out by one look."""

    def add(self, pattern: Pattern) -> None:
        self.by_head[max(pattern.heads, key=len)].append(pattern)

    def find(self, heard: Heard) -> str | None:
        sound = heard.sound
        excused: list[tuple[int, int]] | None = None
        for head, patterns in self.by_head.items():
            if head not in sound:
                continue
            for pattern in patterns:
                if not all(each in sound for each in pattern.heads):
                    continue
                for match in pattern.expression.finditer(sound):
                    if excused is None:
                        excused = list(self._excused(sound))
                    if _counts(heard, match, pattern.mood, excused):
                        return heard.between(match.start(), match.end())
        return None

    def _excused(self, sound: str) -> Iterator[tuple[int, int]]:
        for pattern in self.unless:
            for match in pattern.expression.finditer(sound):
                yield match.span()


def _counts(heard: Heard, match: re.Match[str], mood: Mood, excused: list[tuple[int, int]]) -> bool:
    start, end = match.span()
    if any(begin <= start and end <= stop for begin, stop in excused):
        return False
    length = end - start
    if length <= LOOSE_FROM and start not in heard.starts:
        return False
    if mood != "fixed":
        verb = match.start("verb")
        if verb not in heard.starts or (end - verb <= ONE_WORD_TO and end not in heard.starts):
            return False
    if mood == "fixed" and length < WHOLE_WORDS_BELOW and end not in heard.starts:
        return False
    if length <= ONE_WORD_TO and end != next(each for each in heard.starts if each > start):
        return False
    return not denied(heard.sound[end:])


@dataclass(frozen=True, slots=True)
class _ByLetters:
    name: str
    said_by: Role
    phrases: re.Pattern[str]
    unless: re.Pattern[str] | None

    def find(self, heard: Heard) -> str | None:
        text = normalised(heard.text)
        match = self.phrases.search(self.unless.sub("/", text) if self.unless else text)
        return match.group().strip() if match else None


def normalised(text: str) -> str:
    """Fold widths and case, write one space where there is something that is not spoken."""
    return _NOT_SPOKEN.sub(" ", unicodedata.normalize("NFKC", text).lower().replace("\u2019", "'")).strip()


def load_phrases(paths: Iterable[Path]) -> PhraseBook:
    """Read category files; the same category in several files (languages) is several entries of one name.

    Raises:
        ConfigError: names file, key and reason.
    """
    categories: list[_Category] = []
    vocabulary: set[str] = set()
    paths = tuple(paths)
    of_demands = [path for path in paths if holds_demands(path)]
    files = [(path, load(path, _CategoryFile)) for path in paths if path not in of_demands]
    reader = reader_of(file.clauses for _, file in files if file.clauses)
    for path, file in files:
        if file.said_by is Role.MIXED:
            raise ConfigError(f"{path}: said_by: must be customer or operator")
        if file.compare == "letters":
            categories.append(_by_letters(path, file))
            continue
        if not file.group and file.clauses is None:
            raise ConfigError(f"{path}: group: Field required")
        category = _by_sound(path, file)
        categories.append(
            AnswerCategory(file.category, file.said_by, file.clauses.act, reader, category)
            if file.clauses
            else category
        )
        vocabulary |= {noun for each in category.by_head.values() for one in each for noun in one.vocabulary}
    return PhraseBook(categories, Ear(vocabulary), load_demands(of_demands))


def _by_sound(path: Path, file: _CategoryFile) -> _BySound:
    unless = tuple(
        pattern
        for number, phrase in enumerate(file.unless, start=1)
        for pattern in _compiled(phrase, "fixed", file, f"{path}: unless[{number}]")
    )
    category = _BySound(file.category, file.said_by, unless)
    for number, group in enumerate(file.group, start=1):
        for place, phrase in enumerate(group.phrases, start=1):
            for pattern in _compiled(phrase, group.mood, file, f"{path}: group[{number}].phrases[{place}]"):
                category.add(pattern)
    return category


def _compiled(phrase: str, mood: Mood, file: _CategoryFile, key: str) -> Iterator[Pattern]:
    try:
        for each in expanded(phrase, file.words):
            yield compile_phrase(each, mood)
    except ValueError as error:
        raise ConfigError(f"{key}: {phrase!r} {error}") from error


def _by_letters(path: Path, file: _CategoryFile) -> _ByLetters:
    for number, group in enumerate(file.group, start=1):
        if group.mood != "fixed":
            raise ConfigError(f"{path}: group[{number}].mood: must be fixed where letters are compared")
    unless = _any_of(file.unless) if file.unless else None
    return _ByLetters(
        file.category,
        file.said_by,
        _any_of(phrase for group in file.group for phrase in group.phrases),
        unless,
    )


def _any_of(phrases: Iterable[str]) -> re.Pattern[str]:
    each = {
        f".{{0,{GAP_CHARACTERS}}}?".join(re.escape(normalised(part)) for part in one.split(GAP))
        for phrase in phrases
        for one in expanded(phrase)
    }
    return re.compile(rf"(?<!\w)(?:{'|'.join(sorted(each, key=len, reverse=True))})(?!\w)")
