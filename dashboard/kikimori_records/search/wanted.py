"""Question as the index is asked: terms that a call holds, and a look at the words of the calls that hold them."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING

from sqlalchemy import select

from kikimori_records.schema import people
from kikimori_records.search.attributes import NO_TEAM, caller_tags, length_tags, operator_tags
from kikimori_records.search.expression import LATEST, Expression, NumberRange
from kikimori_records.search.normal import normal
from kikimori_records.search.question import FoundGroup
from kikimori_records.search.readings import LEAST, is_heard, places_of, reading_of_word
from kikimori_records.search.terms import LINE, Tag, tag, terms_of_reading, terms_of_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.search.question import HistoryQuestion


@dataclass(frozen=True, slots=True)
class WordHit:
    """Place of a word in a call."""

    line: int
    """Place of the line in the call's text, from 0."""
    begin: int
    end: int
    """Places in the line's normal form."""


@dataclass(frozen=True, slots=True)
class WantedCalls:
    """Question for one group of what is found."""

    expression: Expression
    among: NumberRange
    words: tuple[str, ...] = ()
    readings: Mapping[str, str] = field(default_factory=dict)
    """Of words that may only sound so; of the exact group none."""
    outcome: str = ""
    reviewed_by: str = ""
    not_reviewed_by: str = ""
    hidden_extensions: frozenset[str] = frozenset()

    @property
    def looks_at_text(self) -> bool:
        """Return whether the index alone does not decide."""
        if any(len(each) > PAIR for each in self.words):
            return True
        besides = (self.outcome, self.reviewed_by, self.not_reviewed_by, self.hidden_extensions)
        return bool(self.readings or any(besides))

    def holds(self, tags: str) -> bool:
        """Return whether a call has the attributes, with which the index has it."""
        there = set(tags.split())
        return all(there & group for group in self.expression.tags)

    def meets(self, text: str, readings: str | None) -> bool:
        """Return whether a call that holds the terms says the words, one or more of them only in their sound."""
        others = [each for each in self.words if each not in text]
        if not others or not readings:
            return False
        return all(
            (wanted := self.readings.get(each)) is not None and is_heard(readings, wanted) for each in others
        )

    def hits(self, text: str, readings: str | None) -> list[WordHit]:
        """Return the places of the words in the lines in which each of them is said first, in the order of the call."""
        lines = list(zip_longest(text.split(LINE), (readings or "").split(LINE), fillvalue=""))
        shown: set[int] = set()
        for word in self.words:
            at = next((at for at, line in enumerate(lines) if self._places(word, *line)), None)
            shown |= set() if at is None else {at}
        return [
            WordHit(at, *place)
            for at in sorted(shown)
            for word in self.words
            for place in self._places(word, *lines[at])
        ]

    def _places(self, word: str, line: str, reading: str) -> list[tuple[int, int]]:
        """Return where a line says a word, or what only sounds so."""
        if word in line:
            return [(each.start(), each.end()) for each in re.finditer(re.escape(word), line)]
        wanted = self.readings.get(word)
        return [] if wanted is None or wanted[0] not in reading else places_of(reading, wanted)


PAIR = 2
"""Letters of a word that is one term."""


async def wanted_calls(
    connection: AsyncConnection, asked: HistoryQuestion, group: FoundGroup, before: int | None
) -> WantedCalls | None:
    """Return what the index is asked; None where nothing can be found.

    Args:
        connection: It reads.
        asked: The question.
        group: Group of what is found.
        before: Number below which calls are looked for; None = from the newest on.
    """
    among = NumberRange(
        0 if asked.since is None else _number(asked.since),
        min(LATEST if asked.until is None else _number(asked.until), LATEST if before is None else before),
    )
    tags = await _tags(connection, asked)
    readings: dict[str, str] = {}
    if group is FoundGroup.ALIKE:
        readings = await asyncio.to_thread(_readings, asked.words)
        if not readings:
            return None
    text = [
        each
        for word in asked.words
        for each in (terms_of_reading(readings[word]) if word in readings else terms_of_word(word))
    ]
    # What holds the words as they are written is in the other group.
    lacked = (
        frozenset(each for word in asked.words for each in terms_of_word(word)) if readings else frozenset()
    )
    return WantedCalls(
        Expression(frozenset(text), tags, lacked),
        among,
        asked.words,
        readings,
        asked.outcome,
        asked.reviewed_by,
        asked.not_reviewed_by,
        asked.hidden_extensions,
    )


def _readings(words: Iterable[str]) -> dict[str, str]:
    found = ((each, reading_of_word(each)) for each in words)
    return {word: reading for word, reading in found if reading is not None and len(reading) >= LEAST}


async def _tags(connection: AsyncConnection, asked: HistoryQuestion) -> frozenset[frozenset[str]]:
    found: list[set[str]] = []
    if asked.teams is not None:
        found.append({tag(Tag.TEAM, each) for each in (*asked.teams, NO_TEAM)})
    if asked.operator:
        found.append(operator_tags(asked.operator, await _named(connection, asked.operator)))
    if asked.caller:
        found.append(caller_tags(asked.caller))
    if asked.kind:
        found.append({tag(Tag.KIND, asked.kind)})
    if asked.at_least_s or asked.below_s is not None:
        found.append(length_tags(asked.at_least_s, asked.below_s))
    return frozenset(map(frozenset, found))


async def _named(connection: AsyncConnection, name: str) -> list[str]:
    """Return the ids of the people in whose name this stands."""
    wanted = normal(name)
    rows = await connection.execute(select(people.c.id, people.c.name))
    return [person_id for person_id, each in rows if wanted and wanted in normal(each)]


def _number(at: datetime) -> int:
    return max(0, round(at.timestamp() * 1000))
