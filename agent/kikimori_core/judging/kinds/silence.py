"""Silence: a call in which nobody speaks, or a caller who never says a word."""

from __future__ import annotations

from typing import Literal

from kikimori_core.judging.kinds.detector import (
    CallFacts,
    Detector,
    Finding,
    Observation,
    from_customer,
    speech_in,
)
from kikimori_core.judging.kinds.rule import AccommodatedRule, Positive
from kikimori_core.model.alert import Severity
from kikimori_core.wire.messages import SilenceEvidence

AGAIN_EVERY_S = 30.0
"""Interval in s between findings of a silence that goes on, which also keep its alert open."""


class SilenceRule(AccommodatedRule):
    """Silence of both parties, or of the customer."""

    kind: Literal["silence"]
    severity: Severity = Severity.NOTICE
    who: Literal["customer", "both"] = "both"
    after_s: Positive = 180.0
    from_the_start: bool = False
    """True = only a silence that has lasted since the call began: a silent call."""

    def detector(self, facts: CallFacts) -> Detector:  # noqa: ARG002  (needs nothing of other rules)
        return SilenceDetector(self)


class SilenceDetector(Detector):
    def __init__(self, rule: SilenceRule) -> None:
        self._rule = rule
        self._since_s = 0.0
        self._told_s: float | None = None
        self._spoke = False

    def observe(self, observation: Observation) -> Finding | None:
        speech = speech_in(observation)
        if speech is not None and (self._rule.who == "both" or from_customer(speech.role)):
            self._spoke = True
            self._since_s = max(self._since_s, speech.end_s)
            self._told_s = None
        return None

    def advance(self, now_s: float) -> Finding | None:
        silent_s = now_s - self._since_s
        if silent_s < self._rule.after_s or (self._rule.from_the_start and self._spoke):
            return None
        if self._told_s is not None and now_s - self._told_s < AGAIN_EVERY_S:
            return None
        self._told_s = now_s
        evidence = SilenceEvidence(
            start_s=round(self._since_s, 2),
            end_s=round(now_s, 2),
            who=self._rule.who,
            silent_s=round(silent_s, 2),
        )
        return Finding(now_s, self._rule.severity, (evidence,))
