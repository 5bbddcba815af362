"""The call does not end: time since it began, or since the operator refused while the customer goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.judging.kinds.detector import (
    CallFacts,
    Detector,
    Finding,
    Observation,
    from_customer,
    speech_in,
)
from kikimori.judging.kinds.phrase import match_of
from kikimori_wire.messages import DurationEvidence

if TYPE_CHECKING:
    from kikimori.judging.rules import DetentionRule, DetentionStep


class DetentionDetector(Detector):
    """One finding per step, when its time has come and its condition holds."""

    def __init__(self, rule: DetentionRule, facts: CallFacts) -> None:
        self._rule = rule
        self._facts = facts
        self._steps = list(rule.steps)
        self._since_s: float | None = 0.0 if rule.since == "call_start" else None
        self._quote: str | None = None
        self._customer_spoke_s: float | None = None

    def observe(self, observation: Observation) -> Finding | None:
        refusal = next(
            (found for each in self._rule.refusal_categories if (found := match_of(observation, each))), None
        )
        if refusal is not None and self._facts.refused_s is None:
            self._facts.refused_s = refusal[0].end_s
        if self._rule.since == "refusal":
            if refusal is not None and self._since_s is None:
                # The first refusal starts the clock: saying it again kindly must not give the customer more time.
                self._since_s = refusal[0].end_s
                self._quote = refusal[0].text
            spoke_s = _customer_speech_end(observation)
            if spoke_s is not None:
                self._customer_spoke_s = spoke_s
        return None

    def advance(self, now_s: float) -> Finding | None:
        if self._since_s is None or not self._steps:
            return None
        elapsed = now_s - self._since_s
        if elapsed < self._steps[0].after_s or not self._still_going_on(now_s):
            return None
        # A step whose condition does not hold must not keep a later one back: an hour is an hour.
        due = [
            number
            for number, step in enumerate(self._steps)
            if elapsed >= step.after_s and self._condition_holds(step)
        ]
        if not due:
            return None
        step = self._steps[due[-1]]
        del self._steps[: due[-1] + 1]
        evidence = DurationEvidence(
            start_s=round(self._since_s, 2),
            end_s=round(now_s, 2),
            since=self._rule.since,
            elapsed_s=round(elapsed, 2),
            threshold_s=step.after_s,
            quote=self._quote,
        )
        return Finding(now_s, step.severity, (evidence,))

    def _still_going_on(self, now_s: float) -> bool:
        if self._rule.since == "call_start":
            return True
        spoke = self._customer_spoke_s
        return (
            spoke is not None
            and self._since_s is not None
            and spoke > self._since_s
            and now_s - spoke <= self._rule.still_talking_s
        )

    def _condition_holds(self, step: DetentionStep) -> bool:
        if not step.only_with or not self._facts.words_heard:
            return True
        return ("repetition" in step.only_with and self._facts.repetition) or (
            "refusal" in step.only_with and self._facts.refused_s is not None
        )


def _customer_speech_end(observation: Observation) -> float | None:
    speech = speech_in(observation)
    return speech.end_s if speech is not None and from_customer(speech.role) else None
