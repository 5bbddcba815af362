"""Form of a file of `config/phrases/`: the phrases of one category."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kikimori_core.judging.answers import ClauseWords
from kikimori_core.judging.sureness import Sureness
from kikimori_core.judging.words.moods import Mood
from kikimori_core.messages import text
from kikimori_core.model.alert import Severity
from kikimori_core.model.evidence import Role
from kikimori_core.wire.topics import NAME_PATTERN

_Noun = Annotated[str, Field(min_length=1, max_length=40)]
_Phrase = Annotated[str, Field(min_length=2, max_length=400)]


class PhraseGroup(BaseModel):
    """Phrases of one mood."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mood: Mood = "fixed"
    exact: bool = False
    """True = found only as written, in no other form."""
    at_most: Severity | None = None
    """Worst severity of an alert for these, whatever the rule says: hints that a person must weigh."""
    sure: bool | None = None
    """True = found in nothing harmless: the second opinion doubts these only where it sees hardly any harassment. None: as the file."""
    jest: bool = False
    """True = friends say these too, in jest or of something else: the second opinion must find the whole sentence harassing."""
    phrases: Annotated[tuple[_Phrase, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _is_not_both(self) -> Self:
        if self.jest and self.sure:
            raise ValueError(text("sure_and_jest"))
        return self

    def sureness(self, file: CategoryFile) -> Sureness:
        """Return the certainty of this group, with the default of its file."""
        if self.jest:
            return Sureness.JEST
        sure = file.sure if self.sure is None else self.sure
        return Sureness.SURE if sure else Sureness.USUAL


class CategoryFile(BaseModel):
    """One category file, as people write it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    category: Annotated[str, Field(pattern=NAME_PATTERN)]
    title: dict[str, str]
    said_by: Role
    compare: Literal["sound", "letters"] = "sound"
    """`sound` for Japanese, `letters` for languages that are written as they are recognised."""
    exact: bool = False
    """Default of `exact` for every group."""
    sure: bool = False
    """Default of `sure` for every group."""
    unless: tuple[_Phrase, ...] = ()
    not_of: tuple[_Noun, ...] = ()
    """Nouns of people; a phrase of which one is the subject does not count (`sound` only): うちの旦那は頭おかしい insults no listener."""
    words: dict[str, Annotated[tuple[str, ...], Field(min_length=1)]] = {}
    """Lists that phrases name as `{list}`."""
    clauses: ClauseWords | None = None
    """Words of a category that is read clause by clause, over the phrases."""
    group: tuple[PhraseGroup, ...] = ()
