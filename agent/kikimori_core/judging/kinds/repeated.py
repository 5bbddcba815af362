"""The same demand again and again within a window: one of a category in any words, or any demand in like words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from kikimori_core.judging.acts.weights import demands
from kikimori_core.judging.demands.answers import DemandAnswers, MadeDemand
from kikimori_core.judging.demands.evidence import answered_evidence, forgiven
from kikimori_core.judging.demands.refused import RefusedDemands
from kikimori_core.judging.demands.times import DemandTime, DemandTimes
from kikimori_core.judging.kinds.detector import (
    CallFacts,
    Detector,
    Finding,
    Observation,
    Spoken,
    from_customer,
)
from kikimori_core.judging.kinds.phrase import has_category, words_evidence
from kikimori_core.judging.kinds.rule import AccommodatedRule, Name, Positive
from kikimori_core.judging.phrases import Match
from kikimori_core.model.alert import Severity
from kikimori_core.model.evidence import Role

if TYPE_CHECKING:
    from kikimori_core.judging.words.demands import Demand
    from kikimori_core.model.evidence import Utterance
    from kikimori_core.wire.messages import WordsEvidence

ANSWER_WITHIN_S = 12.0
"""Seconds after the operator's request to repeat in which an utterance is the answer to it."""


class RepeatedRule(AccommodatedRule):
    """The same demand again and again, in whatever words."""

    kind: Literal["repeated"]
    category: Name | None = None
    """Demands of this category; None = any demand that no other rule counts, compared by its words (Japanese)."""
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
        self._refusals = DemandAnswers(rule)
        self._times = DemandTimes(self._refusals, rule.like_demands)
        self._turns = RefusedDemands(rule, facts, self._refusals)
        self._asked_s: float | None = None
        self._told: tuple[DemandTime, Severity] | None = None
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
        self._refusals.said_other()
        made = self._made(observation)
        if made is None:
            self._turns.said(observation)
            return self._turns.found(utterance.end_s)
        if self._says_again(utterance, made[1]):
            self._turns.left_out()
            return None
        self._turns.said(observation, made[2])
        time = self._times.add(*made)
        found = self._turns.found(utterance.end_s)
        return self._found(time) if found is None and self._counts(time) else found

    def _says_again(self, utterance: Utterance, demand: Demand | None) -> bool:
        """Return whether a demand answers the operator's request to say it again."""
        if self._asked_s is None:
            return False
        answers = utterance.end_s > self._asked_s and utterance.start_s - self._asked_s <= ANSWER_WITHIN_S
        self._asked_s = None
        return answers and not (demand is not None and demand.insists)

    def _answered(self, spoken: Spoken) -> Finding | None:
        """Take an answer of the operator: what was reported is reported again with it."""
        self._turns.answers(spoken)
        changed = self._refusals.answered(spoken)
        found = self._turns.found(spoken.utterance.end_s)
        if not changed or found is not None:
            return found
        if self._told is None:
            last = self._times.last
            refused = last is not None and self._counts(last) and self._refusals.refused(last.made)
            return self._found(last) if refused and last is not None else None
        time, severity = self._told
        like = self._times.like(time, self._rule.category)
        if self._turns.decide(like):
            return None
        return Finding(
            spoken.utterance.end_s, severity, (answered_evidence(like, self._refusals, self._rule.category),)
        )

    def _counts(self, time: DemandTime) -> bool:
        """Return whether this rule counts an occurrence: of its category, or beside others any with a known demand."""
        if self._rule.category is not None:
            return time.category == self._rule.category
        return time.category is None or (time.demand is not None and bool(time.demand.firm))

    def _found(self, time: DemandTime) -> Finding | None:
        rule, now_s = self._rule, time.said.end_s
        like = self._times.like(time, rule.category)
        if self._turns.decide(like):
            return None
        recent = [each for each in like if each.said.end_s > now_s - rule.window_s]
        count = len(recent) - forgiven(recent)
        # A polite request after want of room may be a booking's next choice: only a refusal makes it the same again.
        half = rule.category is not None or any(
            each.demand is not None and (not each.demand.polite or each.demand.insists) for each in like
        )
        explained = len(like) >= rule.count and any(
            self._refusals.refused(each.made, half=half) for each in like
        )
        if not like or (count < rule.count and not explained):
            return None
        if count < rule.count and self._turns.doubts(like):
            return None
        self._facts.repetition = True
        self._facts.repetition_s = now_s
        severity = rule.severity
        if rule.critical_count and count >= rule.critical_count:
            severity = Severity.CRITICAL
        self._told = time, severity
        evidence = answered_evidence(like, self._refusals, rule.category)
        self._turns.told_by_words(like, evidence)
        return Finding(now_s, severity, (*(each.said for each in recent), evidence))

    def _made(self, spoken: Spoken) -> tuple[WordsEvidence, Demand | None, MadeDemand, str | None] | None:
        """Return the demand of an utterance, with the category of another rule or of this one; every demand may be the one that a refusal answers."""
        rule, demand = self._rule, spoken.demand
        if not from_customer(spoken.utterance.role):
            return None
        counted = {*self._facts.counted_categories, *rule.categories()}
        match = next((each for each in spoken.matches if each.category in counted), None)
        if match is not None and spoken.demanding is not None:
            # 取引先の社長が来るんだよ names a superior, and demands none.
            match = match if demands(spoken.demanding, listed=True, known=True) else None
        if demand is None and match is None:
            return None
        made = self._refusals.demanded(spoken)
        if match is not None:
            return words_evidence(spoken.utterance, match), demand, made, match.category
        if demand is None or (not demand.groups and has_category(spoken, rule.hard_to_hear_category)):
            return None
        if demand.refers:
            demand = self._times.meant(demand) or demand
            if demand.refers and not demand.verb and self._times.tied(demand, made) is None:
                return None
        whole = Match("demand", spoken.utterance.text)
        return words_evidence(spoken.utterance, whole), demand, made, None
