"""The same demand again and again within a window: one of a category in any words, or any demand in like words."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from kikimori_core.judging.kinds.detector import (
    CallFacts,
    Detector,
    Finding,
    Observation,
    Spoken,
    from_customer,
)
from kikimori_core.judging.kinds.phrase import has_category, match_of, words_evidence
from kikimori_core.judging.kinds.rule import AccommodatedRule, Name, Positive
from kikimori_core.judging.phrases import Match
from kikimori_core.model.alert import Severity
from kikimori_core.model.evidence import Role

if TYPE_CHECKING:
    from kikimori_core.judging.words.demands import Demand
    from kikimori_core.wire.messages import WordsEvidence

ANSWER_WITHIN_S = 12.0
"""Seconds after the operator's request to repeat in which an utterance is the answer to it."""

MOST_KEPT = 200
"""Demands remembered for comparison; an hour of asking without a pause does not reach it."""


@dataclass(frozen=True, slots=True)
class _Time:
    """One occurrence of the demand."""

    said: WordsEvidence
    demand: Demand | None


class RepeatedRule(AccommodatedRule):
    """The same demand again and again, in whatever words."""

    kind: Literal["repeated"]
    category: Name | None = None
    """Demands of this category; None = any demand that no other rule counts, compared by its words (Japanese)."""
    ask_again_category: Name = "ask_again"
    """Category of the operator's requests to say it again; the answer to one is not counted."""
    hard_to_hear_category: Name = "hard_to_hear"
    """Category of a customer's remarks that they hear badly; never counted."""
    severity: Severity = Severity.WARNING
    count: Annotated[int, Field(ge=2)] = 3
    window_s: Positive = 600.0
    critical_count: Annotated[int, Field(ge=2)] | None = 5

    def detector(self, facts: CallFacts) -> Detector:
        return RepeatedDetector(self, facts)

    def needs_words(self) -> bool:
        return True

    def categories(self) -> tuple[str, ...]:
        return () if self.category is None else (self.category,)

    def counted_category(self) -> str | None:
        return self.category


class RepeatedDetector(Detector):
    """Counts utterances, not words: 「代われ、代われ」 in one breath is one demand.

    What answers the operator's own question is not counted unless the customer insists, nor is one repetition of a polite
    request.
    """

    def __init__(self, rule: RepeatedRule, facts: CallFacts) -> None:
        self._rule = rule
        self._facts = facts
        self._times: deque[_Time] = deque(maxlen=MOST_KEPT)
        self._asked_s: float | None = None

    def observe(self, observation: Observation) -> Finding | None:
        if not isinstance(observation, Spoken) or observation.provisional:
            return None
        utterance = observation.utterance
        if utterance.role is Role.OPERATOR:
            if has_category(observation, self._rule.ask_again_category):
                self._asked_s = utterance.end_s
            return None
        time = self._time(observation)
        if time is None:
            return None
        if self._asked_s is not None:
            answers = utterance.end_s > self._asked_s and utterance.start_s - self._asked_s <= ANSWER_WITHIN_S
            self._asked_s = None
            if answers and not (time.demand is not None and time.demand.insists):
                return None
        while self._times and self._times[0].said.end_s <= utterance.end_s - self._rule.window_s:
            self._times.popleft()
        self._times.append(time)
        same = [each for each in self._times if self._same(each, time)]
        count = len(same) - self._forgiven(same)
        if count < self._rule.count:
            return None
        self._facts.repetition = True
        self._facts.repetition_s = utterance.end_s
        severity = self._rule.severity
        if self._rule.critical_count and count >= self._rule.critical_count:
            severity = Severity.CRITICAL
        return Finding(utterance.end_s, severity, tuple(each.said for each in same))

    def _time(self, spoken: Spoken) -> _Time | None:
        rule = self._rule
        if rule.category is not None:
            match = match_of(spoken, rule.category)
            return None if match is None else _Time(words_evidence(*match), spoken.demand)
        demand = spoken.demand
        if demand is None or not from_customer(spoken.utterance.role):
            return None
        if has_category(spoken, *self._facts.counted_categories):
            return None
        if not demand.groups and has_category(spoken, rule.hard_to_hear_category):
            return None
        whole = Match("demand", spoken.utterance.text)
        return _Time(words_evidence(spoken.utterance, whole), demand)

    def _same(self, one: _Time, other: _Time) -> bool:
        if self._rule.category is not None:
            return True
        return one.demand is not None and other.demand is not None and one.demand.is_like(other.demand)

    @staticmethod
    def _forgiven(same: list[_Time]) -> int:
        polite = sum(
            each.demand is not None and each.demand.polite and not each.demand.insists for each in same
        )
        return 1 if polite > 1 else 0
