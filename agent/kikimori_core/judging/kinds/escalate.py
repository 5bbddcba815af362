"""Operator's button: a person asks for help, which needs no further proof."""

from __future__ import annotations

from typing import ClassVar, Literal

from kikimori_core.judging.kinds.detector import CallFacts, Detector, Finding, Observation
from kikimori_core.judging.kinds.rule import Rule
from kikimori_core.model.alert import Severity
from kikimori_core.model.evidence import ButtonPress
from kikimori_core.wire.messages import ButtonEvidence


class EscalateRule(Rule):
    """The operator asks for help."""

    by_button: ClassVar[bool] = True

    kind: Literal["escalate"]
    severity: Severity = Severity.CRITICAL

    def detector(self, facts: CallFacts) -> Detector:  # noqa: ARG002  (needs nothing of other rules)
        return EscalateDetector(self)


class EscalateDetector(Detector):
    def __init__(self, rule: EscalateRule) -> None:
        self._rule = rule

    def observe(self, observation: Observation) -> Finding | None:
        if not isinstance(observation, ButtonPress):
            return None
        evidence = ButtonEvidence(
            start_s=round(observation.start_s, 2),
            end_s=round(observation.start_s, 2),
            source=observation.source,
            pressed_by=observation.pressed_by,
            reason=observation.reason,
            comment=observation.comment,
        )
        return Finding(observation.start_s, self._rule.severity, (evidence,))
