"""Question to the history: what the calls that are looked for have in common."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from kikimori_records.search.normal import normal

if TYPE_CHECKING:
    from datetime import datetime

MOST_WORDS = 10
LONGEST_WORD = 60
"""Letters of a word that are looked at."""


class FoundGroup(StrEnum):
    """Group of what is found."""

    EXACT = "exact"
    """The words stand there as they are asked for, or no words are asked for."""
    ALIKE = "alike"
    """At least one of the words only sounds so: another spelling, or a mistake of the recogniser."""


@dataclass(frozen=True, slots=True)
class HistoryQuestion:
    """Conditions that a call meets; what is empty is no condition."""

    since: datetime | None = None
    """A call that began then or later."""
    until: datetime | None = None
    """A call that began before."""
    operator: str = ""
    """Extension, name or part of a person's name."""
    caller: str = ""
    """Number in any spelling, its last four digits, or name."""
    words: tuple[str, ...] = ()
    """Words of which each was said in the call, in normal form."""
    kind: str = ""
    """Kind of one of its alerts."""
    outcome: str = ""
    at_least_s: int = 0
    below_s: int | None = None
    """Length of the call; one of `attributes.LENGTHS_S`."""
    reviewed_by: str = ""
    """Id of a person who has marked the call as gone through."""
    not_reviewed_by: str = ""
    teams: frozenset[str] | None = None
    """Teams whose calls may be seen, with those of no team; None = all."""
    hidden_extensions: frozenset[str] = frozenset()
    """Extensions of other teams: their calls of which nobody knows who sat there are not seen either."""


def words_asked(said: str) -> tuple[str, ...]:
    """Return the words of what somebody typed, in normal form; spaces of any width part them."""
    found = (normal(each)[:LONGEST_WORD] for each in said.split())
    return tuple(dict.fromkeys(each for each in found if each))[:MOST_WORDS]
