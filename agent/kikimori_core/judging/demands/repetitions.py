"""Demands of one call that were found repeated, until the operator's answer shows that they were not."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori_core.judging.demands.evidence import is_of_one_demand

if TYPE_CHECKING:
    from kikimori_core.wire.evidence import AnsweredEvidence

_MOST = 100
"""Demands remembered, the newest; a call has a few."""


@dataclass(frozen=True, slots=True)
class _Found:
    category: str | None
    """Category that the rule counts; None = any other demand."""
    counted: AnsweredEvidence
    at_s: float


class Repetitions:
    """Repeated demands of one call, of all rules that count them."""

    def __init__(self) -> None:
        self._found: deque[_Found] = deque(maxlen=_MOST)

    def __bool__(self) -> bool:
        return bool(self._found)

    @property
    def last_s(self) -> float | None:
        """Media time in s at which a demand was last found repeated."""
        return max((each.at_s for each in self._found), default=None)

    def add(self, category: str | None, counted: AnsweredEvidence, at_s: float) -> None:
        """Take a demand that a rule found repeated; it takes the place of earlier counts of the same.

        Args:
            category: The one that the rule counts; None = any other demand.
            counted: Its times.
            at_s: Media time in s.
        """
        self.take_back(category, counted)
        self._found.append(_Found(category, counted, at_s))

    def take_back(self, category: str | None, counted: AnsweredEvidence) -> None:
        """Forget the counts of a demand, by the evidence that corrects them."""
        for each in list(self._found):
            if each.category == category and is_of_one_demand(each.counted, counted):
                self._found.remove(each)
