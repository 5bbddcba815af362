"""The operator's button: a person asks for help, and that needs no further proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.judging.kinds.detector import Detector, Finding, Observation
from kikimori.model.evidence import ButtonPress
from kikimori_wire.messages import ButtonEvidence

if TYPE_CHECKING:
    from kikimori.judging.rules import EscalateRule


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
        )
        return Finding(observation.start_s, self._rule.severity, (evidence,))
