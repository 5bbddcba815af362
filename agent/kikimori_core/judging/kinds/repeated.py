"""The same demand again and again within a window: one of a category in any words, or any demand in like words."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from kikimori_core.judging.kinds.demand_answers import MOST_KEPT, DemandAnswers, MadeDemand
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
from kikimori_core.wire.evidence import AnsweredEvidence

if TYPE_CHECKING:
    from kikimori_core.judging.words.demands import Demand
    from kikimori_core.wire.messages import WordsEvidence

ANSWER_WITHIN_S = 12.0
"""Seconds after the operator's request to repeat in which an utterance is the answer to it."""


@dataclass(frozen=True, slots=True)
class _Time:
    """One occurrence of the demand."""

    said: WordsEvidence
    demand: Demand | None
    made: MadeDemand


class RepeatedRule(AccommodatedRule):
    """The same demand again and again, in whatever words."""

    kind: Literal["repeated"]
    category: Name | None = None
    """Demands of this category; None = any demand that no other rule counts, compared by its words (Japanese)."""
    ask_again_category: Name = "ask_again"
    """Category of the operator's requests to say it again; the answer to one is not counted."""
    hard_to_hear_category: Name = "hard_to_hear"
    """Category of a customer's remarks that they hear badly; never counted."""
    refusal_categories: tuple[Name, ...] = ("refusal",)
    """Categories by which the operator refuses a demand."""
    half_refusal_categories: tuple[Name, ...] = ("half_refusal",)
    """Categories that refuse only directly after a demand, and unless the operator goes on with an answer."""
    answer_categories: tuple[Name, ...] = ("offer",)
    """Categories of answers that are no refusal."""
    granted_category: Name = "granted"
    """Category by which the operator agrees; a demand that was granted begins anew."""
    answered_within_s: Positive = 20.0
    """Seconds after a demand within which a refusal answers it."""
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

    It holds when a demand was made `count` times within the window, or, once the operator refused it, in the whole call. What
    answers the operator's own question is not counted unless the customer insists, nor is one repetition of a polite
    request that was not refused.
    """

    def __init__(self, rule: RepeatedRule, facts: CallFacts) -> None:
        self._rule = rule
        self._facts = facts
        self._times: deque[_Time] = deque(maxlen=MOST_KEPT)
        self._refusals = DemandAnswers(rule)
        self._asked_s: float | None = None
        self._told: tuple[_Time, Severity] | None = None
        """The last time at which the rule held, and how severe it was."""

    def observe(self, observation: Observation) -> Finding | None:
        if not isinstance(observation, Spoken) or observation.provisional:
            return None
        utterance = observation.utterance
        if utterance.role is Role.OPERATOR:
            if has_category(observation, self._rule.ask_again_category):
                self._asked_s = utterance.end_s
            return self._answered(observation)
        if observation.demand is None and utterance.role is Role.MIXED:
            return self._answered(observation)
        time = self._time(observation)
        if time is None:
            return None
        if self._asked_s is not None:
            answers = utterance.end_s > self._asked_s and utterance.start_s - self._asked_s <= ANSWER_WITHIN_S
            self._asked_s = None
            if answers and not (time.demand is not None and time.demand.insists):
                return None
        self._times.append(time)
        return self._found(time)

    def _answered(self, spoken: Spoken) -> Finding | None:
        """Take an answer of the operator: what was reported is reported again with it."""
        if not self._refusals.answered(spoken) or self._told is None:
            return None
        time, severity = self._told
        return Finding(spoken.utterance.end_s, severity, (self._evidence(self._like(time)),))

    def _found(self, time: _Time) -> Finding | None:
        rule, now_s = self._rule, time.said.end_s
        like = self._like(time)
        recent = [each for each in like if each.said.end_s > now_s - rule.window_s]
        count = len(recent) - self._forgiven(recent)
        explained = len(like) >= rule.count and bool(self._refusals.of(each.made for each in like))
        if count < rule.count and not explained:
            return None
        self._facts.repetition = True
        self._facts.repetition_s = now_s
        severity = rule.severity
        if rule.critical_count and count >= rule.critical_count:
            severity = Severity.CRITICAL
        self._told = time, severity
        return Finding(now_s, severity, (*(each.said for each in recent), self._evidence(like)))

    def _evidence(self, like: list[_Time]) -> AnsweredEvidence:
        refusals = self._refusals.of(each.made for each in like)
        demand = like[-1].demand
        ends = (like[-1].said.end_s, *(each.end_s for each in refusals))
        return AnsweredEvidence(
            start_s=like[0].said.start_s,
            end_s=max(ends),
            demand=self._name(like[-1]),
            title={} if self._rule.category is not None or demand is None else dict(demand.title),
            count=len(like),
            times_s=tuple(each.said.start_s for each in like),
            refusals=refusals,
        )

    def _name(self, time: _Time) -> str | None:
        if self._rule.category is not None or time.demand is None:
            return self._rule.category
        return time.demand.name

    def _time(self, spoken: Spoken) -> _Time | None:
        """Return the demand of an utterance if this rule counts it; every demand may be the one that a refusal answers."""
        rule = self._rule
        if rule.category is not None:
            match = match_of(spoken, rule.category)
            if match is None and spoken.demand is None:
                return None
            made = self._refusals.demanded(spoken)
            return None if match is None else _Time(words_evidence(*match), spoken.demand, made)
        demand = spoken.demand
        if not from_customer(spoken.utterance.role):
            return None
        counted_elsewhere = has_category(spoken, *self._facts.counted_categories)
        if demand is None and not counted_elsewhere:
            return None
        made = self._refusals.demanded(spoken)
        if demand is None or counted_elsewhere:
            return None
        if not demand.groups and has_category(spoken, rule.hard_to_hear_category):
            return None
        if demand.refers:
            meant = next((each.demand for each in reversed(self._times) if self._means(demand, each)), None)
            if meant is None:
                return None
            demand = replace(meant, polite=demand.polite, insists=demand.insists)
        whole = Match("demand", spoken.utterance.text)
        return _Time(words_evidence(spoken.utterance, whole), demand, made)

    @staticmethod
    def _means(demand: Demand, time: _Time) -> bool:
        """Return whether a demand that names nothing means this one: it insists, or has its verb."""
        return demand.insists or (time.demand is not None and time.demand.verb == demand.verb)

    def _like(self, time: _Time) -> list[_Time]:
        """Return the times at which the same was demanded, and not granted, in their order."""
        same = self._same_as(time)
        granted = [number for number, each in enumerate(same) if self._refusals.granted(each.made)]
        return same[granted[-1] + 1 :] if granted and granted[-1] + 1 < len(same) else same

    def _same_as(self, time: _Time) -> list[_Time]:
        """Return the like demands; of one that is known by its words also those that are like one of these."""
        demand = time.demand
        if self._rule.category is not None or demand is None:
            return list(self._times)
        direct = [each for each in self._times if each.demand is not None and each.demand.is_like(demand)]
        if demand.groups:
            return direct
        wordy = [each.demand for each in direct if each.demand is not None]
        return [
            each
            for each in self._times
            if each.demand is not None and any(each.demand.is_like(one) for one in wordy)
        ]

    @staticmethod
    def _forgiven(same: list[_Time]) -> int:
        polite = sum(
            each.demand is not None and each.demand.polite and not each.demand.insists for each in same
        )
        return 1 if polite > 1 else 0
