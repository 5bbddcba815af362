"""The call does not end: time since it began, or since the operator refused while the customer goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.judging.kinds.detector import CallFacts, Detector, Finding, Observation
from kikimori.judging.kinds.refusal_clock import RefusalClock
from kikimori_wire.messages import DurationEvidence

if TYPE_CHECKING:
    from kikimori.judging.rules import DetentionRule, DetentionStep


class DetentionDetector(Detector):
    """One finding per step, when its time has come and its condition holds."""

    def __init__(self, rule: DetentionRule, facts: CallFacts) -> None:
        self._rule = rule
        self._facts = facts
        self._steps = list(rule.steps)
        self._clock = RefusalClock(rule)

    def observe(self, observation: Observation) -> Finding | None:
        if self._clock.observe(observation) and self._rule.since == "refusal":
            self._steps = list(self._rule.steps)
        return None

    def advance(self, now_s: float) -> Finding | None:
        since_s = 0.0 if self._rule.since == "call_start" else self._clock.since_s
        if since_s is None or not self._steps:
            return None
        elapsed = now_s - since_s
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
            start_s=round(since_s, 2),
            end_s=round(now_s, 2),
            since=self._rule.since,
            elapsed_s=round(elapsed, 2),
            threshold_s=step.after_s,
            quote=self._clock.quote if self._rule.since == "refusal" else None,
        )
        return Finding(now_s, step.severity, (evidence,))

    def _still_going_on(self, now_s: float) -> bool:
        if self._rule.since == "call_start":
            return True
        clock = self._clock
        spoke, since = clock.spoke_s, clock.since_s
        return (
            clock.runs
            and spoke is not None
            and since is not None
            and spoke > since
            and now_s - spoke <= self._rule.still_talking_s
        )

    def _condition_holds(self, step: DetentionStep) -> bool:
        if not step.only_with or not self._facts.words_heard:
            return True
        return ("repetition" in step.only_with and self._facts.repetition) or (
            "refusal" in step.only_with and self._clock.runs
        )
