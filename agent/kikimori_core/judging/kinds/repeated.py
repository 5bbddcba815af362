"""The same demand again and again within a window: one of a category in any words, or any demand in like words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from pydantic import Field

from kikimori_core.judging.demands.evidence import answered_evidence, claims, forgiven, presses, recent
from kikimori_core.judging.demands.of_call import CallDemands
from kikimori_core.judging.demands.refused import TAKEN_BACK, RefusedDemands
from kikimori_core.judging.kinds.detector import CallFacts, Detector, Finding, Observation, Spoken
from kikimori_core.judging.kinds.rule import AccommodatedRule, Name, Positive
from kikimori_core.model.alert import Severity

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from kikimori_core.judging.demands.times import DemandTime


class AnswerRule(AccommodatedRule):
    """Settings by which a customer's demands and the operator's answers are told."""

    like_demands: tuple[Name, ...] = ("connect-person",)
    """Known demands that may go on with one of a category that a rule counts: 同じでもいいから代わって."""
    ask_again_category: Name = "ask_again"
    """Category of the operator's requests to say it again; the answer to one is not counted."""
    hard_to_hear_category: Name = "hard_to_hear"
    """Category of a customer's remarks that they hear badly; never counted."""
    refusal_categories: tuple[Name, ...] = ("refusal",)
    """Categories by which the operator refuses a demand."""
    half_refusal_categories: tuple[Name, ...] = ("half_refusal", "denial")
    """Categories that refuse only directly after a demand, and unless the operator goes on with an answer."""
    no_room_category: Name = "no_room"
    """Category of half refusals for want of room: what is asked politely after one may be the next choice."""
    statement_categories: tuple[Name, ...] = ("statement",)
    """Categories that refuse only before the customer says anything else."""
    answer_categories: tuple[Name, ...] = ("offer",)
    """Categories of answers that are no refusal."""
    listening_category: Name = "listening"
    """Category by which the operator offers to listen; it refuses nothing unless one that refuses stands beside it."""
    granted_category: Name = "granted"
    """Category by which the operator agrees; a demand that was granted begins anew."""
    answered_within_s: Positive = 20.0
    """Seconds after a demand within which a refusal answers it."""

    def reads_as(self) -> Hashable:
        """Return these settings: rules for which they are equal share what they are told of a call."""
        names = AnswerRule.model_fields.keys() - AccommodatedRule.model_fields.keys()
        return tuple(getattr(self, name) for name in sorted(names))


class RepeatedRule(AnswerRule):
    """The same demand again and again, in whatever words."""

    kind: Literal["repeated"]
    category: Name | None = None
    """Demands of this category; None = any demand that no other rule counts, compared by its words (Japanese)."""
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


class _Told(NamedTuple):
    """Demand as it was told last."""

    time: DemandTime
    """The last time at which the rule held."""
    severity: Severity
    made: int
    """Number of times that it was made."""


class RepeatedDetector(Detector):
    """Counts utterances, not words: 「代われ、代われ」 in one breath is one demand.

    It holds when a demand was made `count` times within the window, or, once the operator refused it, in the whole call. What
    answers the operator's own question is not counted unless the customer insists, nor is one repetition of a polite
    request that was not refused.
    """

    def __init__(self, rule: RepeatedRule, facts: CallFacts) -> None:
        self._rule = rule
        self._facts = facts
        settings = rule.reads_as()
        if settings not in facts.demands:
            facts.demands[settings] = CallDemands(rule, facts)
        self._demands = facts.demands[settings]
        self._answers, self._times = self._demands.answers, self._demands.times
        self._refused = RefusedDemands(rule, facts, self._demands)
        self._told: _Told | None = None

    def observe(self, observation: Observation) -> Finding | None:
        if not isinstance(observation, Spoken) or observation.provisional:
            return None
        taken = self._demands.take(observation)
        if taken is None:
            return None
        now_s = observation.utterance.end_s
        found = self._refused.found(now_s, agreed=taken.agreed)
        if found is not None:
            return found
        if taken.answers:
            return self._answered(now_s, agreed=taken.agreed) if taken.changed else None
        time = taken.time
        return self._found(time) if time is not None and self._counts(time) else None

    def _answered(self, now_s: float, *, agreed: bool) -> Finding | None:
        """Tell again with its answer what was told before; tell what holds by the answer alone."""
        if self._told is None:
            last = self._times.last
            refused = last is not None and self._counts(last) and self._answers.refused(last.made)
            return self._found(last) if refused and last is not None else None
        told = self._told
        like = self._times.like(told.time, self._rule.category)
        if self._refused.decide(like):
            return None
        evidence = answered_evidence(like, self._answers, self._rule.category)
        if len(like) >= told.made:
            return Finding(now_s, told.severity, (evidence,))
        if not agreed:
            # Made again after the operator agreed: it begins anew, and is told when the rule holds.
            return None
        severity = self._severity(like, now_s)
        if severity is None:
            severity = TAKEN_BACK
            self._facts.repetitions.take_back(self._rule.category, evidence)
        self._told = _Told(told.time, severity, len(like))
        return Finding(now_s, severity, (evidence,), lowers=True)

    def _counts(self, time: DemandTime) -> bool:
        """Return whether this rule counts an occurrence: of its category, or beside others any with a known demand."""
        if self._rule.category is not None:
            return time.category == self._rule.category
        return time.category is None or (time.demand is not None and bool(time.demand.firm))

    def _found(self, time: DemandTime) -> Finding | None:
        rule, now_s = self._rule, time.said.end_s
        like = self._times.like(time, rule.category)
        if self._refused.decide(like):
            return None
        severity = self._severity(like, now_s)
        if severity is None:
            return None
        self._told = _Told(time, severity, len(like))
        evidence = answered_evidence(like, self._answers, rule.category)
        self._facts.repetitions.add(rule.category, evidence, now_s)
        self._refused.told_by_words(like, evidence)
        said = (each.said for each in recent(like, now_s, rule.window_s))
        return Finding(now_s, severity, (*said, evidence))

    def _severity(self, like: Sequence[DemandTime], now_s: float) -> Severity | None:
        """Return how severe it is that the same was demanded at these times; None = not often enough."""
        rule = self._rule
        newest = recent(like, now_s, rule.window_s)
        count = len(newest) - forgiven(newest)
        # A polite request after want of room may be a booking's next choice: only a refusal makes it the same again.
        half = presses(like, rule.category)
        refused = any(self._answers.refused(each.made, half=half) for each in like)
        explained = len(like) >= rule.count and refused
        if not like or (count < rule.count and not explained):
            return None
        if not refused and not claims(like, rule.category):
            return None
        if count < rule.count and self._refused.doubts(like):
            return None
        return Severity.CRITICAL if rule.critical_count and count >= rule.critical_count else rule.severity
